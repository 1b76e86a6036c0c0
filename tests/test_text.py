"""Sentences, stems, a cleaned message and plain punctuation."""

from __future__ import annotations

import pytest

from chatbot.language import clean_message, content_words, gives, split_sentences, stem, to_plain, words_of


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("Dr. J. H. Watson came in. He sat down.", ["Dr. J. H. Watson came in.", "He sat down."]),
        ("I wrote to Messrs. Pike and Co. London that day.", ["I wrote to Messrs. Pike and Co. London that day."]),
        ("Call at No. 7 Lime Street. Ask for Mrs. Hudson.", ["Call at No. 7 Lime Street.", "Ask for Mrs. Hudson."]),
        ("The thief was I. Nobody knew.", ["The thief was I.", "Nobody knew."]),
        ('"Stop!" he cried. "Never!" said she.', ['"Stop!" he cried.', '"Never!" said she.']),
        ('"He is gone." "Gone where?"', ['"He is gone."', '"Gone where?"']),
        ("What now?! We wait... Then we go.", ["What now?!", "We wait...", "Then we go."]),
        ("He came late. 12 men saw him.", ["He came late.", "12 men saw him."]),
        ("No stop at the end", ["No stop at the end"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_a_paragraph_is_split_at_the_ends_of_its_sentences_only(paragraph: str, sentences: list[str]) -> None:
    assert split_sentences(paragraph) == sentences


def test_no_word_is_lost_between_sentences() -> None:
    paragraph = 'Mr. Pike laughed. "Is it you?" he asked. (It was.) St. Ives lay behind us! And so home'
    assert " ".join(split_sentences(paragraph)) == paragraph


@pytest.mark.parametrize(
    "family",
    [
        ("case", "cases"),
        ("story", "stories"),
        ("box", "boxes"),
        ("watch", "watches", "watched", "watching"),
        ("stop", "stops", "stopped", "stopping"),
        ("arrive", "arrives", "arrived", "arriving"),
        ("kill", "kills", "killed", "killing"),
    ],
)
def test_the_regular_forms_of_a_word_have_one_stem(family: tuple[str, ...]) -> None:
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize("word", ["glass", "gas", "this", "genius", "red", "king", "string", "bed"])
def test_an_ending_that_belongs_to_the_word_is_left_on_it(word: str) -> None:
    assert stem(word) == word


def test_different_words_keep_different_stems() -> None:
    words = ["snake", "snare", "ring", "king", "letter", "league", "hound", "house"]
    assert len({stem(word) for word in words}) == len(words)


def test_words_are_lower_case_and_lose_the_possessive() -> None:
    assert words_of("Holmes’s RED-HEADED client's 3 o'clock") == ["holmes", "red-headed", "client", "3", "o'clock"]


def test_content_words_leave_out_what_carries_no_meaning() -> None:
    assert content_words("Who was the man that had killed the geese?") == {stem("man"), stem("kill"), stem("geese")}
    assert content_words("who is that") == frozenset()


def test_control_characters_are_dropped_from_a_message() -> None:
    assert clean_message("Who\x00 is\x07 Moriarty\x1b?\x7f\u0085") == "Who is Moriarty?"


def test_halves_of_characters_and_characters_nobody_has_defined_are_dropped() -> None:
    assert clean_message("a\ud83d b\ue000 c\uffff") == "a b c"


def test_line_ends_tabs_and_every_script_stay_in_a_message() -> None:
    assert clean_message("one\n\ttwo — “três” 三 🔍") == "one\n\ttwo — “três” 三 🔍"


def test_space_around_a_message_goes() -> None:
    assert clean_message(" \n hello \t ") == "hello"
    assert clean_message("\x00 \n\x1b") == ""


def test_typographers_marks_become_ascii() -> None:
    assert to_plain("“I’m here—now,” he said… ‘1887–88’") == "\"I'm here--now,\" he said... '1887-88'"


def test_runs_of_white_space_become_one_space() -> None:
    assert to_plain("  a\u00a0 b\n\n\tc ") == "a b c"


@pytest.mark.parametrize(
    ("text", "answer", "given"),
    [
        ("There were 39 beryls in it.", "thirty-nine", True),
        ("It was five thousand pounds.", "5000", True),
        ("£5,000, and no less.", "five thousand", True),
        ("I sat in my dressing-gown.", "dressing gown", True),
        ("A swamp adder, sir.", "Swamp-Adder", True),
        ("The page was numbered 245.", "forty-five", False),
        ("There were seven of them.", "seventeen", False),
        ("The second man had gone.", "2", False),
        ("Swamp adders.", "swamp adder", False),  # whole words
    ],
)
def test_an_answer_is_given_however_its_numbers_and_compounds_are_written(text: str, answer: str, given: bool) -> None:
    assert gives(text, answer) is given
