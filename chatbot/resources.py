"""What every turn shares and is opened once: the engine, the embedder, the libraries, the memory, the personas."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.attendance import Attendance
from chatbot.deducing import Deductions, OpenedDeductions
from chatbot.errors import BakerStreetError, LibraryError, PersonaError
from chatbot.exchanges import Exchanges, OpenedExchanges
from chatbot.language import language_of
from chatbot.library_folders import LibraryFolders
from chatbot.persona_files import PersonaFiles
from chatbot.progress import Progress, Say
from chatbot.remembering import Remembering
from chatbot.settings import Settings, get_settings
from memory import Memory
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.engines import Engine
    from chatbot.library.encoders import Embedder
    from chatbot.library.index import Manifest
    from chatbot.library.search import Library
    from chatbot.search_models import SearchModels

logger = logging.getLogger(__name__)

SOON = 1_000  # passages that a command embeds before it goes on: some seconds
VISITORS = 64  # whose libraries stay open
BEHIND = 16  # passages that are embedded at once behind a page


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
        self._engine = engine
        self._opening = threading.Lock()
        self._say = say
        self._personas = PersonaFiles(self.settings.personas)
        self._searching: dict[str, tuple[object, SearchModels]] = {}
        self._exchanges = OpenedExchanges()
        self._deductions = OpenedDeductions()
        self._libraries: dict[str, tuple[tuple[object, ...], Library]] = {}
        self._visitors: dict[tuple[str, str], tuple[tuple[int, ...], Library, Library]] = {}  # the last used last
        self._folders = LibraryFolders(self.settings.library_dir, say)
        self._lock = threading.RLock()  # opening a library asks for its persona and its models
        self.attendance = Attendance(lambda persona_id: self.prepare(persona_id, behind=True))
        self._filling: dict[str, threading.Thread] = {}
        self._fill_errors: dict[str, str] = {}
        self._closing = threading.Event()
        self.remembering = Remembering(self)

    @property
    def engine(self) -> Engine:
        """The one owner of the model; opened once, however many threads ask for it first."""
        with self._opening:
            if self._engine is None:
                from chatbot.engine_choice import open_engine

                self._engine = open_engine(self.settings, self._say)
            return self._engine

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder that questions and passages share."""
        from chatbot.library.encoders import Embedder

        settings = self.settings
        return Embedder(settings.embedder, settings.threads, cache=settings.encoder_cache, say=self._say)

    @cached_property
    def memory(self) -> Memory:
        """The database of conversations.

        Raises:
            MemoryStoreError: it cannot be opened.
        """
        return Memory(self.settings.memory_url)

    def persona(self, persona_id: str) -> LoadedPersona:
        """A persona as its file is now; one that was changed and has mistakes stays as it was before.

        Raises:
            PersonaError: there is none, or its file has had mistakes from the beginning.
        """
        with self._lock:
            return self._personas.persona(persona_id)

    def library_folder(self, persona_id: str) -> Path:
        """Where the library of a persona lies; where that cannot be written to, a copy of it, as it is now."""
        return self._folders.folder(persona_id)

    def library(self, persona_id: str, visitor: str | None = None) -> Library:
        """The library of a persona; opened again when its passages or its embedder were changed, by any process.

        While its vectors are filled in it stays open, and says by itself how far they are.

        Args:
            persona_id: whose library.
            visitor: who searches it: his own texts are searched beside the shared ones, and a library that this process
                has not prepared yet is prepared; None: the shared texts as they are.

        Raises:
            LibraryError: there is none yet, it is damaged, or another embedder built it.
        """
        from chatbot.library.index import IndexReplacedError

        if visitor is not None:
            self.attendance.attend(persona_id)
        with self._lock:
            while True:
                shared = self._shared_library(persona_id)
                try:
                    return self._beside(persona_id, shared, visitor) if visitor is not None else shared
                except IndexReplacedError:
                    if self._shared_library(persona_id) is shared:
                        raise

    def _shared_library(self, persona_id: str) -> Library:
        from chatbot.library.index import index_stamp, read_manifest

        folder = self.library_folder(persona_id)
        manifest = read_manifest(folder)
        stamp = (manifest.embedder if manifest else "", index_stamp(folder), self._personas.search(persona_id))
        known = self._libraries.get(persona_id)
        if known and known[0] == stamp:
            return known[1]
        try:
            library = self._open_library(persona_id)
            logger.info("Opened the library of %s", persona_id)
        except PersonaError as error:
            if not known or known[0][:2] != stamp[:2]:
                raise
            logger.warning("%s The searches stay as they were before the change.", error)
            library = known[1]
        self._libraries[persona_id] = (stamp, library)
        return library

    def _beside(self, persona_id: str, shared: Library, visitor: str) -> Library:
        """The library with a visitor's texts; those that were used last stay open."""
        from chatbot.library.index import IndexReplacedError, OwnTexts

        stamp = OwnTexts(self.library_folder(persona_id), visitor).stamp
        known = self._visitors.pop((persona_id, visitor), None)
        if not stamp:
            return shared
        if known is None or known[:2] != (stamp, shared):
            try:
                library = shared.beside(visitor)
            except IndexReplacedError:
                raise
            except LibraryError as error:  # the Library tab says so too; what everybody has is searched all the same
                logger.warning("%s", error)
                library = shared
            known = (OwnTexts(self.library_folder(persona_id), visitor).stamp, shared, library)
        self._visitors[persona_id, visitor] = known
        while len(self._visitors) > VISITORS:
            self._visitors.pop(next(iter(self._visitors)))
        return known[2]

    def library_embedder(self, persona_id: str, *, anew: bool = False) -> Embedder:
        """The embedder that a library works with: the one that built it, the persona's tuned one for a new library.

        Args:
            persona_id: whose library.
            anew: whatever built the one that stands, what would build it now.

        Raises:
            LibraryError: the library is damaged.
        """
        from chatbot.library.index import read_manifest

        manifest = None if anew else read_manifest(self.library_folder(persona_id))
        return self.models(persona_id).embedder_of(manifest.embedder if manifest else None)

    def models(self, persona_id: str) -> SearchModels:
        """The models of a persona's searches and its judges; opened again when an adapter was changed."""
        from chatbot.search_models import SearchModels

        with self._lock:
            loaded, stamp = self.persona(persona_id), self._personas.adapters(persona_id)
            known = self._searching.get(persona_id)
            if known is None or known[0] != stamp:
                models = SearchModels(self.settings, loaded, lambda: self.embedder, lambda: self.engine, self._say)
                self._searching[persona_id] = (stamp, models)
                if known is not None:
                    known[1].close()
            return self._searching[persona_id][1]

    def exchanges(self, persona_id: str) -> Exchanges | None:
        """The persona's own exchanges; None where it has none, or where its lines or its library cannot be read."""
        with self._lock:
            loaded, models = self.persona(persona_id), self.models(persona_id)
            embedder = partial(self.library_embedder, persona_id)
            return self._exchanges.of(loaded, self.library_folder(persona_id), embedder, models)

    def deductions(self, persona_id: str) -> Deductions | None:
        """What the persona reads in details; None where it has no signs."""
        return self._deductions.of(self.persona(persona_id))

    def _open_library(self, persona_id: str) -> Library:
        from chatbot.library.search import CALIBRATION_FILE, Calibration, Library
        from chatbot.library.texts import probable_questions
        from chatbot.search_models import plans_of

        loaded = self.persona(persona_id)
        return Library(
            self.library_folder(persona_id),
            self.models(persona_id),
            self.settings.chroma_url,
            plans=plans_of(loaded),
            calibration=Calibration.read(loaded.folder / CALIBRATION_FILE),
            persona=loaded.persona.name,
            language=language_of(loaded.persona),
            asked=lambda: probable_questions(loaded.casebook),
        )

    def prepare(
        self, persona_id: str, on_progress: Progress = lambda done, total: None, *, behind: bool = False
    ) -> None:
        """Make a fresh install ready: build the library of the casebook if it is missing, and its vectors.

        Args:
            persona_id: whose library.
            on_progress: told how many passages are embedded, of how many.
            behind: embed in a thread behind the caller. Otherwise what takes some seconds is embedded before this
                returns, and what takes longer is left to `library build`; search by words works meanwhile.

        Raises:
            BakerStreetError: something is missing; the message says what to do.
        """
        from chatbot.library.index import build_library, check_embedder, fill_library, index_stamp, read_manifest

        loaded = self.persona(persona_id)
        folder, url = self.library_folder(persona_id), self.settings.chroma_url
        manifest = self.mended(persona_id)
        if manifest is None or not index_stamp(folder):
            self._say(f"Building the library of {loaded.persona.name} from the casebook (once) ...")
            built = build_library(loaded, folder, self.library_embedder(persona_id), chroma_url=url, behind=True)
            for note in built.notes:
                self._say(note)
            manifest = read_manifest(folder)
        self.attendance.done.add(persona_id)
        if manifest is None or manifest.complete:
            return
        check_embedder(folder, manifest, self.library_embedder(persona_id))
        if behind:
            self.fill_behind(persona_id)
        elif manifest.total - manifest.dense <= SOON:
            fill_library(folder, self.library_embedder(persona_id), url, on_progress)
        else:
            self._say(
                f"The library of {loaded.persona.name} is {manifest.state()}; "
                f"`bakerstreet library build {persona_id} --casebook-only` continues it."
            )

    def mended(self, persona_id: str) -> Manifest | None:
        """How far a library is, once what it can make again by itself counts as missing; None: it is to be built.

        A library that cannot be read is built again where it held the casebook alone.

        Raises:
            LibraryError: it cannot be read, and books or texts would be lost; the message says what to do.
        """
        from chatbot.library.index import ChromaError, mend_library, read_manifest

        folder = self.library_folder(persona_id)
        try:
            if wrong := mend_library(folder, self.settings.chroma_url):
                self._say(f"The library of '{persona_id}' is made again where it is damaged: {wrong}.")
        except ChromaError as error:
            self._say(str(error))
        return read_manifest(folder)

    def fill_behind(self, persona_id: str) -> None:
        """Embed what a library still lacks in a thread; nothing where one is at it already."""
        with self._lock:
            thread = self._filling.get(persona_id)
            if thread is None or not thread.is_alive():
                thread = threading.Thread(target=self._fill, args=(persona_id,), name="fill", daemon=True)
                self._filling[persona_id] = thread
                self._fill_errors.pop(persona_id, None)
                thread.start()

    def filling(self, persona_id: str) -> bool:
        """Whether a library is being embedded behind."""
        return (thread := self._filling.get(persona_id)) is not None and thread.is_alive()

    def fill_error(self, persona_id: str) -> str:
        """Why the filling of a library ended before its end; empty where it did not."""
        return self._fill_errors.get(persona_id, "")

    def _fill(self, persona_id: str) -> None:
        from chatbot.library.index import fill_library

        folder, url = self.library_folder(persona_id), self.settings.chroma_url
        try:
            # Small batches: a question that comes meanwhile waits for one of them at the most.
            fill_library(folder, self.library_embedder(persona_id), url, batch=BEHIND, stop=self._closing)
        except BakerStreetError as error:
            logger.warning("The library of %s was not filled: %s", persona_id, error)
            self._fill_errors[persona_id] = str(error)
            self._say(f"The library could not be embedded to its end: {error}")
        except Exception as error:
            self._fill_errors[persona_id] = f"The library could not be embedded to its end: {error!r}."
            raise

    def warm(self, persona_id: str) -> None:
        """Load everything a first question needs, so that it does not wait for it."""
        try:
            self.library(persona_id).warm()
        except LibraryError as error:
            self._say(str(error))
        self.exchanges(persona_id)
        voice = self.persona(persona_id).voice
        self.engine.warm([voice] if voice and voice.is_dir() else [])

    def close(self) -> None:
        """Give everything back, once; what fails to close does not keep the rest open."""
        self._closing.set()
        self.attendance.close()
        self.remembering.close()
        for thread in self._filling.values():
            thread.join()
        with ExitStack() as closing, self._opening:
            if "memory" in self.__dict__:
                closing.callback(self.__dict__.pop("memory").close)
            if self._engine is not None:
                closing.callback(self._engine.close)
            for _, models in self._searching.values():
                closing.callback(models.close)
            self._engine = None
            self._searching.clear()
        self._folders.close()
