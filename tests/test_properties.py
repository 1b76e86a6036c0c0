"""What holds for every text: plain form, sentences, words, passages and windows (property tests with hypothesis)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatbot.language import (
    clean_message,
    content_words,
    normal,
    split_sentences,
    stem,
    to_plain,
    words_of,
    written_words,
)
from chatbot.language.normal import comparable, folded
from chatbot.library.search import windows_of
from chatbot.library.search.inquiry import Candidate
from chatbot.library.search.modules.focus import best_windows
from chatbot.library.search.tools import sentences_of
from chatbot.library.texts import TEXT, Passage, Section, cut

# Text of every kind; and prose of marks and words that the rules for sentences turn upon.
ANYTHING = st.text()
WORD = st.sampled_from(
    """He the Dr. Mr. St. No. 7 I i J. H. Watson said, cried snake; "Stop!" "Gone where?" (It was.) etc. Co. (the
    end. ended. What?! wait... o'clock well-worn Holmes’s “Never!” — don’t unextinguishable. 1887. naïve A B.
    [1]""".split()
)
PROSE = st.lists(WORD, max_size=60).map(" ".join)
PARAGRAPHS = st.lists(st.lists(WORD, min_size=1, max_size=60).map(" ".join), max_size=8)


def solid(text: str) -> str:
    """A text without its white space."""
    return "".join(text.split())


def number_of_words(text: str) -> int:
    return len(text.split())


def number_of_pieces(text: str) -> int:
    """Tokens of four characters at most, as a tokenizer has them: a long word is several."""
    return sum(-(-len(word) // 4) for word in text.split())


COUNTS = st.sampled_from([number_of_words, number_of_pieces])


# ---------------------------------------------------------------------- the form of a text


@given(ANYTHING)
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    plain = to_plain(text)
    assert to_plain(plain) == plain
    assert plain == " ".join(plain.split())
    assert not set(plain) & set("“”„‘’—–…\u00a0\n\t")


@given(ANYTHING)
def test_a_cleaned_message_is_in_its_normal_form_without_space_around_it(text: str) -> None:
    clean = clean_message(text)
    assert clean_message(clean) == clean == clean.strip() == normal(text).strip()


@given(ANYTHING)
def test_no_letter_and_no_digit_is_lost_on_the_way_to_the_normal_form_and_to_words(text: str) -> None:
    def held(text: str) -> str:
        return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())

    assert held(normal(text)) == held(text)
    assert held(to_plain(text)) == held(text)
    assert set(held("".join(words_of(text)))) >= set(held(text)) - {"s"}  # a possessive's goes
    assert held("".join(written_words(text))) == held(re.sub(r"(?i)(?<=[^\W_])'s(?![^\W_])", "", to_plain(text)))


@given(ANYTHING)
def test_the_normal_form_of_a_text_is_that_of_its_composed_and_decomposed_letters(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, text)
        assert normal(other) == normal(text)
        assert words_of(other) == words_of(text) == words_of(to_plain(text))
        assert comparable(other) == comparable(text) == comparable(comparable(text))


@given(ANYTHING | PROSE)
def test_sentences_keep_every_character_in_order(text: str) -> None:
    sentences = split_sentences(text)
    assert solid("".join(sentences)) == solid(text)
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)


@given(PROSE)
def test_all_sentences_but_the_last_end_with_a_mark_and_the_next_begins_like_one(text: str) -> None:
    for one, other in pairwise(split_sentences(text)):
        assert one.rstrip("\"')]")[-1] in ".!?"
        assert other.lstrip("\"'([")[0].isupper() or other.lstrip("\"'([")[0].isdigit()


@given(ANYTHING | PROSE, ANYTHING | PROSE)
def test_words_are_found_whatever_stands_beside_them(one: str, other: str) -> None:
    assert words_of(f"{one} {other}") == words_of(one) + words_of(other)
    assert all(word and word == word.lower() and word[0].isalnum() for word in words_of(one))


@given(ANYTHING | WORD)
def test_every_word_has_a_stem_that_is_no_longer_and_begins_like_it(text: str) -> None:
    for word in [text, *words_of(text)]:
        assert len(stem(word)) <= len(folded(word))
        assert stem(word)[:2] == folded(word)[:2]  # stems of English fold accents
    assert content_words(text) <= {stem(word) for word in words_of(text)}


# ---------------------------------------------------------------------- passages


def section(paragraphs: list[str], first: int = 1) -> Section:
    return Section(TEXT, "lamps.txt", "The Red Lamp", "Up", "Ada", tuple(paragraphs), first)


@given(PARAGRAPHS, COUNTS, st.integers(12, 60), st.integers(1, 5))
def test_a_section_is_cut_into_passages_that_hold_each_word_once_in_order_and_fit(
    paragraphs: list[str], count: Callable[[str], int], limit: int, first: int
) -> None:
    passages = list(cut(section(paragraphs, first), count, limit))
    assert " ".join(passage.text for passage in passages).split() == " ".join(paragraphs).split()
    # A word is never cut: one that is longer than a passage may be stands alone.
    assert all(count(passage.indexed()) <= limit or number_of_words(passage.text) == 1 for passage in passages)
    assert len({passage.id for passage in passages}) == len(passages)
    places = [passage.place for passage in passages]
    assert places == sorted(places)
    words_before = 0
    for passage in passages:  # each says in which paragraph its first word stands
        within = sum(words_before >= sum(map(number_of_words, paragraphs[: at + 1])) for at in range(len(paragraphs)))
        assert passage.place == first + within
        words_before += number_of_words(passage.text)


@given(PARAGRAPHS, COUNTS, st.integers(12, 60))
def test_no_two_neighbouring_passages_would_fit_into_one_if_their_paragraphs_do(
    paragraphs: list[str], count: Callable[[str], int], limit: int
) -> None:
    room = limit - count("The Red Lamp. ") - 2
    short = [paragraph for paragraph in paragraphs if count(paragraph) <= room]
    passages = list(cut(section(short), count, limit))
    assert [line for passage in passages for line in passage.text.split("\n")] == short
    for one, other in pairwise(passages):
        assert count(one.text) + count(other.text.split("\n")[0]) > room


# ---------------------------------------------------------------------- windows


def passage_of(text: str) -> Passage:
    return next(iter(cut(section([text]), number_of_words, 10_000)))


@given(st.lists(WORD, min_size=1, max_size=80).map(" ".join), st.integers(1, 60))
def test_every_sentence_has_a_window_of_its_neighbours_within_the_limit(text: str, words: int) -> None:
    passage = passage_of(text)
    sentences = sentences_of(passage.text)
    windows = windows_of(passage, words)
    assert [key for key, _ in windows] == list(sentences)
    for at, (key, window) in enumerate(windows):
        spans = [
            (first, last)
            for first in range(at + 1)
            for last in range(at, len(sentences))
            if " ".join(sentences[first : last + 1]) == window
        ]
        assert spans, "a window is not a run of sentences round its own"
        assert number_of_words(window) <= max(words, number_of_words(key))


@given(
    st.lists(WORD, min_size=1, max_size=80).map(" ".join),
    st.integers(1, 60),
    st.integers(1, 4),
    st.dictionaries(st.sampled_from(["snake", "stop", "watson", "gone", "1887"]), st.floats(0.1, 3), max_size=3),
    st.floats(0, 1),
)
def test_the_best_windows_of_a_passage_are_few_apart_and_say_what_stands_there(
    text: str, words: int, number: int, wanted: dict[str, float], prior: float
) -> None:
    passage = passage_of(text)
    sentences = sentences_of(passage.text)
    found = best_windows(Candidate(passage, 0, 1.0), sentences, wanted, prior, words, number)
    assert 1 <= len(found) <= number
    assert [window.score for window in found] == sorted((window.score for window in found), reverse=True)
    places = sorted((window.first, window.last) for window in found)
    assert all(last < first for (_, last), (first, _) in pairwise(places))
    for window in found:
        assert 0 <= window.first <= window.last < len(sentences)
        assert window.text == " ".join(sentences[window.first : window.last + 1])
        assert window.key in sentences[window.first : window.last + 1]
        assert number_of_words(window.text) <= max(words, number_of_words(window.key))
