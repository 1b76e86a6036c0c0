"""The stage that replays are played on: everything a bot needs, with a tape before the models and a memory of its own.

Nothing that a visitor has is touched: conversations go into a database of the stage's own, every replay has a visitor
of its own, and the texts that he adds to his library are removed again.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from chatbot.engines import Engine
from chatbot.exchanges import Exchanges
from chatbot.judges import SupportJudge, ToneMeter
from chatbot.library.encoders import Embedder, SupportEncoder
from chatbot.library.index import OwnTexts, read_manifest, remove_text
from chatbot.library.search import LanguageModel, Library, Scorer, TextReader
from chatbot.modes import get_mode
from chatbot.progress import Say
from chatbot.replay.format import Replay
from chatbot.replay.tape import Tape, TapedEmbedder, TapedEngine, TapedReader, TapedScorer, TapedSupport
from chatbot.replay.taped_search import TapedExchanges, TapedTools
from chatbot.resources import Resources
from chatbot.search_models import EngineLanguageModel, SearchModels
from chatbot.selecting import Selector
from chatbot.settings import Settings
from personas import find_personas

STAMP = 12  # hexadecimal digits


class Stage(Resources):
    """Resources whose models are asked through a tape.

    Args:
        settings: where everything lies; those that a replay changes are put back after it.
        database: the SQLAlchemy URL of the memory.
        engine: another engine than the settings name; the caller closes it.
        say: told what is being done when it takes more than a moment.

    Attributes:
        tape: what the models are asked through.
    """

    def __init__(
        self, settings: Settings, database: str, *, engine: Engine | None = None, say: Say = lambda _: None
    ) -> None:
        super().__init__(settings.model_copy(update={"database_url": database}), say=say)
        self.tape = Tape()
        self._given = engine
        self._taped: dict[str, TapedModels] = {}
        self._ready: set[tuple[str, str, bool]] = set()
        self._made_with: dict[str, dict[str, str]] = {}

    @property
    def engine(self) -> Engine:
        """The engine, behind the tape."""
        return TapedEngine(self.tape, lambda: self._given or super(Stage, self).engine)

    def models(self, persona_id: str) -> SearchModels:
        """The models of a persona, behind the tape."""
        with self._lock:
            real = super().models(persona_id)
            taped = self._taped.get(persona_id)
            if taped is None or taped.real is not real:
                taped = self._taped[persona_id] = TapedModels(self.tape, real, lambda: self.engine)
            return taped

    def library(self, persona_id: str, visitor: str | None = None) -> Library:
        """The library of a persona, whose vectors are behind the tape."""
        library = super().library(persona_id, visitor)
        if not isinstance(library.tools, TapedTools):
            library.tools = cast(Any, TapedTools(self.tape, library.tools))
        return library

    def exchanges(self, persona_id: str) -> Exchanges | None:
        """The persona's own exchanges, behind the tape."""
        real = super().exchanges(persona_id)
        return real and TapedExchanges(self.tape, real)

    def personas(self) -> list[str]:
        """The ids of those there are."""
        return list(find_personas(self.settings.personas))

    def ready(self, replay: Replay, *, playing: bool = False) -> None:
        """Open what a replay needs, so that what opening asks of the models is on no cassette.

        Args:
            replay: what will be run.
            playing: its searches will be answered by a cassette, so that only words and passages are needed.
        """
        persona = replay.persona
        begins = replay.mode or self.persona(persona).persona.default_mode
        for name in {begins, *(step.mode for step in replay.turns if step.mode)}:
            if (persona, name, playing) in self._ready:
                continue
            if persona not in self.attendance.done:
                self.prepare(persona)
            tools = self.library(persona).tools
            tools.asked()
            self.exchanges(persona)
            plan = get_mode(name).knowledge
            for step in self.library(persona).plan(plan).steps if plan and not playing else ():
                _ = tools.vectors(getattr(step, "embedder", ""))[1].ready  # made where they are missing
            self._ready.add((persona, name, playing))
        self.library(persona).tools.reading.cache_clear()  # what an earlier replay asked is read again

    @contextmanager
    def visitor(self, replay: Replay) -> Iterator[str]:
        """A visitor who has never been here, under the settings of a replay; what he adds is removed in the end."""
        visitor, settings = f"replay-{uuid4().hex}", self.settings
        self.settings = settings.model_copy(update=replay.settings.model_dump(exclude_none=True))
        try:
            yield visitor
        finally:
            self.settings = settings
            folder = self.library_folder(replay.persona)
            own = OwnTexts(folder, visitor)
            for name in own.entries():
                remove_text(folder, self.library_embedder(replay.persona), name, owner=visitor)
            shutil.rmtree(own.folder, ignore_errors=True)  # a lock is left in it; nobody else has this visitor's name

    def made_with(self, persona_id: str) -> dict[str, str]:
        """What speaks and is searched, by what it is for: a cassette is of use where all of this is the same.

        Read once: a stage is for models that stay as they are.
        """
        if persona_id not in self._made_with:
            self._made_with[persona_id] = self._parts(persona_id)
        return self._made_with[persona_id]

    def _parts(self, persona_id: str) -> dict[str, str]:
        loaded, settings = self.persona(persona_id), self.settings
        manifest = read_manifest(self.library_folder(persona_id))
        adapters = {
            "voice": loaded.voice,
            "reader": loaded.reader,
            "reranker": loaded.reranker,
            "support": loaded.support,
            "matcher": loaded.matcher,
            "selector": loaded.selector,
        }
        return {
            "model": Path(settings.model).name,
            "cross-encoder": Path(settings.cross_encoder).name,
            "embedder": self.library_embedder(persona_id).fingerprint,
            "texts": ", ".join(sorted(manifest.sources)) if manifest else "",
            **{name: _stamp(folder.glob("*.safetensors")) for name, folder in adapters.items() if folder},
        }


