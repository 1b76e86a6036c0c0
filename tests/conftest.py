"""What the tests share: the real bundled model, embedder, Chroma and SQL, made once a session."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from databases import any_memory, database_url, postgres
from kettles import BOOK, Counting, make_persona
from searching import Remembering

from chatbot.bot import Bot
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.torch.engine import TorchEngine
from chatbot.language import language_of
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.encoders.encoder import Encoder
from chatbot.library.index.build import build_library
from chatbot.library.search.library import Library
from chatbot.library.search.models import OpenModels
from chatbot.replay.stage import Stage
from chatbot.resources import Resources
from chatbot.settings import Settings, load_settings
from personas import LoadedPersona, load_persona

__all__ = ["any_memory", "database_url", "postgres"]  # fixtures

# The same examples in every run, and no time measured: a failure is the code's, not the machine's.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("steady")

ROOT = Path(__file__).resolve().parent.parent
CANON = ROOT.parent / "shared" / "corpus"
READING = ROOT.parent / "shared" / "reading"


@pytest.fixture(scope="session")
def canon() -> Path:
    """The folder of the nine books; tests that need it are skipped where it is not."""
    if not CANON.is_dir():
        pytest.skip("the nine books are not here; a short text of our own stands in for them elsewhere")
    return CANON


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a home of their own; the converted model is taken from the real cache or made in it, once."""
    home = tmp_path_factory.mktemp("home")
    models = load_settings().models_dir
    models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(models)
    return load_settings(home=home)


@pytest.fixture(scope="session", autouse=True)
def encoders_are_loaded_once() -> Iterator[None]:
    """Encoders of the same model, adapter and cache share what was loaded.

    To load one takes a third of a second and 70 MB, and most tests of a turn open three. What is converted into a
    cache of a test's own is loaded anew.
    """
    load, tokenizer = (vars(Encoder)[name].func for name in ("_encode", "_tokenizer"))
    kept = load_settings().models_dir.resolve()
    loaded: dict[tuple[object, ...], Callable[[list[Any]], Any]] = {}
    tokenizers: dict[str, Any] = {}
    lock = threading.RLock()

    def encode(self: Encoder) -> Callable[[list[Any]], Any]:
        if self._cache is not None and self._cache.resolve() != kept:
            return cast("Callable[[list[Any]], Any]", load(self))
        key = (self.head.name, self.folder, self._stamped("", "+"), self._cache is None, self.max_tokens, self._threads)
        with lock:
            if key not in loaded:
                loaded[key] = one_at_a_time(load(self))
            return loaded[key]

    def shared_tokenizer(self: Encoder) -> Any:
        with lock:
            if self.folder not in tokenizers:
                tokenizers[self.folder] = tokenizer(self)
            return tokenizers[self.folder]

    with pytest.MonkeyPatch.context() as patch:
        for name, function in (("_encode", encode), ("_tokenizer", shared_tokenizer)):
            shared = cached_property(function)
            shared.__set_name__(Encoder, name)
            patch.setattr(Encoder, name, shared)
        yield


