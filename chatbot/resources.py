"""What every turn shares and is opened once: the engine, the embedder, the libraries, the memory, the personas."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import LibraryError
from chatbot.settings import Settings, get_settings
from memory import Memory
from personas import LoadedPersona, load_persona

if TYPE_CHECKING:
    from chatbot.engines.types import Engine
    from chatbot.library.embedder import Embedder
    from chatbot.library.search import Library

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


class Resources:
    """Opened when they are first needed, closed together.

    Args:
        settings: the process's own by default.
        engine: another engine than the settings name (tests, a remote server).
        say: told what is being done when it takes more than a moment.
    """

    def __init__(
        self, settings: Settings | None = None, *, engine: Engine | None = None, say: Say = lambda _: None
    ) -> None:
        self.settings = settings or get_settings()
        self._given_engine = engine
        self._say = say
        self._personas: dict[str, LoadedPersona] = {}
        self._libraries: dict[str, tuple[float, Library]] = {}
        self._lock = threading.Lock()

    @cached_property
    def engine(self) -> Engine:
        """The one owner of the model."""
        if self._given_engine is not None:
            return self._given_engine
        from chatbot.engine_choice import open_engine

        return open_engine(self.settings, self._say)

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder that questions and passages share."""
        from chatbot.library.embedder import Embedder

        settings = self.settings
        cache = settings.models_dir if settings.device in ("auto", "cpu") else None
        return Embedder(settings.embedder, settings.threads, cache=cache, say=self._say)

    @cached_property
    def memory(self) -> Memory:
        """The database of conversations.

        Raises:
            MemoryStoreError: it cannot be opened.
        """
        return Memory(self.settings.memory_url)

    def persona(self, persona_id: str) -> LoadedPersona:
        """A persona, read once.

        Raises:
            PersonaError: there is none, or its file has mistakes.
        """
        with self._lock:
            if persona_id not in self._personas:
                self._personas[persona_id] = load_persona(persona_id, self.settings.personas)
            return self._personas[persona_id]

    def library_folder(self, persona_id: str) -> Path:
        """Where the library of a persona lies."""
        return self.settings.library_dir / persona_id

    def library(self, persona_id: str) -> Library:
        """The library of a persona; opened again when it was built anew.

        Raises:
            LibraryError: there is none yet, it is damaged, or another embedder built it.
        """
        from chatbot.library.store import MANIFEST

        folder = self.library_folder(persona_id)
        manifest = folder / MANIFEST
        stamp = manifest.stat().st_mtime if manifest.is_file() else 0.0
        with self._lock:
            known = self._libraries.get(persona_id)
            if known and known[0] == stamp:
                return known[1]
            library = self._open_library(persona_id, folder)
            self._libraries[persona_id] = (stamp, library)
            return library

    def _open_library(self, persona_id: str, folder: Path) -> Library:
        from chatbot.library.confidence import FILE, Calibration
        from chatbot.library.search import Library
        from chatbot.search_models import SearchModels, plans_of

        loaded = self._personas.get(persona_id) or load_persona(persona_id, self.settings.personas)
        return Library(
            folder,
            self.embedder,
            self.settings.chroma_url,
            models=SearchModels(self.settings, loaded, lambda: self.engine, self._say).models(),
            plans=plans_of(loaded),
            calibration=Calibration.read(loaded.folder / FILE),
            persona=loaded.persona.name,
        )

    def prepare(self, persona_id: str, on_progress: Progress = lambda done, total: None) -> None:
        """Make a fresh install ready: convert the model and build the casebook's library, where they are missing.

        Raises:
            BakerStreetError: something is missing; the message says what to do.
        """
        from chatbot.library.build import build_library
        from chatbot.library.store import read_manifest

        loaded = self.persona(persona_id)
        folder = self.library_folder(persona_id)
        manifest = read_manifest(folder)
        if manifest is None or not manifest.complete:
            self._say(f"Building the library of {loaded.persona.name} from his casebook (once) ...")
            build_library(loaded, folder, self.embedder, chroma_url=self.settings.chroma_url, on_progress=on_progress)

    def warm(self, persona_id: str) -> None:
        """Load everything a first question needs, so that it does not wait for it."""
        loaded = self.persona(persona_id)
        try:
            self.library(persona_id).warm()
        except LibraryError as error:
            self._say(str(error))
        voice = loaded.voice
        self.engine.warm([voice] if voice and voice.is_dir() else [])

    def close(self) -> None:
        """Give everything back."""
        if "engine" in self.__dict__:
            self.engine.close()
        if "memory" in self.__dict__:
            self.memory.close()
