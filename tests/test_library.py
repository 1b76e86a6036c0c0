"""The library with the real embedder and Chroma: built, built again, killed, searched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from kettles import BOOK, Counting, Interrupted, chroma_server, entry, free_port, make_persona

from chatbot.errors import LibraryError
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index.build import build_library
from chatbot.library.index.chroma import known_ids, open_chroma
from chatbot.library.index.manifest import read_manifest
from chatbot.library.search.inquiry import Ranking
from chatbot.library.search.library import Library
from chatbot.library.search.models import OpenModels
from chatbot.library.search.modules.retrieval import fused
from chatbot.library.search.plans import FUSED, NAIVE
from personas import LoadedPersona


@pytest.fixture
def persona(tmp_path: Path) -> LoadedPersona:
    """A persona of our own with two casebook entries and one book."""
    return make_persona(tmp_path / "personas")


@pytest.fixture
def book() -> dict[str, str]:
    return dict(BOOK)


def works(evidence: Sequence[object]) -> list[str]:
    return [piece.passage.work for piece in evidence]  # type: ignore[attr-defined]


def test_a_question_finds_its_passage_with_work_chapter_and_narrator(
    persona: LoadedPersona, book: dict[str, str], tmp_path: Path
) -> None:
    embedder = Embedder()
    build_library(persona, tmp_path / "quill", embedder, texts=book)
    found = Library(tmp_path / "quill", OpenModels(embedder)).search("Where did Barnaby Quill keep his copper kettle?")
    best = found.evidence[0]
    assert not found.weak
    assert "under the third stair" in best.text
    assert (best.passage.work, best.passage.chapter) == ("A Tale of Two Kettles", "Chapter 1: The Copper Kettle")
    assert best.passage.narrator == "Wren"
    assert [reason.module for reason in best.reasons] == ["dense", "bm25", "fuse", "focus", "sentence-window"]
    assert len(best.text) < len(best.passage.text)


def test_building_again_embeds_only_what_changed(persona: LoadedPersona, book: dict[str, str], tmp_path: Path) -> None:
    embedder = Counting()
    first = build_library(persona, tmp_path / "quill", embedder, texts=book)
    assert first.embedded == first.passages == embedder.embedded
    assert build_library(persona, tmp_path / "quill", embedder, texts=book).embedded == 0
    entry(persona.folder, "cat", "The Cat", "The cat of Thistle Lodge is called Haddock now.")
    changed = build_library(persona, tmp_path / "quill", embedder, texts=book)
    assert (changed.embedded, changed.removed) == (1, 1)
    found = Library(tmp_path / "quill", OpenModels(embedder)).search("What is the cat called?")
    assert "Haddock" in found.evidence[0].text
    assert not any("Pilchard" in piece.text for piece in found.evidence)


def test_bringing_the_casebook_up_to_date_leaves_the_books(
    persona: LoadedPersona, book: dict[str, str], tmp_path: Path
) -> None:
    embedder = Counting()
    whole = build_library(persona, tmp_path / "quill", embedder, texts=book)
    again = build_library(persona, tmp_path / "quill", embedder)
    assert (again.passages, again.embedded, again.removed) == (whole.passages, 0, 0)
    manifest = read_manifest(tmp_path / "quill")
    assert manifest is not None
    assert set(manifest.sources) == {"casebook", "kettles.txt"}


def test_a_build_that_was_killed_goes_on_where_it_stopped(
    persona: LoadedPersona, book: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.library.index.build.BATCH", 2)
    embedder = Counting()
    embedder.left = 2
    with pytest.raises(Interrupted):
        build_library(persona, tmp_path / "quill", embedder, texts=book)
    kept = len(known_ids(tmp_path, open_chroma(tmp_path / "quill", embedder, None)))
    assert kept == 2
    embedder.left = None
    built = build_library(persona, tmp_path / "quill", embedder, texts=book)
    assert built.embedded == built.passages - kept
    assert Library(tmp_path / "quill", OpenModels(embedder)).search("What was the iron kettle sold for?").evidence


def test_a_source_that_cannot_be_used_changes_nothing(
    persona: LoadedPersona, book: dict[str, str], tmp_path: Path
) -> None:
    embedder = Counting()
    before = build_library(persona, tmp_path / "quill", embedder, texts=book)
    (persona.casebook / "broken.md").write_text("no head at all")
    after = build_library(persona, tmp_path / "quill", embedder, texts=book)
    assert (after.passages, after.embedded, after.removed) == (before.passages, 0, 0)
    assert len(after.notes) == 1 and "is left out" in after.notes[0]
    assert len(Library(tmp_path / "quill", OpenModels(embedder)).passages) == before.passages


def test_a_library_of_another_embedder_is_refused_until_it_is_built_anew(
    persona: LoadedPersona, tmp_path: Path
) -> None:
    embedder = Embedder()
    folder = tmp_path / "quill"
    build_library(persona, folder, embedder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"embedder": "other-model:1"}))
    with pytest.raises(LibraryError, match=r"other-model:1.*--fresh"):
        Library(folder, OpenModels(embedder))
    with pytest.raises(LibraryError, match=r"other-model:1"):
        build_library(persona, folder, embedder)
    assert build_library(persona, folder, embedder, fresh=True).embedded > 0
    assert Library(folder, OpenModels(embedder)).passages


def test_a_missing_or_damaged_library_says_what_to_do(persona: LoadedPersona, tmp_path: Path) -> None:
    embedder = Embedder()
    with pytest.raises(LibraryError, match="bakerstreet library build quill"):
        Library(tmp_path / "quill", OpenModels(embedder))
    build_library(persona, tmp_path / "quill", embedder)
    for file in (tmp_path / "quill" / "index").glob("*.store"):
        file.write_text("{")
    with pytest.raises(LibraryError, match="damaged"):
        Library(tmp_path / "quill", OpenModels(embedder))
    (tmp_path / "quill" / "manifest.json").write_text("{")
    with pytest.raises(LibraryError, match="damaged"):
        Library(tmp_path / "quill", OpenModels(embedder))


def test_a_chroma_server_that_is_away_is_named(persona: LoadedPersona, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"127\.0\.0\.1:9"):
        open_chroma(tmp_path / "quill", Embedder(), "http://127.0.0.1:9")
    with pytest.raises(LibraryError, match="no address"):
        open_chroma(tmp_path / "quill", Embedder(), "somewhere")


def test_a_chroma_server_holds_the_library_as_well(
    persona: LoadedPersona, book: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    url, embedder = f"http://127.0.0.1:{port}", Embedder()
    with chroma_server(tmp_path / "server", port):
        build_library(persona, tmp_path / "quill", embedder, texts=book, chroma_url=url)
        library = Library(tmp_path / "quill", OpenModels(embedder), url)
        assert "third stair" in library.search("Where was the copper kettle kept?").evidence[0].text
        assert not (tmp_path / "quill" / "chroma").exists()
    found = library.search("Where was the iron kettle sold?")
    assert "Sea Mew" in found.evidence[0].text
    assert "Chroma did not answer" in next(step.note for step in found.steps if step.module == "dense")


def test_the_naive_plan_hands_over_whole_passages_and_the_fused_one_less(library: Library) -> None:
    question = "What animals did Dr. Roylott keep at Stoke Moran?"
    naive, cut_down = library.search(question, NAIVE), library.search(question, FUSED)
    assert all(piece.text == piece.passage.text for piece in naive.evidence)
    assert sum(len(piece.text) for piece in cut_down.evidence) < 0.6 * sum(len(piece.text) for piece in naive.evidence)


@pytest.mark.parametrize(
    ("question", "work"),
    [
        ("What killed Julia Stoner?", "The Speckled Band"),
        ("Why was Jabez Wilson paid to copy an encyclopaedia?", "The Red-Headed League"),
        ("Where was the blue carbuncle found?", "The Blue Carbuncle"),
        ("Who was the owner of Silver Blaze?", "Silver Blaze"),
        ("What did Stapleton paint the hound with?", "The Hound of the Baskervilles"),
    ],
)
def test_the_casebook_alone_finds_the_right_case(library: Library, question: str, work: str) -> None:
    found = library.search(question)
    assert not found.weak
    assert found.evidence[0].passage.work == work


@pytest.mark.parametrize(
    "question", ["What do you think of the iPhone?", "Who plays you on Netflix?", "How does a nuclear reactor work?"]
)
def test_what_is_not_in_the_books_is_known_to_be_weak(library: Library, question: str) -> None:
    found = library.search(question)
    assert found.weak
    assert found.unknown


def test_fusing_prefers_what_both_lists_hold_and_weighs_the_casebook() -> None:
    one, two, three = range(3)
    lists = [Ranking("a", 1.0, ((one, 0.9), (two, 0.8))), Ranking("b", 1.0, ((two, 5.0), (three, 4.0)))]
    scores = fused(lists)
    assert max(scores, key=scores.__getitem__) == two
    assert scores[two] == pytest.approx(1 / 62 + 1 / 61)
    text, casebook = 3, 4
    level = [Ranking("a", 1.0, ((text, 0.9),)), Ranking("b", 1.0, ((casebook, 1.0),))]
    assert fused(level)[text] == fused(level)[casebook]
    weighed = fused(level, lambda position: 2.0 if position == casebook else 1.0)
    assert weighed[casebook] == 2 * weighed[text]
    lighter = fused([level[0], Ranking("b", 0.5, ((casebook, 1.0),))])
    assert lighter[casebook] == lighter[text] / 2


@pytest.mark.canon
def test_every_book_of_the_canon_can_be_cut_within_the_embedders_window(canon: Path, sherlock: LoadedPersona) -> None:
    from chatbot.library.texts.books import sections_of
    from chatbot.library.texts.passages import cut
    from chatbot.library.texts.source_file import read_source_file

    embedder = Embedder()
    for source in sherlock.persona.sources[-1:]:
        for section in sections_of(source, read_source_file(canon / source.file)):
            for passage in cut(section, embedder.count, embedder.max_tokens - 4):
                assert embedder.count(passage.indexed()) <= embedder.max_tokens
