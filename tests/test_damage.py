"""Files that are missing, cut off or something else: repaired where that is safe, one clear line where it is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kettles import BOOK, Counting, make_persona
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.conversion import DATA, DONE, GRAPH, is_sealed
from chatbot.engines.weights import GeneratorWeights, check_voice, resolve_model
from chatbot.errors import BakerStreetError, LibraryError, MemoryStoreError, ModelError, VoiceError
from chatbot.library.encoders.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from chatbot.library.encoders.cross_encoder import CrossEncoder
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.encoders.openvino import FORMAT
from chatbot.library.index import build_library, dense, read_manifest
from chatbot.library.index.clients import CHROMA, forget
from chatbot.library.search import CALIBRATION_FILE
from chatbot.resources import Resources
from chatbot.settings import Settings, load_settings
from chatbot.visitors import Visitor
from chatbot.web.library_handlers import LibraryHandlers
from memory import Memory
from personas import LoadedPersona

QUESTION = "Where does Pilchard sleep?"
OWNER = Visitor("account-owner", owner=True)
Damage = Callable[[Path], None]


def gone(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def cut(path: Path) -> None:
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def emptied(path: Path) -> None:
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        file.write_bytes(b"")


def noise(path: Path) -> None:
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        file.write_bytes(b"no such thing " * 300)


ANY = [gone, cut, emptied, noise]
MOST = [gone, cut, pytest.param(emptied, marks=pytest.mark.slow), noise]  # where each costs a library


@pytest.fixture
def persona(tmp_path: Path) -> LoadedPersona:
    return make_persona(tmp_path / "personas")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], tuple[Resources, list[str]]]]:
    """A start of the program: its resources, and what it says."""
    opened: list[Resources] = []

    def started() -> tuple[Resources, list[str]]:
        forget(tmp_path / "library" / "quill")  # as another process would open the store
        said: list[str] = []
        resources = Resources(load_settings(home=tmp_path, personas=tmp_path / "personas"), say=said.append)
        resources.__dict__["embedder"] = Counting()
        opened.append(resources)
        return resources, said

    yield started
    for resources in opened:
        resources.close()


Start = Callable[[], tuple[Resources, list[str]]]


def answers(resources: Resources) -> bool:
    return "coal box" in resources.library("quill").search(QUESTION).evidence[0].text


# ---------------------------------------------------------------------- vectors


@pytest.mark.parametrize("what", [CHROMA, f"{CHROMA}/chroma.sqlite3"])
@pytest.mark.parametrize("damage", MOST)
def test_vectors_that_are_lost_are_named_and_made_again_and_words_are_searched_meanwhile(
    persona: LoadedPersona, start: Start, tmp_path: Path, what: str, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library" / "quill"
    total = build_library(persona, folder, Counting(), texts=BOOK).passages
    damage(folder / what)
    resources, _ = start()
    library = resources.library("quill")
    found = library.search(QUESTION)  # by a process that was not prepared: it has only to go on
    assert "coal box" in found.evidence[0].text and not library.dense_ready
    note = next(step.note for step in found.steps if step.module == "dense")
    assert "bakerstreet library build quill" in note
    state = LibraryHandlers(resources).state("quill")
    assert state.startswith("Searched by words (") and "library build quill" in state

    monkeypatch.setattr("chatbot.settings.get_settings", lambda: resources.settings)
    listed = CliRunner().invoke(app, ["library", "list"])
    assert listed.exit_code == 0 and "searched by words: " in listed.output and "kettles.txt" in listed.output

    resources, said = start()
    resources.prepare("quill")
    assert len(said) == 1 and "searched" not in said[0] and "damaged" in said[0]
    assert resources.embedder.embedded == total  # type: ignore[attr-defined]
    assert resources.library("quill").dense_ready and answers(resources)


def test_a_running_process_goes_on_by_words_and_sees_that_vectors_are_made_again(
    persona: LoadedPersona, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "RETRY", 0.0)
    folder = tmp_path / "library" / "quill"
    build_library(persona, folder, Counting())
    resources, _ = start()
    library = resources.library("quill")
    assert library.dense_ready and answers(resources)
    forget(folder)
    gone(folder / CHROMA)
    (folder / ".chroma-written").write_text("done", encoding="utf-8")  # so that the store is opened again
    assert answers(resources)
    assert not library.dense_ready and "missing" in library.why_words
    assert build_library(persona, folder, Counting()).embedded == 2
    assert answers(resources) and library.dense_ready and library.why_words == ""


# ---------------------------------------------------------------------- the index and the manifest


PARTS = ["manifest.json", "index", "index/contents.json", "index/meta.json", "index/*.store", "index/*.term"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", MOST)
def test_a_library_that_cannot_be_read_is_refused_with_a_line_and_nothing_is_lost(
    persona: LoadedPersona, start: Start, tmp_path: Path, part: str, damage: Damage
) -> None:
    folder = tmp_path / "library" / "quill"
    build_library(persona, folder, Counting(), texts=BOOK)
    for file in list(folder.glob(part)):
        damage(file)
    resources, _ = start()
    uses: list[Callable[[], object]] = [
        lambda: resources.prepare("quill"),
        lambda: resources.library("quill", "ada").search(QUESTION),
        lambda: build_library(persona, folder, Counting()),
    ]
    for use in uses:
        with pytest.raises(LibraryError, match=r"bakerstreet library build quill --fresh"):
            use()
    assert "library build quill --fresh" in LibraryHandlers(resources).state("quill")
    build_library(persona, folder, Counting(), texts=BOOK, fresh=True)
    resources, said = start()
    resources.prepare("quill")
    assert said == [] and answers(resources)


@pytest.mark.parametrize("part", ["manifest.json", "index/meta.json", "index/*.store"])
@pytest.mark.parametrize("damage", MOST)
def test_a_library_of_the_casebook_is_built_again_by_itself(
    persona: LoadedPersona, start: Start, tmp_path: Path, part: str, damage: Damage
) -> None:
    folder = tmp_path / "library" / "quill"
    build_library(persona, folder, Counting())
    for file in list(folder.glob(part)):
        damage(file)
    resources, said = start()
    resources.prepare("quill")
    assert "could not be read" in said[0] and "Building the library" in said[1]
    manifest = read_manifest(folder)
    assert manifest is not None and manifest.complete and answers(resources)


# ---------------------------------------------------------------------- adapters, converted models, calibration


@pytest.mark.parametrize("kind", ["voice", "retriever", "reranker"])
@pytest.mark.parametrize("name", [ADAPTER_CONFIG, ADAPTER_WEIGHTS])
@pytest.mark.parametrize("damage", ANY)
def test_a_damaged_adapter_is_named_with_what_to_do(
    sherlock: LoadedPersona, settings: Settings, tmp_path: Path, kind: str, name: str, damage: Damage
) -> None:
    whole = getattr(sherlock, kind)
    folder = tmp_path / kind
    shutil.copytree(whole, folder)
    use: dict[str, Callable[[Path], object]] = {
        "voice": lambda at: check_voice(at, GeneratorWeights("SmolLM2-135M-Instruct", tmp_path)),
        "retriever": lambda at: Embedder(adapter=at, cache=tmp_path).fingerprint,
        "reranker": lambda at: CrossEncoder(adapter=at, cache=tmp_path).warm(),
    }
    damage(folder / name)
    with pytest.raises((VoiceError, ModelError), match=r"(?s)^(?!.*\n).*[Tt]rain") as caught:
        use[kind](folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", DONE])
@pytest.mark.parametrize("damage", ANY)
def test_a_damaged_model_of_the_cache_is_converted_anew(
    settings: Settings, tmp_path: Path, name: str, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "tiny.gguf"
    model.write_bytes(b"GGUF")
    whole = b"\x02\x00\x00\x00\x00\x00\x00\x00{}"  # no tensors

    def dequantise(_: Path, folder: Path) -> None:
        made.append(folder)
        (folder / "model.safetensors").write_bytes(whole)
        for file in ("tokenizer.json", "config.json"):
            (folder / file).write_text('{"a": 1}', encoding="utf-8")

    made: list[Path] = []
    monkeypatch.setattr("chatbot.engines.weights._dequantise", dequantise)
    first = resolve_model(str(model), tmp_path / "cache")
    assert resolve_model(str(model), tmp_path / "cache") == first and len(made) == 1
    damage(first.folder / name)
    said: list[str] = []
    assert resolve_model(str(model), tmp_path / "cache", said.append) == first
    assert len(made) == 2 and "Converting" in said[0]
    assert (first.folder / "model.safetensors").read_bytes() == whole


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the embedder in it."""
    cache = tmp_path_factory.mktemp("cache")
    Embedder(cache=cache).warm()
    return cache


