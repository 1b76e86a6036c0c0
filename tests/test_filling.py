"""A library whose vectors come behind its passages: searched by words meanwhile, killed anywhere, changed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kettles import BOOK, Counting, Interrupted, chroma_server, entry, free_port, make_persona

from chatbot.errors import LibraryError
from chatbot.library.index import build, dense, passages
from chatbot.library.index.additions import add_text
from chatbot.library.index.build import build_library
from chatbot.library.index.chroma import delete_collection, known_ids, open_chroma
from chatbot.library.index.dense import Dense, fill_dense, fill_library
from chatbot.library.index.manifest import read_manifest
from chatbot.library.index.passages import read_passages
from chatbot.library.index.switching import switch_embedder
from chatbot.library.search.library import Library
from chatbot.library.search.models import OpenModels
from chatbot.library.search.plans import NAIVE
from chatbot.resources import Resources
from chatbot.settings import load_settings
from personas import LoadedPersona

QUESTION = "Where did Barnaby Quill keep his copper kettle?"
TALE = "A Tale of Tea\n\nThe teapot of Gorse Hall was pewter, and the cook kept four crowns in it.\n"


@pytest.fixture
def persona(tmp_path: Path) -> LoadedPersona:
    return make_persona(tmp_path / "personas")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library" / "quill"


@pytest.fixture
def tea(tmp_path: Path) -> Path:
    file = tmp_path / "tea.txt"
    file.write_text(TALE)
    return file


def opened(folder: Path, embedder: Counting) -> Library:
    return Library(folder, OpenModels(embedder))


def resources_of(tmp_path: Path, embedder: Counting, say: Callable[[str], None] = print) -> Resources:
    """Those of the one persona, with this embedder."""
    resources = Resources(load_settings(home=tmp_path, personas=tmp_path / "personas"), say=say)
    resources.__dict__["embedder"] = embedder
    return resources


def is_whole(folder: Path, embedder: Counting, url: str | None = None) -> bool:
    """Whether Chroma holds just the passages of the index, and the manifest says so."""
    manifest, indexed = read_manifest(folder), read_passages(folder)
    held = known_ids(folder, open_chroma(folder, embedder, url))
    assert manifest is not None
    return manifest.complete and manifest.dense == len(indexed) and held == {passage.id for passage in indexed}


def modules(library: Library, question: str = QUESTION) -> set[str]:
    """Which of those that find and cut had a part in the evidence."""
    named = {reason.module for piece in library.search(question).evidence for reason in piece.reasons}
    return named & {"dense", "bm25", "focus"}


# ---------------------------------------------------------------------- the first filling


def test_a_first_library_is_searched_by_words_before_anything_is_embedded(persona: LoadedPersona, folder: Path) -> None:
    embedder = Counting()
    built = build_library(persona, folder, embedder, texts=BOOK, behind=True)
    assert (built.embedded, embedder.embedded) == (0, 0)
    library = opened(folder, embedder)
    assert (library.dense_ready, library.embedded, library.total) == (False, 0, built.passages)
    assert "third stair" in library.search(QUESTION).evidence[0].text
    assert modules(library) == {"bm25", "focus"}
    assert library.search(QUESTION, NAIVE).evidence, "a plan without words uses them until there are vectors"
    fill_library(folder, embedder)
    assert (library.dense_ready, library.embedded) == (True, built.passages)
    assert modules(library) == {"dense", "bm25", "focus"}


def test_a_filling_that_was_killed_says_how_far_it_came_and_goes_on(
    persona: LoadedPersona, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Counting()
    total = build_library(persona, folder, embedder, texts=BOOK, behind=True).passages
    embedder.left = 3
    with pytest.raises(Interrupted):
        fill_library(folder, embedder, batch=1)
    manifest = read_manifest(folder)
    assert manifest is not None
    assert (manifest.dense, manifest.total, manifest.complete) == (3, total, False)
    assert manifest.state() == f"searched by words; 3 of {total} passages by sense so far"
    assert opened(folder, embedder).embedded == 3
    embedder.left = None
    assert fill_library(folder, embedder) == total - 3
    assert is_whole(folder, embedder)


def test_a_filling_that_is_stopped_ends_before_the_next_batch(persona: LoadedPersona, folder: Path) -> None:
    embedder, stop = Counting(), threading.Event()
    total = build_library(persona, folder, embedder, texts=BOOK, behind=True).passages

    def show(done: int, _: int) -> None:
        if done:
            stop.set()

    assert fill_library(folder, embedder, on_progress=show, batch=2, stop=stop) == 2
    assert total > 2 and not opened(folder, embedder).dense_ready


def test_a_text_that_comes_while_the_vectors_are_filled_in_is_found_at_once_and_embedded_with_the_others(
    persona: LoadedPersona, folder: Path, tea: Path
) -> None:
    embedder = Counting()
    total = build_library(persona, folder, embedder, texts=BOOK, behind=True).passages
    added: list[int] = []

    def show(done: int, _: int) -> None:
        if done and not added:
            added.append(add_text(persona, folder, embedder, tea, behind=True).passages)
            found = opened(folder, embedder).search("What was the teapot of Gorse Hall?")
            assert found.evidence[0].passage.source == "tea.txt"

    fill_library(folder, embedder, on_progress=show, batch=2)
    assert len(read_passages(folder)) == total + added[0]
    assert is_whole(folder, embedder)


def test_the_web_fills_in_a_thread_and_keeps_the_library_open(
    persona: LoadedPersona, tmp_path: Path, tea: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Counting()
    resources = resources_of(tmp_path, embedder)
    begun, go_on = threading.Event(), threading.Event()
    embed = dense.put_into

    def held(*values: Any, **more: Any) -> None:
        begun.set()
        assert go_on.wait(60)
        embed(*values, **more)

    monkeypatch.setattr(dense, "put_into", held)
    monkeypatch.setattr("chatbot.resources.BEHIND", 1)
    resources.prepare("quill", behind=True)
    assert begun.wait(60) and resources.filling("quill")
    library = resources.library("quill")
    assert not library.dense_ready and modules(library, "What is the cat called?") == {"bm25", "focus"}
    go_on.set()
    resources._filling["quill"].join(60)
    assert resources.library("quill") is library and library.dense_ready
    add_text(persona, resources.library_folder("quill"), embedder, tea)
    assert resources.library("quill") is not library
    resources.close()


def test_closing_ends_a_filling_and_the_next_start_goes_on(
    persona: LoadedPersona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.BEHIND", 1)
    embedder = Counting()
    resources = resources_of(tmp_path, embedder)
    resources._closing.set()
    resources.prepare("quill", behind=True)
    resources.close()
    folder = resources.library_folder("quill")
    assert not resources.filling("quill") and embedder.embedded == 0
    assert not opened(folder, embedder).dense_ready
    again = resources_of(tmp_path, embedder)
    again.prepare("quill")
    assert again.library("quill").dense_ready and is_whole(folder, embedder)


def test_a_command_leaves_a_long_filling_to_the_build_and_says_so(
    persona: LoadedPersona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.SOON", 1)
    said: list[str] = []
    resources = resources_of(tmp_path, Counting(), said.append)
    resources.prepare("quill")
    assert "searched by words; 0 of 2 passages by sense so far" in said[-1]
    assert "bakerstreet library build quill" in said[-1]


# ---------------------------------------------------------------------- killed while it is changed


def _dies(where: Any, name: str, call: int, after: bool) -> Callable[[pytest.MonkeyPatch], None]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real, calls = getattr(where, name), [0]

        def dying(*values: Any, **more: Any) -> Any:
            calls[0] += 1
            if calls[0] == call and not after:
                raise Interrupted
            done = real(*values, **more)
            if calls[0] == call:
                raise Interrupted
            return done

        monkeypatch.setattr(where, name, dying)

    return patch


POINTS = {
    "before anything is embedded": _dies(build, "put_into", 1, after=False),
    "when all is embedded": _dies(build, "put_into", 1, after=True),
    "before the index is replaced": _dies(build, "write_index", 1, after=False),
    "behind the index, before its manifest": _dies(build, "write_index", 1, after=True),
    "before what is stale goes": _dies(build, "delete_ids", 1, after=False),
    "when what is stale went": _dies(build, "delete_ids", 1, after=True),
    "while the passages are written": _dies(passages, "_write_passages", 1, after=True),
    # The second rename puts the new index in its place; the first took the old one away.
    "while the index is replaced": _dies(Path, "rename", 2, after=False),
}
OLD_STAYS = ("while the passages are written", "while the index is replaced")


@pytest.mark.parametrize("point", POINTS)
def test_a_change_that_is_killed_anywhere_leaves_the_library_before_or_after_it(
    persona: LoadedPersona, folder: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Counting()
    build_library(persona, folder, embedder, texts=BOOK)
    entry(persona.folder, "cat", "The Cat", "The cat of Thistle Lodge is called Haddock now.")
    with monkeypatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises(Interrupted):
            build_library(persona, folder, embedder, texts=BOOK)
    library = opened(folder, embedder)
    assert library.dense_ready, "it is searched by sense as before"
    said = " ".join(piece.text for piece in library.search("What is the cat called?").evidence)
    assert ("Pilchard" in said) != ("Haddock" in said)
    assert "Pilchard" in said or point not in OLD_STAYS
    build_library(persona, folder, embedder, texts=BOOK)
    assert is_whole(folder, embedder)
    assert "Haddock" in opened(folder, embedder).search("What is the cat called?").evidence[0].text
    assert not [left for left in folder.iterdir() if left.name.startswith(".index")]


@pytest.mark.parametrize(
    "point", ["before anything is embedded", "when all is embedded", "before the index is replaced", *OLD_STAYS]
)
def test_a_fresh_build_that_is_killed_leaves_the_old_library_and_the_next_one_leaves_nothing_of_both(
    persona: LoadedPersona, folder: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Counting()
    build_library(persona, folder, embedder, texts=BOOK)
    entry(persona.folder, "cat", "The Cat", "The cat of Thistle Lodge is called Haddock now.")
    with monkeypatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises(Interrupted):
            build_library(persona, folder, embedder, texts=BOOK, fresh=True)
    library = opened(folder, embedder)
    assert library.dense_ready and modules(library) == {"dense", "bm25", "focus"}
    assert "Pilchard" in library.search("What is the cat called?").evidence[0].text
    build_library(persona, folder, embedder, texts=BOOK, fresh=True)
    assert is_whole(folder, embedder)
    assert "Haddock" in opened(folder, embedder).search("What is the cat called?").evidence[0].text
    assert len(open_chroma(folder, embedder, None)._client.list_collections()) == 1


def test_vectors_that_are_gone_are_named_with_what_to_do_and_a_build_makes_them_again(
    persona: LoadedPersona, folder: Path
) -> None:
    embedder = Counting()
    total = build_library(persona, folder, embedder, texts=BOOK).passages
    for name in open_chroma(folder, embedder, None)._client.list_collections():
        delete_collection(folder, name.name, None)
    library = Library(folder, OpenModels(embedder))
    assert library.search(QUESTION).evidence and "library build quill" in library.why_words
    assert build_library(persona, folder, embedder, texts=BOOK).embedded == total
    assert is_whole(folder, embedder) and modules(opened(folder, embedder)) == {"dense", "bm25", "focus"}


def test_a_text_whose_addition_was_killed_behind_the_index_keeps_its_title(
    persona: LoadedPersona, folder: Path, tea: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Counting()
    build_library(persona, folder, embedder)
    with monkeypatch.context() as patch:
        _dies(build, "write_index", 1, after=True)(patch)
        with pytest.raises(Interrupted):
            add_text(persona, folder, embedder, tea)
    build_library(persona, folder, embedder)
    manifest = read_manifest(folder)
    assert manifest is not None and manifest.complete
    assert manifest.sources["tea.txt"].title == "A Tale of Tea" and manifest.sources["tea.txt"].content


# ---------------------------------------------------------------------- a server that goes away


def test_a_server_that_goes_away_while_it_is_filled_is_named_and_the_next_start_goes_on(
    persona: LoadedPersona, folder: Path, tmp_path: Path
) -> None:
    embedder, port = Counting(), free_port()
    url = f"http://127.0.0.1:{port}"
    with chroma_server(tmp_path / "server", port) as server:
        total = build_library(persona, folder, embedder, texts=BOOK, chroma_url=url, behind=True).passages

        def show(done: int, _: int) -> None:
            if done == 2:
                server.terminate()
                server.wait(20)

        with pytest.raises(LibraryError, match=r"Chroma did not answer.*goes on from there"):
            fill_library(folder, embedder, url, show, batch=2)
        library = Library(folder, OpenModels(embedder), url)
        assert (library.dense_ready, library.embedded) == (False, 2)
        assert "third stair" in library.search(QUESTION).evidence[0].text
    with chroma_server(tmp_path / "server", port):
        assert fill_library(folder, embedder, url) == total - 2
        assert library.dense_ready and is_whole(folder, embedder, url)


def test_a_server_that_goes_away_while_a_library_is_changed_leaves_it_as_it_was(
    persona: LoadedPersona, folder: Path, tea: Path, tmp_path: Path
) -> None:
    embedder, port = Counting(), free_port()
    url = f"http://127.0.0.1:{port}"
    with chroma_server(tmp_path / "server", port):
        build_library(persona, folder, embedder, chroma_url=url)
    before = read_manifest(folder)
    with pytest.raises(LibraryError, match=r"Chroma did not answer: .*BAKERSTREET_CHROMA_URL"):
        add_text(persona, folder, embedder, tea, chroma_url=url)
    assert read_manifest(folder) == before
    assert "tea.txt" not in {passage.source for passage in read_passages(folder)}


# ---------------------------------------------------------------------- several embedders


def test_another_embedder_has_a_collection_of_its_own_that_is_never_searched_stale(
    persona: LoadedPersona, folder: Path, tea: Path
) -> None:
    main, tuned = Counting(), Counting("tuned-retriever:7")
    total = build_library(persona, folder, main, texts=BOOK).passages
    assert fill_dense(folder, tuned, read_passages(folder)) == total
    assert fill_dense(folder, tuned, read_passages(folder)) == 0
    assert open_chroma(folder, tuned, None)._collection.name != open_chroma(folder, main, None)._collection.name
    vector = main.embed_query("What was the teapot of Gorse Hall?")
    opened = Dense(folder, tuned, None, read_passages(folder))
    assert opened.ready and opened.search(vector, 1)
    added = add_text(persona, folder, main, tea).passages
    assert is_whole(folder, main), "the main one's own is changed with the passages"
    stale = Dense(folder, tuned, None, read_passages(folder))
    assert not stale.ready
    with pytest.raises(LibraryError, match="tuned-retriever:7"):
        stale.search(vector, 1)
    assert stale.fill() == added
    at, cosine = stale.search(vector, 1)[0]
    assert read_passages(folder)[at].source == "tea.txt" and cosine > 0.5


def test_the_main_embedder_is_switched_without_the_texts_and_the_old_vectors_go(
    persona: LoadedPersona, folder: Path
) -> None:
    old, new = Counting(), Counting("tuned-retriever:7")
    total = build_library(persona, folder, old, texts=BOOK).passages
    with pytest.raises(LibraryError, match=r"tuned-retriever:7.*--switch-embedder"):
        opened(folder, new)
    new.left = 0
    with pytest.raises(Interrupted):
        switch_embedder(folder, new)
    assert opened(folder, old).dense_ready, "until it is whole, it is the old one's"
    new.left = None
    assert switch_embedder(folder, new) == total
    assert "third stair" in opened(folder, new).search(QUESTION).evidence[0].text
    assert is_whole(folder, new)
    with pytest.raises(LibraryError, match=r"tuned-retriever:7.*--switch-embedder"):
        opened(folder, old)
    client = open_chroma(folder, new, None)._client
    assert len(client.list_collections()) == 1
    assert build_library(persona, folder, new, texts=BOOK).embedded == 0
    assert switch_embedder(folder, old) == total and is_whole(folder, old)


def test_an_embedder_that_reads_less_than_the_passages_hold_is_refused(persona: LoadedPersona, folder: Path) -> None:
    class Short(Counting):
        @property
        def max_tokens(self) -> int:
            return 64

    build_library(persona, folder, Counting())
    with pytest.raises(LibraryError, match=r"256 tokens.*64.*--fresh"):
        switch_embedder(folder, Short("short:1"))
