"""The Library tab without a browser: listing, adding and removing texts, and the state of the library."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import LibraryError
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index.build import build_library
from chatbot.library.index.passages import read_passages
from chatbot.resources import Resources
from chatbot.settings import Settings, load_settings
from chatbot.visitors import Visitor
from chatbot.web.library_handlers import LibraryHandlers
from personas import LoadedPersona

OWNER, ADA, BEN = Visitor("account-owner", owner=True), Visitor("web-ada"), Visitor("web-ben")
TALE = "A Tale of Tea\n\nThe kettle at Thistle Lodge was copper, and the cook kept four crowns in it.\n"


@pytest.fixture(scope="module")
def built(sherlock: LoadedPersona, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The casebook's library, to be copied."""
    folder = tmp_path_factory.mktemp("built") / "sherlock"
    build_library(sherlock, folder, embedder)
    return folder


@pytest.fixture
def handlers(settings: Settings, built: Path, tmp_path: Path) -> Iterator[LibraryHandlers]:
    (tmp_path / "models").symlink_to(settings.models_dir)
    resources = Resources(load_settings(home=tmp_path))
    handlers = LibraryHandlers(resources)
    assert handlers.rows(OWNER, "sherlock") == []
    assert handlers.state("sherlock") == "There is no library yet."
    shutil.copytree(built, resources.library_folder("sherlock"))
    yield handlers
    resources.close()


def test_texts_are_added_and_removed_and_a_failure_is_reported(handlers: LibraryHandlers, tmp_path: Path) -> None:
    assert [row[0] for row in handlers.rows(OWNER, "sherlock")] == ["Casebook"]
    assert handlers.removable(OWNER, "sherlock") == []
    good, empty = tmp_path / "tea.txt", tmp_path / "empty.txt"
    good.write_text(TALE)
    empty.write_text("")
    progress: list[tuple[int, int]] = []
    state = handlers.add(
        OWNER, "sherlock", [str(empty), str(good)], False, lambda done, total: progress.append((done, total))
    )
    assert "**empty.txt** was not added." in state and "Added *A Tale of Tea*: 1 passage." in state
    assert progress[-1] == (1, 1)
    assert handlers.removable(OWNER, "sherlock") == [("A Tale of Tea", "tea.txt")]
    assert "was not added" in handlers.add(OWNER, "sherlock", [str(good)], False)
    assert handlers.remove(OWNER, "sherlock", "tea.txt") == "Removed tea.txt from the library: 1 passage."
    assert [row[0] for row in handlers.rows(OWNER, "sherlock")] == ["Casebook"]


def test_a_visitors_texts_are_his_own_and_what_is_everybodys_he_cannot_change(
    handlers: LibraryHandlers, tmp_path: Path
) -> None:
    tea, own = tmp_path / "tea.txt", tmp_path / "own.txt"
    tea.write_text(TALE)
    own.write_text(TALE.replace("copper", "tin"))
    handlers.add(OWNER, "sherlock", [str(tea)], False)
    assert "Added" in handlers.add(ADA, "sherlock", [str(own)], False)
    assert [(row[1], row[4]) for row in handlers.rows(ADA, "sherlock")][1:] == [
        ("tea.txt", "everybody's"),
        ("own.txt", "yours"),
    ]
    assert handlers.removable(ADA, "sherlock") == [("A Tale of Tea", "own.txt")]
    for visitor in (BEN, OWNER):
        assert "own.txt" not in [row[1] for row in handlers.rows(visitor, "sherlock")]
        assert "no text named 'own.txt'" in handlers.remove(visitor, "sherlock", "own.txt")
    for name in ("tea.txt", "casebook"):
        assert f"no text named '{name}'" in handlers.remove(ADA, "sherlock", name)
    assert "no text named 'casebook'" in handlers.remove(OWNER, "sherlock", "casebook")
    assert "for you alone" in handlers.note(ADA, "sherlock") and "everybody's" in handlers.note(OWNER, "sherlock")
    contents = next((handlers._resources.library_folder("sherlock") / "visitors").rglob("contents.json"))
    whole = contents.read_bytes()
    contents.write_text("{")
    assert "are damaged" in handlers.note(ADA, "sherlock") and "damaged" not in handlers.note(BEN, "sherlock")
    contents.write_bytes(whole)
    assert handlers.remove(ADA, "sherlock", "own.txt") == "Removed own.txt from the library: 1 passage."


def test_without_a_choice_the_visitor_is_asked_for_one(handlers: LibraryHandlers) -> None:
    assert handlers.add(OWNER, "sherlock", [], False) == "Choose one or more files first."
    assert handlers.remove(OWNER, "sherlock", None) == "Choose the text to remove first."


def test_a_library_that_is_partly_embedded_says_how_much(
    handlers: LibraryHandlers, sherlock: LoadedPersona, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = handlers._resources
    folder = resources.library_folder("sherlock")
    total = len(read_passages(folder))
    assert handlers.state("sherlock") == f"Searched by words and by sense; {total} passages (all-MiniLM-L6-v2)."
    build_library(sherlock, folder, embedder, fresh=True, behind=True)
    state = f"Searched by words; 0 of {total} passages by sense so far (all-MiniLM-L6-v2)."
    assert handlers.state("sherlock") == f"{state} A build was not finished. It continues at the next start."

    def unreachable(*_: object, **__: object) -> None:
        raise LibraryError("Chroma did not answer.")

    with monkeypatch.context() as patch:
        patch.setattr("chatbot.library.index.fill_library", unreachable)
        resources.prepare("sherlock", behind=True)
        resources._filling["sherlock"].join(60)
    assert not handlers.filling("sherlock")
    assert handlers.state("sherlock") == f"{state} Chroma did not answer. It continues at the next start."
    monkeypatch.setattr(resources, "filling", lambda persona: True)
    assert handlers.state("sherlock") == state and handlers.filling("sherlock")


def test_the_tab_refreshes_itself_only_while_a_library_is_being_embedded(
    handlers: LibraryHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gradio as gr

    from chatbot.web.library_tab import build_library_tab

    with gr.Blocks() as page:
        who = gr.Dropdown(["sherlock"], value="sherlock")
        build_library_tab(handlers, who, "sherlock", page, 10)
    (clock,) = [block for block in page.blocks.values() if isinstance(block, gr.Timer)]
    (tick,) = [event for event in page.fns.values() if ("tick" in {name for _, name in event.targets})]
    assert not clock.active
    monkeypatch.setattr(handlers._resources, "filling", lambda persona: True)
    assert tick.fn("sherlock")[1].active
    monkeypatch.setattr(handlers._resources, "filling", lambda persona: False)
    state, timer = tick.fn("sherlock")
    assert "searched by words and by sense".capitalize() in state and not timer.active
