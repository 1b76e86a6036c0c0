"""The index on disk: passages read one at a time, BM25 as it is defined, and libraries of the first version."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import bm25s
import numpy as np
import pytest
from kettles import BOOK, Counting, entry, make_persona

from chatbot.errors import LibraryError
from chatbot.library.index.build import build_library
from chatbot.library.index.lexical import Lexical
from chatbot.library.index.manifest import read_manifest
from chatbot.library.index.passage_file import Arranged, Passages, groups_of
from chatbot.library.index.postings import terms
from chatbot.library.index.store import known_ids, open_chroma, read_index, read_passages, write_index
from chatbot.library.search.library import Library
from chatbot.library.search.models import OpenModels
from chatbot.library.texts.passages import CASEBOOK, TEXT, Passage
from personas import LoadedPersona

WORDS = [f"{a}{b}{c}o" for a in "bdfgk" for b in "aiou" for c in "lmnr"]
QUESTION = "Where did Barnaby Quill keep his copper kettle?"


@pytest.fixture
def persona(tmp_path: Path) -> LoadedPersona:
    return make_persona(tmp_path / "personas")


def drawn(number: int, seed: int = 0) -> list[Passage]:
    """Passages of random words, common and rare."""
    draw = random.Random(seed)
    made = []
    for at in range(number):
        text = " ".join(draw.choice(WORDS[: draw.choice((4, 20, 80))]) for _ in range(draw.randint(5, 40)))
        kind = CASEBOOK if at < 3 else TEXT
        made.append(Passage(f"{draw.getrandbits(128):032x}", kind, f"s{at % 3}.txt", f"W {at % 7}", "", at, "", text))
    return made


def reference(texts: list[str]) -> bm25s.BM25:
    index = bm25s.BM25()
    index.index([terms(text) for text in texts], show_progress=False)
    return index


# ---------------------------------------------------------------------- BM25


def test_scores_are_those_of_bm25s(tmp_path: Path) -> None:
    texts = [passage.text for passage in drawn(300)]
    lexical, index = Lexical.build(texts, tmp_path / "bm25"), reference(texts)
    for question in (f"{WORDS[0]} {WORDS[50]} {WORDS[50]}", " ".join(WORDS[10:20]), f"nowhere {WORDS[79]}"):
        known = [term for term in terms(question) if lexical.knows(term)]
        expected = index.get_scores(known)
        found = lexical.search(question, 300)
        assert len(found) == np.count_nonzero(expected) > 0
        assert [score for _, score in found] == pytest.approx(sorted(expected[expected > 0], reverse=True), rel=1e-5)
        assert all(score == pytest.approx(expected[at], rel=1e-5) for at, score in found)
        assert lexical.search(question, 7) == found[:7]


def test_a_question_without_a_known_word_finds_nothing(tmp_path: Path) -> None:
    lexical = Lexical.build([passage.text for passage in drawn(20)], tmp_path / "bm25")
    assert lexical.search("zeppelin", 5) == [] and not lexical.knows("zeppelin")


def test_a_mask_leaves_the_others_out_and_no_score_changed(tmp_path: Path) -> None:
    passages = drawn(200)
    lexical = Lexical.build([passage.text for passage in passages], tmp_path / "bm25")
    question, own = " ".join(WORDS[:3]), groups_of(passages).positions("work", "W 3")
    every = dict(lexical.search(question, 200))
    found = lexical.search(question, 200, own)
    assert [at for at, _ in found] == [at for at, _ in lexical.search(question, 200) if at % 7 == 3] != []
    assert all(score == every[at] for at, score in found)
    truth = np.zeros(200, bool)
    truth[own] = True
    assert lexical.search(question, 200, truth) == found
    assert lexical.search(question, 5, np.empty(0, np.int64)) == []


def test_an_index_that_was_changed_is_the_same_as_one_that_was_written_anew(tmp_path: Path) -> None:
    first, more = drawn(120), drawn(15, seed=1)
    write_index(tmp_path / "changed", first)
    old = read_passages(tmp_path / "changed")
    stays = [at for at in range(120) if at % 5]
    rows = np.array([*stays[:40], *(-1 - at for at in range(15)), *stays[40:]])
    changed = Arranged(old, rows, more)
    wanted = [*(first[at] for at in stays[:40]), *more, *(first[at] for at in stays[40:])]
    assert list(changed) == wanted
    write_index(tmp_path / "changed", changed)
    write_index(tmp_path / "anew", wanted)
    (passages, lexical), (same, expected) = read_index(tmp_path / "changed"), read_index(tmp_path / "anew")
    assert list(passages) == list(same) == wanted and passages.stamp == same.stamp
    for column, name in (("work", "W 2"), ("kind", CASEBOOK), ("source", "s1.txt")):
        positions = passages.groups.positions(column, name)  # type: ignore[arg-type]
        assert positions.tolist() == [at for at, one in enumerate(wanted) if getattr(one, column) == name]
    for question in (" ".join(WORDS[:6]), WORDS[70]):
        found = lexical.search(question, 200)
        assert found == [(at, pytest.approx(score, rel=1e-6)) for at, score in expected.search(question, 200)] != []


def test_a_word_whose_last_passage_went_is_unknown_again(tmp_path: Path) -> None:
    passages = drawn(5)
    rare = Passage("f" * 32, TEXT, "x.txt", "X", "", 1, "", "zeppelin")
    write_index(tmp_path, [*passages, rare])
    assert read_index(tmp_path)[1].knows("zeppelin")
    write_index(tmp_path, Arranged(read_passages(tmp_path), np.arange(5), []))
    assert not read_index(tmp_path)[1].knows("zeppelin")


# ---------------------------------------------------------------------- passages


def test_passages_are_a_sequence_that_finds_them_by_id(tmp_path: Path) -> None:
    made = drawn(50)
    made[8] = Passage(made[7].id[:16] + "0" * 16, *list(vars(made[8]).values())[1:])  # ids that begin alike
    write_index(tmp_path, made)
    passages = read_passages(tmp_path)
    assert isinstance(passages, Passages)
    assert (len(passages), passages[3], passages[-1], passages[2:4]) == (50, made[3], made[-1], made[2:4])
    assert [passages.position(passage.id) for passage in made] == list(range(50))
    assert passages.position("0" * 32) is None and passages.position("no id") is None
    assert passages.id_at(7) == made[7].id
    with pytest.raises(IndexError):
        passages[50]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    write_index(tmp_path / "quill", drawn(5))
    file = tmp_path / "quill" / "index" / "passages.jsonl"
    file.write_bytes(file.read_bytes().replace(b'{"id"', b'["id"', 1))
    passages = read_passages(tmp_path / "quill")
    with pytest.raises(LibraryError, match=r"Line 1 .*library build quill --fresh"):
        passages[0]
    assert passages[1]


def test_an_index_whose_parts_do_not_fit_is_damaged(tmp_path: Path) -> None:
    write_index(tmp_path / "one", drawn(5))
    write_index(tmp_path / "other", drawn(6))
    shutil.rmtree(tmp_path / "one" / "index" / "bm25")
    shutil.copytree(tmp_path / "other" / "index" / "bm25", tmp_path / "one" / "index" / "bm25")
    with pytest.raises(LibraryError, match="damaged"):
        read_index(tmp_path / "one")


# ---------------------------------------------------------------------- the first version


def as_first_version(folder: Path) -> None:
    """Turn a library into one as the first version wrote it."""
    passages = list(read_passages(folder))
    manifest = json.loads((folder / "manifest.json").read_text())
    shutil.rmtree(folder / "index")
    (folder / "index").mkdir()
    rows = "".join(json.dumps(vars(passage), ensure_ascii=False) + "\n" for passage in passages)
    (folder / "index" / "passages.jsonl").write_text(rows, encoding="utf-8")
    reference([passage.indexed() for passage in passages]).save(str(folder / "index" / "bm25"), show_progress=False)
    kept = {name: manifest[name] for name in ("embedder", "complete", "sources")}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, **kept}))


def test_a_library_of_the_first_version_is_searched_and_changed_without_being_built_anew(
    persona: LoadedPersona, tmp_path: Path
) -> None:
    folder, embedder = tmp_path / "quill", Counting()
    total = build_library(persona, folder, embedder, texts=BOOK).passages
    before = Library(folder, OpenModels(embedder)).search(QUESTION)
    as_first_version(folder)
    library = Library(folder, OpenModels(embedder))
    assert (library.dense_ready, library.embedded, library.total) == (True, total, total)
    found = library.search(QUESTION)
    assert [piece.text for piece in found.evidence] == [piece.text for piece in before.evidence]
    assert {"dense", "bm25", "fuse", "focus"} <= {reason.module for reason in found.evidence[0].reasons}
    assert library.positions("kind", CASEBOOK).tolist() == [0, 1]
    entry(persona.folder, "cat", "The Cat", "The cat of Thistle Lodge is called Haddock now.")
    changed = build_library(persona, folder, embedder)
    assert (changed.passages, changed.embedded, changed.removed) == (total, 1, 1)
    manifest = read_manifest(folder)
    assert manifest is not None and (manifest.version, manifest.complete) == (2, True)
    assert known_ids(open_chroma(folder, embedder, None)) == {passage.id for passage in read_passages(folder)}
    assert "Haddock" in Library(folder, OpenModels(embedder)).search("What is the cat called?").evidence[0].text