@pytest.mark.parametrize(("name", "used"), [(GRAPH, gone), (DATA, cut), (DONE, noise)])
def test_a_damaged_encoder_of_the_cache_is_converted_anew(
    converted: Path, tmp_path: Path, name: str, used: Damage
) -> None:
    (folder,) = (converted / "openvino").iterdir()
    copy = tmp_path / "openvino" / folder.name
    for damage in (*(each for each in ANY if each is not used), used):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        assert is_sealed(copy, FORMAT)
        damage(copy / name)
        assert not is_sealed(copy, FORMAT)
    said: list[str] = []
    embedder = Embedder(cache=tmp_path, say=said.append)
    assert len(embedder.embed_query("Who was she?")) == 384
    assert len(said) == 1 and "Converting the embedder" in said[0] and is_sealed(copy, FORMAT)


@pytest.mark.parametrize("damage", [cut, emptied, noise])
def test_a_damaged_calibration_is_named_with_what_to_do(
    persona: LoadedPersona, start: Start, sherlock: LoadedPersona, tmp_path: Path, damage: Damage
) -> None:
    build_library(persona, tmp_path / "library" / "quill", Counting())
    file = persona.folder / CALIBRATION_FILE
    shutil.copyfile(sherlock.folder / CALIBRATION_FILE, file)
    damage(file)
    resources, _ = start()
    resources.prepare("quill")
    with pytest.raises(LibraryError, match=r"calibration\.json is damaged.*Remove it"):
        resources.library("quill")
    gone(file)
    assert answers(resources)