def one_at_a_time(encode: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """What one encoder serves in turn, several that share it serve in turn."""
    lock = threading.Lock()

    def encoded(texts: list[Any]) -> Any:
        with lock:
            return encode(texts)

    return encoded


@pytest.fixture(scope="session")
def sherlock() -> LoadedPersona:
    """The built-in persona."""
    return load_persona("sherlock")


@pytest.fixture(scope="session")
def embedder(settings: Settings, sherlock: LoadedPersona) -> Embedder:
    """The embedder of a fresh install as a CPU runs it: the bundled one with the persona's retriever."""
    return Embedder(adapter=sherlock.retriever, cache=settings.models_dir)


@pytest.fixture(scope="session")
def library(
    settings: Settings, sherlock: LoadedPersona, embedder: Embedder, pytestconfig: pytest.Config
) -> Iterator[Library]:
    """The library that a fresh install has: the casebook. Vectors of its questions and lines, thousands, are kept from
    one session to the next; what is out of date is made again, as everywhere.
    """
    folder, kept = (
        settings.library_dir / "sherlock",
        pytestconfig.cache.mkdir("library") if pytestconfig.cache else None,
    )
    build_library(sherlock, folder, embedder)
    for file in kept.glob("*.npz") if kept else ():
        shutil.copy(file, folder)
    yield Library(folder, OpenModels(embedder))
    for file in folder.glob("*.npz") if kept else ():
        shutil.copy(file, kept)


@pytest.fixture(scope="session")
def quill_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a small persona, with a library that is whole; to be copied."""
    home = tmp_path_factory.mktemp("quill")
    build_library(make_persona(home / "personas"), home / "library" / "quill", Counting(), texts=BOOK)
    return home


@pytest.fixture
def at_home(settings: Settings, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find the session's library."""
    monkeypatch.setattr("chatbot.settings.get_settings", lambda: settings)


@pytest.fixture(scope="session")
def remembering(embedder: Embedder) -> Remembering:
    """The session's embedder, which embeds no text twice."""
    return Remembering(embedder)


@pytest.fixture(scope="session")
def casebook(
    settings: Settings, library: Library, remembering: Remembering, sherlock: LoadedPersona
) -> Callable[..., Library]:
    """Opens the casebook's library anew, with models, plans or a calibration of a test's own."""

    def opened(models: dict[str, Any] | None = None, **parts: Any) -> Library:
        given = OpenModels(cast(Embedder, remembering), **(models or {}))
        persona = sherlock.persona
        return Library(
            settings.library_dir / "sherlock",
            given,
            **{"persona": persona.name, "language": language_of(persona), **parts},
        )

    return opened


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[OpenVinoEngine]:
    """The engine that a CPU is given, with the bundled model."""
    engine = OpenVinoEngine(settings.model, settings.models_dir, threads=settings.cpu_threads())
    yield engine
    engine.close()


Kind = type[TorchEngine] | type[OpenVinoEngine]


@pytest.fixture(scope="session", params=[TorchEngine, OpenVinoEngine], ids=["transformers", "openvino"])
def make_engine(request: pytest.FixtureRequest, settings: Settings) -> Callable[..., TorchEngine | OpenVinoEngine]:
    """Makes engines of either kind that give the same reply to the letter, whatever else is written."""
    kind: Kind = request.param
    # Two threads of torch that do not have a core each wait for one another: a pass then takes six times as long.
    own: dict[str, Any] = {"threads": 1}
    if kind is OpenVinoEngine:
        own = {"threads": settings.cpu_threads(), "exact": True}

    def made(**options: Any) -> TorchEngine | OpenVinoEngine:
        return kind(settings.model, settings.models_dir, **{**own, **options})

    return made


@pytest.fixture(scope="session")
def either(make_engine: Callable[..., TorchEngine | OpenVinoEngine]) -> Iterator[TorchEngine | OpenVinoEngine]:
    """An engine of either kind."""
    with closing(make_engine()) as engine:
        yield engine


@pytest.fixture(scope="session")
def uncached(make_engine: Callable[..., TorchEngine | OpenVinoEngine]) -> Iterator[TorchEngine | OpenVinoEngine]:
    """One that keeps nothing of earlier prompts."""
    with closing(make_engine(cache_mb=0)) as engine:
        yield engine


@pytest.fixture(scope="session")
def narrow(make_engine: Callable[..., TorchEngine | OpenVinoEngine]) -> Iterator[TorchEngine | OpenVinoEngine]:
    """One that writes a single reply at a time, while two may wait."""
    with closing(make_engine(batch_size=1, queue_limit=2)) as engine:
        engine.warm()
        yield engine


@pytest.fixture(scope="session")
def voice(sherlock: LoadedPersona) -> Path:
    """The built-in persona's."""
    assert sherlock.voice is not None
    return sherlock.voice


@pytest.fixture(scope="session")
def reference(engine: OpenVinoEngine, voice: Path) -> Any:
    """The bundled model in torch with the voice beside it: what the engines are compared with."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    base: Any = AutoModelForCausalLM.from_pretrained(engine.weights.folder, dtype=torch.float32)
    return PeftModel.from_pretrained(base, str(voice)).eval()


@pytest.fixture(scope="session")
def resources(settings: Settings, engine: OpenVinoEngine, library: Library) -> Iterator[Resources]:
    """Everything a bot needs, with the session's engine and library."""
    resources = Resources(settings, engine=engine)
    yield resources
    if "memory" in resources.__dict__:
        resources.memory.close()


@pytest.fixture(scope="session")
def bot(resources: Resources) -> Bot:
    """A bot with everything real."""
    return Bot(resources)


@pytest.fixture(scope="session")
def replay_stage(
    settings: Settings, engine: OpenVinoEngine, library: Library, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """What the replays are run with: the session's engine and library, and a memory of their own."""
    database = f"sqlite:///{tmp_path_factory.mktemp('replays') / 'memory.sqlite3'}"
    with closing(Stage(settings, database, engine=engine)) as stage:
        yield stage
