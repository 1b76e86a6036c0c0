"""The index on disk: passages read one at a time, BM25, and changes that leave the rest as it was."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from kettles import BOOK, Counting, make_persona

from chatbot.errors import LibraryError
from chatbot.library.index import Lexical, add_text, build_library, index_stamp, read_manifest, read_passages, terms
from chatbot.library.index.manifest import FORMAT, SourceEntry, source_name
from chatbot.library.index.passages import write_index
from chatbot.library.search import Library, OpenModels
from chatbot.library.texts import CASEBOOK, TEXT, Passage
from personas import LoadedPersona

WORDS = [f"{a}{b}{c}o" for a in "bdfgk" for b in "aiou" for c in "lmnr"]


@pytest.fixture
def persona(tmp_path: Path) -> LoadedPersona:
    return make_persona(tmp_path / "personas")


def drawn(number: int, seed: int = 0) -> list[Passage]:
    """Passages of random words, common and rare; the first three are of the casebook."""
    draw = random.Random(seed)
    made = []
    for at in range(number):
        text = " ".join(draw.choice(WORDS[: draw.choice((4, 20, 80))]) for _ in range(draw.randint(5, 40)))
        kind = CASEBOOK if at < 3 else TEXT
        source = f"s{3 * at // number}.txt"
        made.append(Passage(f"{draw.getrandbits(128):032x}", kind, source, f"W {at % 7}", "", at, "", text))
    return made


def write(folder: Path, passages: list[Passage], changes: dict[str, list[Passage]] | None = None) -> None:
    """Write an index of passages; with changes, change the one that stands to hold these passages."""
    by_source: dict[str, list[Passage]] = {}
    for passage in passages:
        by_source.setdefault(source_name(passage), []).append(passage)
    entries = {name: SourceEntry.of(name, some) for name, some in by_source.items()}
    write_index(folder, read_passages(folder) if changes is not None else None, changes or by_source, entries)


# ---------------------------------------------------------------------- BM25


def test_scores_are_bm25s() -> None:
    """Lengths below 40 are kept exactly, so the formula can be computed here."""
    texts = [passage.text for passage in drawn(300)]
    lexical, held = Lexical.build(texts), [terms(text) for text in texts]
    mean = sum(map(len, held)) / len(held)
    question = [WORDS[0], WORDS[50], WORDS[50]]

    def score(words: list[str]) -> float:
        total = 0.0
        for word in question:
            frequency, among = words.count(word), sum(word in other for other in held)
            rarity = math.log(1 + (len(held) - among + 0.5) / (among + 0.5))
            total += rarity * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * len(words) / mean))
        return total

    found = lexical.search(" ".join(question), 300)
    expected = {at: score(words) for at, words in enumerate(held) if score(words) > 0}
    assert dict(found) == {at: pytest.approx(value, rel=1e-4) for at, value in expected.items()}
    assert [value for _, value in found] == sorted((value for _, value in found), reverse=True)
    assert lexical.search(" ".join(question), 7) == found[:7]


def test_a_question_without_a_known_word_finds_nothing() -> None:
    lexical = Lexical.build([passage.text for passage in drawn(20)])
    assert lexical.search("zeppelin", 5) == [] and not lexical.knows("zeppelin")
    assert lexical.search("the", 5) == [] and lexical.search(WORDS[0], 0) == []
    assert lexical.unknown(f"Which zeppelin is {WORDS[0]}, and which zeppelin not?") == ("zeppelin",)


def test_a_search_within_works_leaves_the_others_out_and_changes_no_score(tmp_path: Path) -> None:
    write(tmp_path, drawn(200))
    passages = read_passages(tmp_path)
    lexical, question = passages.lexical, " ".join(WORDS[:3])
    every = lexical.search(question, 200)
    for works in (["W 3"], ["W 3", "W 5"]):
        found = lexical.search(question, 200, works)
        assert found == [(at, pytest.approx(score)) for at, score in every if passages[at].work in works] != []
    assert lexical.search(question, 5, ["no such work"]) == lexical.search(question, 5, []) == []


# ---------------------------------------------------------------------- passages


def test_passages_are_read_by_position_and_found_by_id_source_and_work(tmp_path: Path) -> None:
    made = drawn(50)
    write(tmp_path, made)
    passages = read_passages(tmp_path)
    assert (len(passages), passages[3], list(passages)) == (50, made[3], made)
    assert passages.positions_of([made[7].id, "0" * 32, made[2].id]) == [7, None, 2]
    assert passages.ids() == {passage.id: at for at, passage in enumerate(made)}
    assert passages.ids([CASEBOOK]) == {passage.id: at for at, passage in enumerate(made[:3])}
    assert passages.of_source(CASEBOOK) == {0, 1, 2} and passages.of_source("s0.txt") == set(range(3, 17))
    assert passages.of_works(["W 2", "W 4"]) == {at for at in range(50) if at % 7 in (2, 4)}
    for nowhere in (50, -1):
        with pytest.raises(IndexError):
            passages[nowhere]


def test_a_change_replaces_whole_sources_and_leaves_the_others_at_their_positions(tmp_path: Path) -> None:
    made, more = drawn(60), drawn(9, seed=1)
    write(tmp_path, made)
    before = read_passages(tmp_path)
    renewed = [*made[40:50], *more]  # the last source loses ten passages and gets nine
    renewed = [Passage(**(vars(passage) | {"kind": TEXT, "source": "s2.txt"})) for passage in renewed]
    write(tmp_path, [*made[:40], *renewed], {"s2.txt": renewed})
    after = read_passages(tmp_path)
    assert list(after) == [*made[:40], *renewed]
    assert sorted(after.ids().values()) == [*range(40), *range(60, 79)]
    with pytest.raises(IndexError):
        after[55]
    assert {at for at, _ in after.lexical.search(" ".join(WORDS), 100)} <= {*range(40), *range(60, 79)}
    assert list(before) == made and before[55] == made[55], "an opened index does not change"


def test_the_stamp_names_the_set_of_passages(tmp_path: Path) -> None:
    made, more = drawn(20), drawn(3, seed=1)
    write(tmp_path, made)
    before, written = read_passages(tmp_path), index_stamp(tmp_path)
    write(tmp_path, [*made, *more], {"casebook": [*made[:3], *more]})
    assert read_passages(tmp_path).stamp != before.stamp and index_stamp(tmp_path) != written
    write(tmp_path, made, {"casebook": made[:3]})
    assert read_passages(tmp_path).stamp == before.stamp


def test_a_word_whose_last_passage_was_removed_is_unknown_again(tmp_path: Path) -> None:
    passages = drawn(5)
    write(tmp_path, [*passages, Passage("f" * 32, TEXT, "x.txt", "X", "", 1, "", "zeppelin")])
    assert read_passages(tmp_path).lexical.knows("zeppelin")
    write(tmp_path, passages, {"x.txt": []})
    assert not read_passages(tmp_path).lexical.knows("zeppelin")


def test_an_index_whose_parts_do_not_fit_is_damaged(tmp_path: Path) -> None:
    write(tmp_path / "one", drawn(5))
    write(tmp_path / "other", drawn(6))
    (tmp_path / "one" / "index" / "contents.json").write_bytes(
        (tmp_path / "other" / "index" / "contents.json").read_bytes()
    )
    with pytest.raises(LibraryError, match=r"damaged.*library build one --fresh"):
        read_passages(tmp_path / "one")


def test_a_library_of_an_earlier_version_is_refused_until_it_is_built_again(
    persona: LoadedPersona, tmp_path: Path
) -> None:
    folder, embedder = tmp_path / "quill", Counting()
    build_library(persona, folder, embedder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": 2, "complete": True}))
    for use in (
        lambda: Library(folder, OpenModels(embedder)),
        lambda: build_library(persona, folder, embedder, texts=BOOK),
    ):
        with pytest.raises(LibraryError, match=r"another version.*library build quill --fresh"):
            use()
    build_library(persona, folder, embedder, texts=BOOK, fresh=True)
    renewed = read_manifest(folder)
    assert renewed is not None and renewed.complete and set(renewed.sources) == {"casebook", "kettles.txt"}


@pytest.mark.parametrize("format_", [None, FORMAT - 1, FORMAT + 1])
def test_an_index_of_another_form_of_text_is_refused_with_a_line_and_built_anew(
    persona: LoadedPersona, tmp_path: Path, format_: int | None
) -> None:
    folder, embedder = tmp_path / "quill", Counting()
    build_library(persona, folder, embedder, texts=BOOK)
    (tmp_path / "tea.txt").write_text("The tea at Thistle Lodge was green.", encoding="utf-8")
    add_text(persona, folder, embedder, tmp_path / "tea.txt")
    contents = folder / "index" / "contents.json"
    stated = json.loads(contents.read_text(encoding="utf-8"))
    assert stated.pop("format") == FORMAT
    contents.write_text(json.dumps(stated if format_ is None else stated | {"format": format_}), encoding="utf-8")
    for use in (read_manifest, read_passages, lambda place: build_library(persona, place, embedder, texts=BOOK)):
        with pytest.raises(LibraryError, match=r"another version.*library build quill --fresh.*again: tea\.txt\.$"):
            use(folder)
    build_library(persona, folder, embedder, texts=BOOK, fresh=True)
    assert Library(folder, OpenModels(embedder)).search("Where was the copper kettle kept?").evidence
