"""Drafts of a reply: what of each may be said, and which of them is the best."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chatbot.drafts import Candidate, Jury, alike
from chatbot.language import ENGLISH, split_sentences

SOURCES = (
    "Barnaby Quill kept a copper kettle under the third stair of Thistle Lodge. He polished it every "
    "Sunday that came. It was dry and quiet in there.",
)
OPENING = "Under the third stair"
FIRST = "Under the third stair of Thistle Lodge, where it was dry."
SECOND = "He polished it on every Sunday that came."


def jury(**parts: Any) -> Jury:
    return Jury(**{"sources": SOURCES, "earlier": (), "language": ENGLISH, **parts})


def doubting(word: str) -> Any:
    """A support check that believes no sentence in which a word stands."""

    def unsupported(text: str) -> Sequence[str]:
        return [sentence for sentence in split_sentences(text, ENGLISH) if word in sentence]

    return unsupported


def test_what_rests_on_the_evidence_is_kept_whole() -> None:
    judged = jury(tone=lambda text: 0.7, unsupported=doubting("never")).judged(f"{FIRST} {SECOND}", OPENING)
    assert judged == Candidate(f"{FIRST} {SECOND}", 0.7, "", f"{FIRST} {SECOND}", 0.7)


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Inspector Fotheringay saw it there.", "not in the evidence: .*Fotheringay"),
        ("He bought it for 19 shillings.", "not in the evidence: 19"),
        ("Nobody suspects the gardener or his tall daughter.", "hardly a word of it is in the evidence"),
        ("Under the third stair of Thistle Lodge it was dry.", "says the same twice: Under the third"),
    ],
    ids=["name", "number", "words", "twice"],
)
def test_a_draft_ends_before_the_first_sentence_that_is_wrong_and_is_worth_less(sentence: str, why: str) -> None:
    judge = jury(tone=lambda text: 0.7)
    judged = judge.judged(f"{FIRST} {sentence} {SECOND}", OPENING)
    assert judged.text == FIRST
    assert 0 < judged.worth < judge.judged(FIRST, OPENING).worth
    assert re.match(why, judged.why)


def test_the_words_that_a_draft_was_told_to_begin_with_are_not_judged() -> None:
    judge = jury(sources=("He kept it dry.",))
    judged = judge.judged("At Thistle Lodge. He kept it dry in there.", "At Thistle Lodge")
    assert (judged.text, judged.why) == ("At Thistle Lodge. He kept it dry in there.", "")
    assert judge.judged("At Thistle Lodge. He kept it dry in there.", "").text == ""


def test_of_a_draft_that_was_cut_the_last_sentence_goes() -> None:
    cut = f"{FIRST} {SECOND} And so it was that the"
    assert jury().judged(cut, OPENING, whole=False).text == f"{FIRST} {SECOND}"
    assert jury().judged("Under the third stair of the", OPENING, whole=False).text  # a single one stays


def test_no_more_sentences_are_said_than_may_be() -> None:
    assert jury(sentences=1).judged(f"{FIRST} {SECOND}", OPENING).text == FIRST


@pytest.mark.parametrize("draft", ["", "Fotheringay did it."])
def test_where_nothing_is_left_the_reason_stands_there(draft: str) -> None:
    judged = jury().judged(draft, "")
    assert not judged.text and judged.why


def test_what_was_said_before_is_never_the_best() -> None:
    judge = jury(earlier=[f"You ask again. {FIRST}"], tone=lambda text: 0.9)
    again, other = judge.judged(FIRST, OPENING), judge.judged(SECOND, "")
    assert again.why == "was said before"
    assert judge.decided([again, other], "") == (again, replace(other, chosen=True))
    assert judge.decided([again], "") == (again,)


def test_the_best_draft_loses_what_the_evidence_does_not_support_or_the_next_is_taken() -> None:
    judge = jury(unsupported=doubting("never"))
    partly = Candidate(f"{FIRST} He never polished it at all.", 0.9)
    other = Candidate(SECOND, 0.1)
    best = Candidate(FIRST, 0.9, "not all of it is supported", chosen=True)
    assert judge.decided([partly, other], OPENING) == (best, other)
    wholly = Candidate("He never polished it at all.", 0.9)
    refused = Candidate("", 0.9, "the evidence does not support it")
    assert judge.decided([wholly, other], "") == (refused, replace(other, chosen=True))
    given = Candidate("At no time, never. He polished it on Sundays.", 0.5)
    # The opening was read, and is not judged.
    assert judge.decided([given], "At no time, never") == (replace(given, chosen=True),)


def test_the_best_draft_is_the_one_that_sounds_most_like_the_persona_and_says_something() -> None:
    sounds = {FIRST: 0.2, SECOND: 0.8, "Quite dry.": 0.9}
    judge = jury(tone=sounds.__getitem__)
    drafts = [judge.judged(text, "") for text in sounds]
    # The shortest sounds best, and says next to nothing.
    assert [draft.chosen for draft in judge.decided(drafts, "")] == [False, True, False]
    nothing = Candidate("", 0.9, "nothing is left of it")
    assert judge.decided([nothing], "") == (nothing,) and judge.decided([], "") == ()


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("He kept a kettle of copper under the stair.", True),
        ("He kept a copper kettle under the stair and sold an iron lantern to the sailor of a wrecked ship.", False),
        ("The sailor took an iron lantern aboard.", False),
        ("It is so.", False),
    ],
)
def test_sentences_are_alike_by_the_words_that_mean_something(other: str, same: bool) -> None:
    one = "He kept a copper kettle under the stair."
    assert alike(one, other) == alike(other, one) == same