# ---------------------------------------------------------------------- the database


@pytest.mark.parametrize("damage", [cut, noise])
def test_a_file_that_is_no_database_is_left_alone_with_a_line(tmp_path: Path, damage: Damage) -> None:
    file = tmp_path / "memory.sqlite3"
    memory = Memory(f"sqlite:///{file}")
    memory.start("ada", "quill", "Mind the step.")
    memory.close()
    damage(file)
    before = file.read_bytes()
    with pytest.raises(MemoryStoreError, match=r"damaged or no database.*move it away") as caught:
        Memory(f"sqlite:///{file}").start("ada", "quill", "Mind the step.")
    assert "\n" not in str(caught.value) and file.read_bytes() == before


# ---------------------------------------------------------------------- other personas


def test_a_persona_that_is_chosen_on_the_page_is_prepared_behind(
    persona: LoadedPersona, start: Start, tmp_path: Path
) -> None:
    resources, _ = start()
    handlers = LibraryHandlers(resources)
    assert handlers.state("quill") == "There is no library yet."
    handlers.chosen("quill")
    handlers.chosen("quill")
    assert [row[0] for row in handlers.rows(OWNER, "quill")] in ([], ["Casebook"])
    assert "in a moment" in handlers.state("quill") or "Searched by words" in handlers.state("quill")
    resources.attendance._threads["quill"].join(60)
    resources._filling["quill"].join(60)
    assert not handlers.filling("quill")
    assert handlers.state("quill").startswith("Searched by words and by sense; 2 passages")


def test_a_persona_that_is_asked_first_is_searched_by_words_at_once(
    persona: LoadedPersona, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources, _ = start()
    monkeypatch.setattr(resources, "fill_behind", lambda persona: None)
    found = resources.library("quill", "web-ada").search(QUESTION)
    assert "coal box" in found.evidence[0].text
    assert "still being embedded" in next(step.note for step in found.steps if step.module == "dense")
    with pytest.raises(BakerStreetError):
        resources.library("nobody", "web-ada")
