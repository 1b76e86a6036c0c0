"""Sections cut into passages that fit the embedder."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from chatbot.library.encoders.embedder import Embedder
from chatbot.library.texts.books import sections_of
from chatbot.library.texts.passages import LETTERS, TEXT, Passage, Section, cut
from chatbot.library.texts.source_file import read_source_file
from personas import LoadedPersona

WORDS = "the keeper Ada lamp oil 1887 stair well-worn brass, rope; gale o'clock harbour St. unextinguishable".split()


def words(text: str) -> int:
    return len(text.split())


def section(*paragraphs: str, chapter: str = "Up", first: int = 1) -> Section:
    return Section(TEXT, "lamps.txt", "The Red Lamp", chapter, "Ada", paragraphs, first)


def texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in passages]


def sentence(length: int, chance: random.Random) -> str:
    return "So " + " ".join(chance.choices(WORDS, k=length - 2)) + " ended."


def invented(chance: random.Random) -> Section:
    """Paragraphs of every length, with sentences that are longer than a passage may be."""
    paragraphs = [
        " ".join(sentence(chance.choice((4, 9, 15, 60)), chance) for _ in range(chance.randint(1, 9)))
        for _ in range(30)
    ]
    return section(*paragraphs)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limit", [24, 50, 120])
def test_every_word_is_kept_in_order_and_no_passage_is_too_long(seed: int, limit: int) -> None:
    whole = invented(random.Random(seed))
    passages = list(cut(whole, words, limit))
    assert " ".join(texts(passages)).split() == " ".join(whole.paragraphs).split()
    assert max(words(passage.indexed()) for passage in passages) <= limit


@pytest.mark.parametrize("seed", range(3))
def test_no_passage_is_longer_than_the_embedder_reads(embedder: Embedder, seed: int) -> None:
    whole = invented(random.Random(seed))
    passages = list(cut(whole, embedder.count, embedder.max_tokens))
    assert " ".join(texts(passages)).split() == " ".join(whole.paragraphs).split()
    assert max(embedder.count(passage.indexed()) for passage in passages) <= embedder.max_tokens


def test_a_sentence_of_words_with_many_tokens_fits_the_embedder_too(embedder: Embedder) -> None:
    cipher = " ".join(f"{number},{number * 7},{number * 13}" for number in range(100_000, 100_200))
    passages = list(cut(section(cipher), embedder.count, embedder.max_tokens))
    assert " ".join(texts(passages)) == cipher
    assert max(embedder.count(passage.indexed()) for passage in passages) <= embedder.max_tokens


def test_a_long_paragraph_is_cut_at_the_ends_of_sentences() -> None:
    paragraph = " ".join(f"Lamp {number} was lit by Mr. Pike at dusk." for number in range(20))
    passages = list(cut(section(paragraph), words, 40))
    assert len(passages) > 3
    for passage in passages:
        assert passage.text.startswith("Lamp ")
        assert passage.text.endswith("at dusk.")


def test_a_sentence_that_is_too_long_by_itself_is_cut_at_its_commas() -> None:
    clauses = [f"the lamp of tower {number} went out" for number in range(12)]
    passages = list(cut(section(", ".join(clauses) + "."), words, 30))
    assert len(passages) > 2
    for passage in passages:
        assert passage.text.startswith("the lamp")
        assert passage.text.endswith(("out,", "out."))


def test_paragraphs_that_fit_are_kept_whole_and_packed_together() -> None:
    chance = random.Random(1)
    paragraphs = [sentence(chance.randint(4, 14), chance) for _ in range(40)]
    passages = list(cut(section(*paragraphs), words, 40))
    assert [paragraph for passage in passages for paragraph in passage.text.split("\n")] == paragraphs
    assert len(passages) < len(paragraphs) / 2


def test_a_passage_says_where_it_comes_from_and_at_which_paragraph_it_begins() -> None:
    paragraphs = [f"{word} " * 9 + "end." for word in ("one", "two", "three")]
    passages = list(cut(section(*paragraphs, first=12), words, 16))
    assert [passage.place for passage in passages] == [12, 13, 14]
    passage = passages[0]
    assert (passage.kind, passage.source, passage.work) == (TEXT, "lamps.txt", "The Red Lamp")
    assert (passage.chapter, passage.narrator) == ("Up", "Ada")
    assert passage.metadata() == {
        "id": passage.id,
        "kind": TEXT,
        "source": "lamps.txt",
        "work": "The Red Lamp",
        "chapter": "Up",
        "place": 12,
        "narrator": "Ada",
    }


def test_the_work_is_searched_together_with_the_text() -> None:
    (passage,) = cut(section("It burned."), words, 20)
    assert passage.indexed() == "The Red Lamp. It burned."


def test_the_same_section_gives_the_same_ids() -> None:
    whole = invented(random.Random(3))
    assert [p.id for p in cut(whole, words, 50)] == [p.id for p in cut(whole, words, 50)]


def test_ids_differ_where_text_or_place_differ() -> None:
    repeated = ["It burned all night and nobody came."] * 3
    passages = [*cut(section(*repeated), words, 14), *cut(section(*repeated, chapter="Down"), words, 14)]
    assert len(passages) == 6
    assert len({passage.id for passage in passages}) == 6


def test_an_empty_section_gives_no_passages() -> None:
    assert list(cut(section(), words, 20)) == []


@pytest.mark.canon
def test_the_nine_books_lose_no_word_and_fit_the_embedder(
    canon: Path, sherlock: LoadedPersona, embedder: Embedder
) -> None:
    count: Callable[[str], int] = embedder.count
    ids: list[str] = []
    for source in sherlock.persona.sources:
        for whole in sections_of(source, read_source_file(canon / source.file)):
            passages = list(cut(whole, count, embedder.max_tokens))
            assert " ".join(texts(passages)).split() == " ".join(whole.paragraphs).split()
            assert all(count(passage.indexed()) <= embedder.max_tokens for passage in passages)
            ids += [passage.id for passage in passages]
    assert len(ids) == len(set(ids)) > 3000


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["word " * 400_000, "a" * 2_000_000, "Dr. " * 500_000, "A. B. " * 300_000, "a-" * 1_000_000, "\u4e00" * 700_000],
    ids=["word", "letter", "title", "initials", "hyphens", "signs"],
)
def test_a_text_of_one_word_is_cut_in_a_time_that_grows_as_it_does(text: str) -> None:
    counted: list[int] = []

    def count(part: str) -> int:
        counted.append(len(part))
        return len(part) // 4 + 2 if part else 2

    passages = list(cut(section(text), count, 250))
    assert "".join("".join(texts(passages)).split()) == text.replace(" ", "")
    assert max(len(passage.text) for passage in passages) <= 250 * LETTERS
    assert sum(counted) < 4 * len(text)


def test_a_word_without_end_is_cut_though_the_tokenizer_sees_one_token_in_it(embedder: Embedder) -> None:
    passages = list(cut(section("x" * 50_000), embedder.count, embedder.max_tokens))
    assert len(passages) > 5
    assert "".join(texts(passages)).replace(" ", "") == "x" * 50_000
