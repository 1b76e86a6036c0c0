"""Text to token ids and back, with the model's own chat template; it needs neither torch nor transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from chatbot.errors import ModelError
from chatbot.prompts import Message


class ChatTokenizer:
    """The tokenizer of a model's folder.

    It gives the same ids as transformers' own (a test compares them) and loads in a twentieth of the time, because
    transformers need not be imported.

    Args:
        folder: in transformers' layout: `tokenizer.json`, and the chat template in `chat_template.jinja` or in
            `tokenizer_config.json`.

    Raises:
        ModelError: a file is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._folder = folder
        file = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(
                f"{file} cannot be read: {error}. A model needs a fast tokenizer's file (`save_pretrained` writes it). "
                "If this folder was converted by Baker Street, remove it and it is made again."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation up to the beginning of the assistant's next turn, shape (tokens,).

        Raises:
            ModelError: the model has no chat template, or its template refuses the conversation.
        """
        dicts = [{"role": message.role, "content": message.content} for message in messages]
        return self.encode(self._template.render(messages=dicts, add_generation_prompt=True, **self._special_tokens))

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens around it, shape (tokens,)."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids, without special tokens."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    @cached_property
    def _config(self) -> dict[str, Any]:
        try:
            config = json.loads((self._folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ModelError(f"{self._folder / 'tokenizer_config.json'} cannot be read: {error}.") from error
        return config if isinstance(config, dict) else {}

    @cached_property
    def _special_tokens(self) -> dict[str, str]:
        """The texts that chat templates know as `bos_token` and so on."""
        texts = {}
        for name in ("bos_token", "eos_token", "pad_token", "unk_token"):
            token = self._config.get(name)
            texts[name] = token["content"] if isinstance(token, dict) else (token or "")
        return texts

    @cached_property
    def _template(self) -> Any:
        from jinja2 import TemplateError
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        file = self._folder / "chat_template.jinja"
        source = file.read_text(encoding="utf-8") if file.is_file() else self._config.get("chat_template")
        if not isinstance(source, str):
            raise ModelError(
                f"The model in {self._folder} has no chat template. Choose a model that was tuned to chat."
            )

        def refuse(message: str) -> None:
            raise ModelError(f"The model's chat template refuses this conversation: {message}")

        # The environment that chat templates are written for (transformers, "Writing a chat template").
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.globals["raise_exception"] = refuse
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        try:
            return environment.from_string(source)
        except TemplateError as error:
            raise ModelError(f"The chat template of {self._folder} is not valid: {error}.") from error


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences share from their beginning."""
    differing = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))
