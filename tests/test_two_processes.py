"""Two processes on one library: what one changes, the other finds at its next question, by words and by sense."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kettles import BOOK, Counting
from second_process import Pieces, SecondProcess, pieces

from chatbot.errors import LibraryError
from chatbot.library.index import (
    add_text,
    build_library,
    fill_library,
    locking,
    read_manifest,
    read_passages,
    remove_text,
)
from chatbot.library.index.chroma import known_ids, open_chroma
from chatbot.library.search import NAIVE
from chatbot.library.search.plans import FUSED
from chatbot.resources import Resources
from chatbot.settings import load_settings

CASES = Path(__file__).parent / "cases" / "two-processes"
MILL = (CASES / "mill.txt").read_text()
FORGE = (CASES / "forge.txt").read_text()
ASKED = "What did Tobias Wrenfield grind when the corn failed?"
FORGED = "What was the raven of Agatha Sorrel called?"
IN_OTHER_WORDS = "a miller who has no wheat makes flour of nuts"


@pytest.fixture
def home(quill_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(quill_home, tmp_path / "home"))


@pytest.fixture
def page(home: Path) -> Iterator[Resources]:
    """The process that runs all the time, which has the library open and has searched it by sense."""
    resources = Resources(load_settings(home=home, personas=home / "personas"), say=lambda _: None)
    resources.__dict__["embedder"] = Counting()
    found(resources, ASKED)
    yield resources
    resources.close()


@pytest.fixture(scope="module")
def process() -> Iterator[SecondProcess]:
    process = SecondProcess()
    yield process
    process.end()


@pytest.fixture
def other(home: Path, process: SecondProcess) -> SecondProcess:
    process.ask("open", home=home)
    return process


def found(page: Resources, question: str, plan: str = "rag") -> Pieces:
    return pieces(page.library("quill"), question, {"rag": FUSED, "naive": NAIVE}[plan])


def folder_of(page: Resources) -> Path:
    return page.library_folder("quill")


def written(page: Resources, name: str, text: str) -> Path:
    file = page.settings.home / name
    file.write_text(text)
    return file


def is_whole(page: Resources) -> bool:
    folder = folder_of(page)
    manifest, held = read_manifest(folder), known_ids(folder, open_chroma(folder, page.embedder, None))
    return bool(manifest and manifest.complete) and held == set(read_passages(folder).ids())


def the_same(page: Resources, other: SecondProcess, question: str, plan: str) -> list[str]:
    """The sources that both find, which must be the same, with the same texts and scores."""
    here, there = found(page, question, plan), other.ask("search", question=question, plan=plan)
    assert [(source, text) for source, text, _ in here] == [(source, text) for source, text, _ in there]
    assert [score for *_, score in here] == pytest.approx([score for *_, score in there], abs=1e-3)
    return [source for source, *_ in here]


def test_each_finds_what_the_other_added_and_no_longer_what_it_removed(page: Resources, other: SecondProcess) -> None:
    assert "mill.txt" not in [source for source, *_ in found(page, ASKED)]
    other.ask("add", file=written(page, "mill.txt", MILL))
    for question, plan in ((ASKED, "rag"), (ASKED, "naive"), (IN_OTHER_WORDS, "naive")):
        assert the_same(page, other, question, plan)[0] == "mill.txt"
    add_text(page.persona("quill"), folder_of(page), page.embedder, written(page, "forge.txt", FORGE))
    for plan in ("rag", "naive"):
        assert the_same(page, other, FORGED, plan)[0] == "forge.txt"
    other.ask("remove", name="mill.txt")
    remove_text(folder_of(page), page.embedder, "forge.txt")
    for question, plan in ((ASKED, "rag"), (IN_OTHER_WORDS, "naive"), (FORGED, "naive")):
        assert not {"mill.txt", "forge.txt"} & set(the_same(page, other, question, plan))
    assert is_whole(page)


def test_a_text_that_another_process_adds_in_the_middle_of_a_filling_is_found_at_once_and_embedded_too(
    page: Resources, other: SecondProcess
) -> None:
    folder = folder_of(page)
    build_library(page.persona("quill"), folder, page.embedder, texts=BOOK, fresh=True, behind=True)
    added: list[int] = []

    def show(done: int, _: int) -> None:
        if done and not added:
            added.append(other.ask("add", file=written(page, "mill.txt", MILL)))
            assert found(page, ASKED)[0][0] == "mill.txt"

    fill_library(folder, page.embedder, on_progress=show, batch=1)
    assert added and is_whole(page)
    assert the_same(page, other, IN_OTHER_WORDS, "naive")[0] == "mill.txt"


def test_two_that_fill_one_library_embed_no_passage_twice_and_both_search_all_of_it(
    page: Resources, other: SecondProcess
) -> None:
    folder, embedder = folder_of(page), page.embedder
    assert isinstance(embedder, Counting)
    total = build_library(page.persona("quill"), folder, embedder, texts=BOOK, fresh=True, behind=True).passages
    before = embedder.embedded
    there: list[int] = []

    def show(done: int, _: int) -> None:
        if done and not there:
            there.append(other.ask("fill"))

    here = fill_library(folder, embedder, on_progress=show, batch=1)
    assert (here, embedder.embedded - before, there) == (1, 1, [total - 1])
    assert is_whole(page) and the_same(page, other, "a kettle below the steps", "naive")


def test_two_that_add_at_once_lose_nothing(page: Resources, other: SecondProcess) -> None:
    names = [f"text{number}.txt" for number in range(6)]
    files = {name: written(page, name, MILL.replace("Coldbrook", f"Coldbrook{name[4]}")) for name in names}
    there = threading.Thread(target=lambda: [other.ask("add", file=files[name]) for name in names[3:]])
    there.start()
    for name in names[:3]:
        add_text(page.persona("quill"), folder_of(page), page.embedder, files[name])
    there.join()
    manifest = read_manifest(folder_of(page))
    assert manifest is not None and set(names) < set(manifest.sources) and is_whole(page)
    for name in names:
        assert the_same(page, other, f"Who kept the mill at Coldbrook{name[4]}?", "rag")[0] == name


def test_whoever_waits_too_long_is_told_for_whom_and_changes_nothing(
    page: Resources, other: SecondProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locking, "PATIENCE", 0.1)
    before = read_manifest(folder_of(page))
    assert other.ask("hold") == "held"
    with pytest.raises(LibraryError, match=r"changed by another process \(\d+\).*try again"):
        add_text(page.persona("quill"), folder_of(page), page.embedder, written(page, "mill.txt", MILL))
    assert "waiting" in caplog.text and read_manifest(folder_of(page)) == before
    assert found(page, FORGED), "searching waits for nobody"
    other.tell("go on")
    assert other.answer() is None


def test_what_a_killed_process_left_half_written_harms_nobody(page: Resources, home: Path) -> None:
    other = SecondProcess()
    other.ask("open", home=home)
    other.tell("die", file=written(page, "mill.txt", MILL))
    other.end()
    assert "mill.txt" not in [source for source, *_ in found(page, ASKED)]
    add_text(page.persona("quill"), folder_of(page), page.embedder, page.settings.home / "mill.txt")
    assert found(page, IN_OTHER_WORDS, "naive")[0][0] == "mill.txt" and is_whole(page)


def test_a_library_that_another_process_builds_afresh_is_searched_as_it_was_until_it_is_whole(
    page: Resources, other: SecondProcess
) -> None:
    changed = {"kettles.txt": BOOK["kettles.txt"].replace("third stair", "seventh stair")}
    asked, answers, errors = "Where did Barnaby Quill keep his copper kettle?", set[str](), []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                best = found(page, asked)[0][1]
                answers.add(next(stair for stair in ("third", "seventh") if f"{stair} stair" in best))
            except Exception as error:
                errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(2):
        texts = changed if number == 0 else BOOK
        assert other.ask("fresh", texts=texts) == len(read_passages(folder_of(page)))
        for plan in ("rag", "naive"):
            assert the_same(page, other, asked, plan)
            stair = "seventh stair" if texts is changed else "third stair"
            assert stair in found(page, asked, plan)[0][1]
    done.set()
    asking.join()
    assert not errors and answers <= {"third", "seventh"}, errors
    assert is_whole(page)
    assert len(open_chroma(folder_of(page), page.embedder, None)._client.list_collections()) == 1