class TapedModels(SearchModels):
    """The models of a persona's searches and its judges, behind a tape; see `SearchModels`."""

    def __init__(self, tape: Tape, real: SearchModels, engine: Callable[[], Engine]) -> None:
        self.real, self._tape, self._taped_engine = real, tape, engine
        self._embedders: dict[int, Embedder] = {}

    def embedder(self, name: str) -> Embedder | None:
        """As `SearchModels.embedder`."""
        real = self.real.embedder(name)
        return real and self._behind(real)

    def embedder_of(self, fingerprint: str | None) -> Embedder:
        """As `SearchModels.embedder_of`."""
        return self._behind(self.real.embedder_of(fingerprint))

    def matcher(self) -> Embedder | None:
        """As `SearchModels.matcher`, without a tape: the cosines of the lines are on it (`TapedExchanges`)."""
        return self.real.matcher()

    def selector(self) -> Selector | None:
        """As `SearchModels.selector`; its logits are on the tape of `TapedExchanges`."""
        return self.real.selector()

    def _behind(self, real: Embedder) -> Embedder:
        return self._embedders.setdefault(id(real), cast(Embedder, TapedEmbedder(self._tape, real)))

    def cross_encoder(self) -> Scorer | None:
        """As `SearchModels.cross_encoder`."""
        real = self.real.cross_encoder()
        return real and TapedScorer(self._tape, real)

    def reader(self) -> TextReader | None:
        """As `SearchModels.reader`."""
        real = self.real.reader()
        return real and TapedReader(self._tape, real)

    def support(self) -> SupportJudge | None:
        """As `SearchModels.support`."""
        real = self.real.support()
        return real and real.behind(lambda encoder: cast(SupportEncoder, TapedSupport(self._tape, encoder)))

    def tone(self) -> ToneMeter | None:
        """As `SearchModels.tone`: a sum of weights, which needs no tape."""
        return self.real.tone()

    def language_model(self) -> LanguageModel | None:
        """As `SearchModels.language_model`."""
        return EngineLanguageModel(self._taped_engine())

    def stronger_model(self) -> LanguageModel | None:
        """As `SearchModels.stronger_model`."""
        return self.real.stronger_model()

    def count(self, text: str) -> int:
        """As `SearchModels.count`."""
        return self._taped_engine().count(text)

    def close(self) -> None:
        """Nothing: whoever opened the real ones closes them."""


@contextmanager
def open_stage(settings: Settings, say: Say = lambda _: None) -> Iterator[Stage]:
    """A stage with a memory that is gone with it. Its engine is exact, so that the same prompt gets the same reply."""
    with tempfile.TemporaryDirectory(prefix="bakerstreet-replay-") as folder:
        exact = settings.model_copy(update={"exact": True})
        stage = Stage(exact, f"sqlite:///{folder}/memory.sqlite3", say=say)
        try:
            yield stage
        finally:
            stage.close()


def _stamp(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:STAMP]
