"""What the Library tab says: of the texts there are, of one that was added, and of one that could not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import LibraryError
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index.build import build_library
from chatbot.library.index.passages import read_passages
from chatbot.resources import Resources
from chatbot.settings import Settings, load_settings
from chatbot.web.shelf import Shelf
from personas import LoadedPersona

TALE = "A Tale of Tea\n\nThe kettle at Thistle Lodge was copper, and the cook kept four crowns in it.\n"


@pytest.fixture
def shelf(
    settings: Settings, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shelf]:
    (tmp_path / "models").symlink_to(settings.models_dir)
    resources = Resources(load_settings(home=tmp_path))
    shelf = Shelf(resources)
    assert shelf.rows("sherlock") == []
    assert shelf.state("sherlock") == "There is no library yet."
    build_library(sherlock, resources.library_folder("sherlock"), embedder)
    yield shelf
    resources.close()


def test_texts_come_and_go_and_what_fails_is_said(shelf: Shelf, tmp_path: Path) -> None:
    assert [row[0] for row in shelf.rows("sherlock")] == ["Casebook"]
    assert shelf.removable("sherlock") == []
    good, empty = tmp_path / "tea.txt", tmp_path / "empty.txt"
    good.write_text(TALE)
    empty.write_text("")
    seen: list[tuple[int, int]] = []
    said = shelf.add("sherlock", [str(empty), str(good)], False, lambda done, total: seen.append((done, total)))
    assert "**empty.txt** was not added." in said and "Added *A Tale of Tea*: 1 passages." in said
    assert seen[-1] == (1, 1)
    assert shelf.removable("sherlock") == [("A Tale of Tea", "tea.txt")]
    assert "was not added" in shelf.add("sherlock", [str(good)], False)
    assert shelf.remove("sherlock", "tea.txt") == "tea.txt is out of the library: 1 passages went."
    assert [row[0] for row in shelf.rows("sherlock")] == ["Casebook"]


def test_nothing_chosen_is_asked_for(shelf: Shelf) -> None:
    assert shelf.add("sherlock", [], False) == "Choose one or more files first."
    assert shelf.remove("sherlock", None) == "Choose the text that shall go first."


def test_a_library_that_is_not_embedded_to_its_end_says_how_far_it_is(
    shelf: Shelf, sherlock: LoadedPersona, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = shelf._resources
    folder = resources.library_folder("sherlock")
    total = len(read_passages(folder))
    assert shelf.state("sherlock") == f"Searched by words and by sense; {total} passages (all-MiniLM-L6-v2)."
    build_library(sherlock, folder, embedder, fresh=True, behind=True)
    said = f"Searched by words; 0 of {total} passages by sense so far (all-MiniLM-L6-v2)."
    assert shelf.state("sherlock") == f"{said} A build was not finished. The next start goes on with it."

    def gone(*_: object, **__: object) -> None:
        raise LibraryError("Chroma did not answer.")

    with monkeypatch.context() as patch:
        patch.setattr("chatbot.library.index.dense.fill_library", gone)
        resources.prepare("sherlock", behind=True)
        resources._filling["sherlock"].join(60)
    assert not shelf.unfinished("sherlock")
    assert shelf.state("sherlock") == f"{said} Chroma did not answer. The next start goes on with it."
    monkeypatch.setattr(resources, "filling", lambda persona: True)
    assert shelf.state("sherlock") == said and shelf.unfinished("sherlock")


def test_the_tab_looks_again_only_while_a_library_is_being_embedded(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gradio as gr

    from chatbot.web.library_tab import build_library_tab

    with gr.Blocks() as page:
        who = gr.Dropdown(["sherlock"], value="sherlock")
        build_library_tab(shelf, who, "sherlock", page)
    (clock,) = [block for block in page.blocks.values() if isinstance(block, gr.Timer)]
    (tick,) = [event for event in page.fns.values() if ("tick" in {name for _, name in event.targets})]
    assert not clock.active
    monkeypatch.setattr(shelf._resources, "filling", lambda persona: True)
    assert tick.fn("sherlock")[1].active
    monkeypatch.setattr(shelf._resources, "filling", lambda persona: False)
    state, renewed = tick.fn("sherlock")
    assert "searched by words and by sense".capitalize() in state and not renewed.active
