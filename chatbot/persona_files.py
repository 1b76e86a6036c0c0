"""The personas of a running process, read again when their files were changed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import PersonaError
from chatbot.files import file_stamp
from personas import LoadedPersona, load_persona

logger = logging.getLogger(__name__)

Stamp = tuple[tuple[int, ...], ...]

FILE = "persona.yaml"
CALIBRATION = "calibration.json"
ADAPTERS = (
    *(
        f"{adapter}/{name}"
        for adapter in ("retriever", "reranker", "support", "matcher", "selector")
        for name in ("adapter_config.json", "adapter_model.safetensors")
    ),
    "support/threshold.json",
    "selector/weights.json",
    "tone.npz",
)


@dataclass(frozen=True)
class _Read:
    loaded: LoadedPersona
    stamp: Stamp


class PersonaFiles:
    """Personas by id; each is read when it is first asked for, and again when its file was changed.

    A file that has mistakes after a change is left aside until they are corrected: the persona stays as it was, and the
    log says why, once for each change.

    Args:
        own: a folder of personas that go before the built-in ones of the same ids; None: there is none.
    """

    def __init__(self, own: Path | None) -> None:
        self._own = own
        self._read: dict[str, _Read] = {}

    def persona(self, persona_id: str) -> LoadedPersona:
        """The persona as its file is now.

        Raises:
            PersonaError: there is none, or its file had mistakes from the beginning.
        """
        known = self._read.get(persona_id)
        stamp = self._stamp(persona_id, known)
        if known is not None and known.stamp == stamp:
            return known.loaded
        try:
            loaded = load_persona(persona_id, self._own)
        except PersonaError as error:
            if known is None or not (known.loaded.folder / FILE).is_file():
                self._read.pop(persona_id, None)
                raise
            logger.warning("%s It stays as it was before the change.", error)
            loaded = known.loaded
        read = _Read(loaded, stamp)
        if known is None or known.loaded.folder != loaded.folder:
            read = _Read(loaded, self._stamp(persona_id, read))
        self._read[persona_id] = read
        return loaded

    def adapters(self, persona_id: str) -> Stamp:
        """Changes when an adapter of the persona's encoders does."""
        folder = self.persona(persona_id).folder
        return tuple(file_stamp(folder / name) for name in ADAPTERS)

    def search(self, persona_id: str) -> tuple[object, ...]:
        """Changes when anything changes that the persona's searches are made with."""
        loaded = self.persona(persona_id)
        return loaded, self.adapters(persona_id), file_stamp(loaded.folder / CALIBRATION)

    def _stamp(self, persona_id: str, known: _Read | None) -> Stamp:
        folders = [known.loaded.folder] if known is not None else []
        folders += [self._own / persona_id] if self._own is not None else []
        return tuple(file_stamp(folder / FILE) for folder in folders)
