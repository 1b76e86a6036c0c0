"""Text to token ids and back, with the model's own chat template; it needs neither torch nor transformers.

Control tokens come from the chat template alone. Where a text contains the letters of one (`<|im_start|>`), they are
encoded as letters, so that no message, passage or persona can open a turn of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from chatbot.errors import ModelError
from chatbot.prompts import Message

# Around the number of a control token's letters while a template is rendered: a code point that no text may contain.
MARK = "\ufdd0"


@dataclass(frozen=True)
class _Part:
    """A part of a text with its token ids, and whether it reads like a control token."""

    text: str
    ids: tuple[int, ...]
    is_control: bool = False


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
        # Words and runs of spaces that were added to a vocabulary are ordinary text.
        self._control = {
            number: token.content
            for number, token in self._tokenizer.get_added_tokens_decoder().items()
            if token.special or token.content[:1] in "<["
        }
        self._parts = lru_cache(maxsize=1024)(self._split)  # a conversation's earlier turns are encoded every time

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation up to the beginning of the assistant's next turn, shape (tokens,).

        Raises:
            ModelError: the model has no chat template, or its template refuses the conversation.
        """
        letters: list[_Part] = []

        def masked(text: str) -> str:
            """The text with the letters of control tokens out of the template's and the tokenizer's sight."""
            shown = ""
            for part in self._parts(text.replace(MARK, "")):
                shown += f"{MARK}{len(letters)}{MARK}" if part.is_control else part.text
                letters.extend([part] if part.is_control else [])
            return shown

        dicts = [{"role": message.role, "content": masked(message.content)} for message in messages]
        rendered = self._template.render(messages=dicts, add_generation_prompt=True, **self._special_tokens)
        ids: list[int] = []
        for at, part in enumerate(re.split(f"{MARK}(\\d+){MARK}", rendered)):
            ids += letters[int(part)].ids if at % 2 else self._encoding(part).ids
        return ids

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens around it or in it, shape (tokens,)."""
        return [number for part in self._parts(text) for number in part.ids]

    def _encoding(self, text: str) -> Any:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _split(self, text: str) -> tuple[_Part, ...]:
        """A text cut where the tokenizer sees a control token in it."""
        encoding = self._encoding(text)
        if self._control.keys().isdisjoint(encoding.ids):
            return (_Part(text, tuple(encoding.ids)),)
        parts, done = [], 0
        for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            letters = text[start:end]
            # A vocabulary without bytes has a token for unknown characters, which are text.
            if number in self._control and (number != self._unknown or letters.strip() == self._control[number]):
                before = text[done:start]
                parts += [
                    _Part(before, tuple(self._encoding(before).ids)),
                    _Part(letters, self._spelled(letters), True),
                ]
                done = end
        return (*parts, _Part(text[done:], tuple(self._encoding(text[done:]).ids)))

    def _spelled(self, letters: str) -> tuple[int, ...]:
        """The ids of a control token's letters: without its first one it is no control token any more."""
        first = tuple(self._encoding(letters[:1]).ids)
        return (*first, *self.encode(letters[1:])) if letters[1:] else first

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
    def end(self) -> int:
        """The token that ends a reply in training.

        Raises:
            ModelError: the model names none.
        """
        number = self._tokenizer.token_to_id(self._special_tokens["eos_token"])
        if number is None:
            raise ModelError(f"{self._folder / 'tokenizer_config.json'} names no eos_token. Choose another model.")
        return int(number)

    @cached_property
    def _unknown(self) -> int | None:
        """The token of what the vocabulary cannot write."""
        return self._tokenizer.token_to_id(self._special_tokens["unk_token"])

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
