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

    Gives the same ids as transformers' own (a test holds them against each other), in a twentieth of the time to
    load: a server that starts need not import transformers.

    Args:
        folder: in transformers' layout: `tokenizer.json`, and the chat template in a file of its own or in
            `tokenizer_config.json`.

    Raises:
        ModelError: one of them is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._folder = folder
        file = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(
                f"{file} cannot be read: {error}. A model needs its tokenizer in this form (`save_pretrained` of a "
                "fast tokenizer writes it); a converted one is made anew when its folder is removed."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation, shape (tokens,), the assistant's turn opened at the end."""
        dicts = [{"role": message.role, "content": message.content} for message in messages]
        return self.encode(self._template.render(messages=dicts, add_generation_prompt=True, **self._marks))

    def encode(self, text: str) -> list[int]:
        """Token ids of a text as it stands, shape (tokens,)."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids, without special tokens."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    @cached_property
    def _stated(self) -> dict[str, Any]:
        try:
            stated = json.loads((self._folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ModelError(f"{self._folder / 'tokenizer_config.json'} cannot be read: {error}.") from error
        return stated if isinstance(stated, dict) else {}

    @cached_property
    def _marks(self) -> dict[str, str]:
        """What templates call `bos_token` and so on."""
        marks = {}
        for name in ("bos_token", "eos_token", "pad_token", "unk_token"):
            token = self._stated.get(name)
            marks[name] = token["content"] if isinstance(token, dict) else (token or "")
        return marks

    @cached_property
    def _template(self) -> Any:
        from jinja2 import TemplateError
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        file = self._folder / "chat_template.jinja"
        source = file.read_text(encoding="utf-8") if file.is_file() else self._stated.get("chat_template")
        if not isinstance(source, str):
            raise ModelError(f"The model in {self._folder} has no chat template; choose one that was tuned to chat.")

        def refuse(message: str) -> None:
            raise ModelError(f"The model's chat template refuses this conversation: {message}")

        # The environment that chat templates are written for (transformers, "Writing a chat template").
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.globals["raise_exception"] = refuse
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        try:
            return environment.from_string(source)
        except TemplateError as error:
            raise ModelError(f"The chat template of {self._folder} has mistakes: {error}.") from error
