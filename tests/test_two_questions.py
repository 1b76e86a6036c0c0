"""A message that asks several things: each is searched for and answered, however they are joined."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeEngine, unjudged

from chatbot.bot import Answered, Bot, Question, Revised, Said, Searched
from chatbot.language import ENGLISH, LANGUAGES, sub_questions
from chatbot.library.search import Library
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.wording import Wording
from memory import Memory

KILLED, STOLE = "What killed Julia Stoner?", "Who stole the blue carbuncle from the hotel?"
SNAKE, RYDER = "It was a snake, in short.", "James Ryder did, in short."
DECLINES = "I find nothing upon that in my notes."

JOINED = [
    "What killed Julia Stoner? Who stole the blue carbuncle from the hotel?",
    "what killed Julia Stoner? who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner, and who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner and who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner; and who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner; who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner?\nWho stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner\nWho stole the blue carbuncle from the hotel",
    "1. What killed Julia Stoner? 2. Who stole the blue carbuncle from the hotel?",
    "1) What killed Julia Stoner\n2) Who stole the blue carbuncle from the hotel",
    "Please answer:\n- What killed Julia Stoner?\n- Who stole the blue carbuncle from the hotel?",
    "a) What killed Julia Stoner? b) Who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner? Also, who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner, also who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner / who stole the blue carbuncle from the hotel?",
    "What killed Julia Stoner & who stole the blue carbuncle from the hotel?",
    "Good evening! How are you? What killed Julia Stoner? Who stole the blue carbuncle from the hotel? Thank you.",
]


def sent(engine: FakeEngine) -> list[str]:
    """The last message of each prompt, however many drafts were asked for."""
    return list(dict.fromkeys(request.messages[-1].content for request in engine.requests))


def both(reply: str) -> tuple[str, str]:
    """The answers to two questions."""
    first, second = reply.split("\n\n")
    return first, second


def faked(settings: Settings, *replies: str) -> tuple[Bot, FakeEngine]:
    engine = FakeEngine(*replies)
    return Bot(unjudged(Resources(settings, engine=engine))), engine


# ---------------------------------------------------------------------- told apart


@pytest.mark.parametrize("message", JOINED)
def test_two_questions_are_told_apart_however_they_are_joined(message: str) -> None:
    first, second = sub_questions(message, ENGLISH)
    assert "Julia Stoner" in first and "carbuncle" not in first
    assert "carbuncle" in second and "Stoner" not in second


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Who was Ada, where did Ben live, and what became of Cy?", 3),
        ("Who was Ada, who was Ben, and who was Cy?", 3),
        ("Who was Ada? Where did she live? Was she happy there?", 3),
        ("Who stole the stone and was he caught?", 2),
        ("Tell me who Ada was and where Ben lived.", 2),
        ("Name the villain of Stoke Moran. Name the owner of the goose.", 2),
        ("1. Who? 2. Where was it? 3. What for? 4. Why then? 5. How so? 6. Was it good?", 4),
    ],
)
def test_more_than_two_are_told_apart_up_to_a_limit(message: str, number: int) -> None:
    assert len(sub_questions(message, ENGLISH)) == number


@pytest.mark.parametrize(
    "message",
    [
        "Good evening. How are you? Who was Ada?",
        "How and why did he do it?",
        "Tell me when and where Ada died.",
        "Who was the man, who lived at Stoke Moran?",
        "What is the difference between what he said and what he did?",
        "What did the letters C.C.H. on the stick mean?",
        "And the brother who inherited; what did he fall into?",
        "I know who did it and what he took.",
        "I was at Stoke Moran. It rained. Who lived there?",
        "",
    ],
)
def test_one_question_stays_whole(message: str) -> None:
    assert sub_questions(message, ENGLISH) == (message,)


def test_what_is_told_before_a_question_stays_with_it_and_a_name_before_a_list_with_each() -> None:
    assert sub_questions("I read of Stoke Moran. Who lived there? Who was Ada?", ENGLISH) == (
        "I read of Stoke Moran. Who lived there?",
        "Who was Ada?",
    )
    assert sub_questions("About the Speckled Band: 1. who died? 2. who did it?", ENGLISH) == (
        "About the Speckled Band: who died?",
        "About the Speckled Band: who did it?",
    )


@pytest.mark.parametrize(
    "message",
    [
        "Wer goss die Glocke? Wo steht die Mühle?",
        "Wer goss die Glocke und wo steht die Mühle?",
        "Wer goss die Glocke; und wo steht die Mühle?",
        "1. Wer goss die Glocke? 2. Wo steht die Mühle?",
        "Wer goss die Glocke?\nWo steht die Mühle?",
    ],
)
def test_in_german_too(message: str) -> None:
    first, second = sub_questions(message, LANGUAGES["de"])
    assert ("Glocke" in first, "Mühle" in second) == (True, True)
    assert "Mühle" not in first


# ---------------------------------------------------------------------- answered


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["rag", "hybrid", "naive-rag", "modular-rag", "all"])
def test_both_are_searched_and_both_are_answered_in_every_mode_that_retrieves(
    settings: Settings, library: Library, mode: str
) -> None:
    bot, engine = faked(settings, SNAKE, RYDER)
    *events, answered = bot.answer(Question(JOINED[2], mode=mode))
    assert isinstance(answered, Answered)
    one, two = both(answered.reply)
    if mode != "naive-rag":  # whose passages do not hold the snake: the draft is set aside, and a note stands there
        assert one.endswith(SNAKE)
    assert two.endswith(RYDER)
    assert "".join(event.text for event in events if isinstance(event, Said)).split() == answered.reply.split()
    assert len([event for event in events if isinstance(event, Searched)]) == 1
    works = [piece.passage.work for piece in answered.trace.evidence]
    assert {"The Speckled Band", "The Blue Carbuncle"} <= set(works)
    first, second = sent(engine)
    assert KILLED in first and "The Speckled Band:" in first and STOLE not in first
    assert STOLE in second and "The Blue Carbuncle:" in second and KILLED not in second


@pytest.mark.parametrize("mode", ["ft", "standard", "few-shot"])
def test_without_books_both_are_asked(settings: Settings, library: Library, mode: str) -> None:
    bot, engine = faked(settings, SNAKE, RYDER)
    assert bot.reply(Question(JOINED[0], mode=mode)).reply == f"{SNAKE}\n\n{RYDER}"
    assert sent(engine) == [KILLED, STOLE]


def test_a_part_that_points_back_is_searched_with_the_part_before_it(settings: Settings, library: Library) -> None:
    bot, _ = faked(settings, SNAKE, SNAKE)
    trace = bot.reply(Question("Who was Dr. Roylott of Stoke Moran, and how did he die?", mode="rag")).trace
    assert trace.search is not None
    assert [step.module for step in trace.search.steps].count("follow-up") == 2
    works = [piece.passage.work for piece in trace.evidence]
    assert works[0] == works[3] == "The Speckled Band"  # what leads the reply to each


def test_what_is_known_is_answered_beside_what_is_out_of_his_world(settings: Settings, library: Library) -> None:
    bot, engine = faked(settings, SNAKE)
    answered = bot.reply(Question(f"{KILLED} What do you think of the Betamax?", mode="hybrid"))
    first, second = both(answered.reply)
    assert first.endswith(SNAKE) and "Betamax" in second
    assert len(sent(engine)) == 1
    assert answered.trace.check is not None and answered.trace.check.verdict == "grounded"
    assert not answered.trace.weak


def test_each_draft_is_held_against_its_own_evidence_and_only_that_one_is_replaced(
    settings: Settings, library: Library
) -> None:
    bot, _ = faked(settings, "It was James Ryder.", RYDER)  # right, but for another question
    answered = bot.reply(Question(JOINED[0], mode="hybrid"))
    first, second = both(answered.reply)
    assert "Ryder" not in first and "snake" in first
    assert second.endswith(RYDER)
    assert any("Ryder" in draft.why for draft in answered.trace.drafts)
    assert answered.trace.check is not None and answered.trace.check.verdict == "grounded"


def test_the_nearest_note_follows_the_answer_that_declines(
    settings: Settings, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wording, "opening", lambda wording, used: "")  # nothing was read for sure
    bot, _ = faked(settings, SNAKE, DECLINES, DECLINES, RYDER)
    *events, answered = bot.answer(Question(JOINED[0], mode="hybrid"))
    assert isinstance(answered, Answered)
    assert events[-1] == Said(answered.reply.removeprefix(f"{SNAKE}\n\n{DECLINES}"))  # at the end: it is added
    *events, answered = bot.answer(Question(JOINED[0], mode="hybrid"))
    assert isinstance(answered, Answered)
    assert events[-1] == Revised(answered.reply)
    assert answered.reply.startswith(DECLINES) and answered.reply.endswith(f"\n\n{RYDER}")


def test_one_turn_is_stored_with_all_that_was_sent(settings: Settings, library: Library, tmp_path: Path) -> None:
    bot, engine = faked(settings, SNAKE, RYDER)
    bot.resources.__dict__["memory"] = memory = Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")
    conversation = memory.start("visitor", "sherlock")
    answered = bot.reply(Question(JOINED[0], mode="hybrid", conversation=conversation))
    (stored,) = memory.path(conversation)
    assert (stored.question, stored.reply, stored.state) == (JOINED[0], answered.reply, "done")
    assert stored.sent == "\n\n".join(sent(engine))
    assert answered.trace.tokens.prompt == 20
    assert len(answered.trace.evidence) == len(memory.turn(answered.turn_id or "").evidence)


def test_a_reader_who_leaves_while_the_second_is_written_keeps_the_first(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    bot, engine = faked(settings, SNAKE, RYDER)
    bot.resources.__dict__["memory"] = memory = Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")
    conversation = memory.start("visitor", "sherlock")
    events = bot.answer(Question(JOINED[0], mode="ft", conversation=conversation))
    while next(events) != Said("\n\nJames "):
        pass
    events.close()
    (stored,) = memory.path(conversation)
    assert (stored.state, stored.reply) == ("stopped", f"{SNAKE}\n\nJames ")
    assert engine.generations[1].cancelled
