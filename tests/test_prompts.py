"""A prompt within its budget: the order of its parts, what is dropped first, and a beginning that stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatbot.errors import MessageError
from chatbot.library.search import Evidence
from chatbot.library.search.evidence import SURE
from chatbot.library.texts import Passage
from chatbot.prompts import MESSAGE_OVERHEAD, Exchange, Message, Prompt, build_prompt, render_turn
from personas import Persona

PERSONA = Persona.model_validate(
    {
        "name": "Ada",
        "description": "You are Ada.",
        "manner": "You speak briefly.",
        "scenario": "It is night.",
        "greeting": "Mind the stairs.",
        "declines": ["I do not know."],
        "strangers": ["{word}?"],
        "nearest": ["{quote}"],
        "readings": ["{quote}"],
        "prompts": {"grounded": "Answer from these notes."},
    }
)
NOTES = (("The Lamp", "Ada lit it at dusk."), ("The Log", "It rained."), ("The Boat", "It leaked."))


def piece(work: str, text: str, score: float) -> Evidence:
    return Evidence(Passage(work, "text", "log", work, "", 1, "Ada", text), text, score)


EVIDENCE = tuple(piece(work, text, 0.9 - 0.1 * rank) for rank, (work, text) in enumerate(NOTES))
HISTORY = tuple(Exchange(f"question number {number}", f"answer number {number}") for number in range(8))
EXAMPLES = (Exchange("Who are you?", "The keeper."), Exchange("Is it cold?", "Bitterly."))


def words(text: str) -> int:
    return len(text.split())


def build(
    question: str = "Who lit it?",
    evidence: tuple[Evidence, ...] = EVIDENCE,
    history: tuple[Exchange, ...] = HISTORY,
    budget: int = 10_000,
    examples: tuple[Exchange, ...] = (),
) -> Prompt:
    return build_prompt(PERSONA, question, evidence, history, examples=examples, count=words, budget=budget)


def size(prompt: Prompt) -> int:
    return sum(words(message.content) + MESSAGE_OVERHEAD for message in prompt.messages)


def test_notes_stand_numbered_between_the_instruction_and_the_question() -> None:
    assert render_turn("Who lit it?", NOTES[:2], PERSONA.prompts) == (
        "Answer from these notes.\nNotes:\n[1] The Lamp: Ada lit it at dusk.\n[2] The Log: It rained.\n"
        "Question: Who lit it?"
    )


def test_a_piece_of_evidence_is_one_line_of_the_prompt() -> None:
    prompt = build(evidence=(piece("The Lamp", "Ada lit it.\nIt was dusk.", 0.9),), history=())
    assert "[1] The Lamp: Ada lit it. It was dusk.\n" in prompt.sent


def test_without_notes_the_question_stands_alone() -> None:
    assert render_turn("Who lit it?", (), PERSONA.prompts) == "Who lit it?"


def test_the_answer_that_was_read_stands_behind_the_question() -> None:
    turn = render_turn("Who lit it?", NOTES[:1], PERSONA.prompts, "Ada")
    assert turn == render_turn("Who lit it?", NOTES[:1], PERSONA.prompts) + "\nAnswer: Ada"
    assert render_turn("Who lit it?", (), PERSONA.prompts, "Ada") == "Who lit it?"


@pytest.mark.parametrize(
    ("read", "marked"),
    [
        ({"answer": "Ada", "answer_confidence": SURE}, "Ada"),
        ({"answer": "Ada", "answer_confidence": SURE - 0.01}, ""),
        ({"answer": "Ben", "answer_confidence": 0.0, "correction": "Nobody lit it."}, "Nobody lit it."),
    ],
    ids=["sure", "unsure", "a false premise"],
)
def test_only_a_sure_answer_of_the_first_note_or_a_correction_is_marked(read: dict[str, Any], marked: str) -> None:
    first = replace(EVIDENCE[0], **read)
    assert build(evidence=(first, *EVIDENCE[1:])).sent == render_turn("Who lit it?", NOTES, PERSONA.prompts, marked)
    assert build(evidence=(EVIDENCE[1], first)).sent.endswith("Question: Who lit it?")


def test_the_order_is_instruction_examples_last_exchange_turn() -> None:
    prompt = build(examples=EXAMPLES)
    assert prompt.messages == (
        Message("system", "You are Ada. You speak briefly. It is night."),
        Message("user", "Who are you?"),
        Message("assistant", "The keeper."),
        Message("user", "Is it cold?"),
        Message("assistant", "Bitterly."),
        Message("user", "question number 7"),
        Message("assistant", "answer number 7"),
        Message("user", render_turn("Who lit it?", NOTES, PERSONA.prompts)),
    )
    assert prompt.sent == prompt.messages[-1].content
    assert prompt.left_out == ()


def test_no_prompt_is_longer_than_its_budget() -> None:
    smallest = size(build(evidence=(), history=())) + MESSAGE_OVERHEAD
    for budget in range(smallest, smallest + 200):
        assert size(build(budget=budget)) <= budget


def test_what_fits_exactly_is_left_in() -> None:
    whole = build()
    assert build(budget=size(whole) + MESSAGE_OVERHEAD) == whole


def test_the_weakest_evidence_is_dropped_first_and_named() -> None:
    enough = size(build(evidence=EVIDENCE[:1], history=())) + MESSAGE_OVERHEAD
    prompt = build(history=(), budget=enough)
    assert prompt.sent == render_turn("Who lit it?", NOTES[:1], PERSONA.prompts)
    assert prompt.left_out == ("evidence: The Log: It rained.", "evidence: The Boat: It leaked.")
    assert prompt.evidence == EVIDENCE[:1]


def test_the_weakest_is_dropped_wherever_it_stands() -> None:
    ends = (EVIDENCE[0], EVIDENCE[2], EVIDENCE[1])  # the second best last, as a plan may order them
    enough = size(build(evidence=(EVIDENCE[0], EVIDENCE[1]), history=())) + MESSAGE_OVERHEAD
    prompt = build(evidence=ends, history=(), budget=enough)
    assert prompt.evidence == (EVIDENCE[0], EVIDENCE[1])
    assert prompt.sent == render_turn("Who lit it?", NOTES[:2], PERSONA.prompts)


def test_the_examples_go_before_the_last_exchange_does() -> None:
    whole = size(build(examples=EXAMPLES)) + MESSAGE_OVERHEAD
    assert build(examples=EXAMPLES, budget=whole) == build(examples=EXAMPLES)
    prompt = build(examples=EXAMPLES, budget=whole - 1)
    assert [message.content for message in prompt.messages[1:-1]] == [
        "Who are you?",
        "The keeper.",
        "question number 7",
        "answer number 7",
    ]
    assert prompt.left_out == ("examples",)


def test_evidence_is_dropped_before_the_last_exchange_and_that_before_the_question() -> None:
    least = size(build(evidence=(), history=())) + MESSAGE_OVERHEAD
    exchange = words("question number 7 answer number 7") + 2 * MESSAGE_OVERHEAD
    assert build(evidence=(), budget=least + exchange).messages[1].content == "question number 7"
    prompt = build(budget=least)
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.sent == "Who lit it?"
    assert prompt.left_out[:-1] == tuple(f"evidence: {work}: {text}" for work, text in NOTES)
    assert prompt.left_out[-1] == "history: the last exchange"


def test_a_question_that_does_not_fit_is_refused_with_the_numbers() -> None:
    question = "why " * 50
    with pytest.raises(MessageError) as caught:
        build(question=question, budget=60)
    message = str(caught.value)
    room = 60 - words(PERSONA.instruction()) - 2 * MESSAGE_OVERHEAD
    assert f"{50 + MESSAGE_OVERHEAD} tokens" in message
    assert f"{room} fit" in message
    assert "Shorten it" in message


def test_what_a_turn_is_shown_does_not_move_the_first_message() -> None:
    assert build(evidence=()).messages[0] == build(examples=EXAMPLES, history=()).messages[0]


def test_where_nothing_fits_the_message_says_that_nothing_does() -> None:
    with pytest.raises(MessageError, match=r"; 0 fit into the model's window here\. Shorten it, or raise BAKERSTREET"):
        build(budget=5)


def test_an_example_that_is_the_last_exchange_too_is_counted_twice() -> None:
    last = HISTORY[-1]
    enough = size(build(evidence=())) + MESSAGE_OVERHEAD
    assert build(evidence=(), examples=(last,), budget=enough) == replace(build(evidence=()), left_out=("examples",))


def test_what_the_visitor_told_stands_before_the_turn_and_a_summary_behind_the_instruction() -> None:
    parts = {"told": ("I keep bees.", "I am Ann."), "summary": "Who are you? - The keeper."}
    whole = _remembering(10_000, **parts)
    system, *exchange, sent = whole.messages
    assert system.content == f"{PERSONA.instruction()}\n\nBefore this was said:\nWho are you? - The keeper."
    plain = build().messages
    assert sent.content == f'The visitor has told you: "I keep bees." "I am Ann."\n\n{plain[-1].content}'
    assert tuple(exchange) == plain[1:-1] and whole.left_out == ()
    full = size(whole) + MESSAGE_OVERHEAD
    assert _remembering(full, **parts) == whole
    assert _remembering(full - 1, **parts).left_out == ("the summary",)
    tight = _remembering(size(build(history=())) + MESSAGE_OVERHEAD, **parts)
    assert tight.left_out == ("what the visitor told", "history: the last exchange", "the summary")
    assert tight.messages == build(history=()).messages


def _remembering(budget: int, **parts: Any) -> Prompt:
    return build_prompt(PERSONA, "Who lit it?", EVIDENCE, HISTORY, examples=(), count=words, budget=budget, **parts)


def test_every_part_of_a_message_says_where_it_comes_from_and_how_long_it_is() -> None:
    parts = {"told": ("I keep bees.",), "summary": "Who are you? - The keeper."}
    prompt = build_prompt(
        PERSONA, "Who lit it?", EVIDENCE[:2], HISTORY, examples=EXAMPLES[:1], count=words, budget=10_000, **parts
    )
    assert tuple("".join(piece.text for piece in pieces) for pieces in prompt.pieces) == tuple(
        message.content for message in prompt.messages
    )
    origins = [[piece.origin for piece in pieces] for pieces in prompt.pieces]
    assert origins == [
        ["persona", "history"],
        *[["example"]] * 2,
        *[["history"]] * 2,
        ["recollection", "persona", "evidence", "evidence", "persona", "question"],
    ]
    assert all(piece.tokens == words(piece.text) for pieces in prompt.pieces for piece in pieces)
    assert [piece.text for piece in prompt.pieces[-1] if piece.origin in ("evidence", "question")] == [
        "[1] The Lamp: Ada lit it at dusk.\n",
        "[2] The Log: It rained.\n",
        "Who lit it?",
    ]
    assert prompt.earlier == len(HISTORY) - 1
    marked = build(evidence=(replace(EVIDENCE[0], answer="Ada", answer_confidence=SURE),)).pieces[-1]
    assert (marked[-1].origin, marked[-1].text) == ("evidence", "\nAnswer: Ada")
