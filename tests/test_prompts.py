"""A prompt within its budget: the order of its parts, what is dropped first, and a beginning that stays."""

from __future__ import annotations

import pytest

from chatbot.errors import MessageError
from chatbot.library.search import Evidence
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
        "prompts": {"grounded": "Answer from these notes.", "notes": "Notes:", "question": "Question:"},
        "examples": [{"user": "Who are you?", "assistant": "The keeper."}],
    }
)
NOTES = (("The Lamp", "Ada lit it at dusk."), ("The Log", "It rained."), ("The Boat", "It leaked."))


def piece(work: str, text: str, score: float) -> Evidence:
    return Evidence(Passage(work, "text", "log", work, "", 1, "Ada", text), text, score)


EVIDENCE = tuple(piece(work, text, 0.9 - 0.1 * rank) for rank, (work, text) in enumerate(NOTES))
HISTORY = tuple(Exchange(f"question number {number}", f"answer number {number}") for number in range(8))


def words(text: str) -> int:
    return len(text.split())


def build(
    question: str = "Who lit it?",
    evidence: tuple[Evidence, ...] = EVIDENCE,
    history: tuple[Exchange, ...] = HISTORY,
    budget: int = 10_000,
    examples: bool = False,
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


def test_the_order_is_instruction_history_turn() -> None:
    prompt = build(history=HISTORY[:2])
    assert prompt.messages == (
        Message("system", "You are Ada. You speak briefly. It is night."),
        Message("user", "question number 0"),
        Message("assistant", "answer number 0"),
        Message("user", "question number 1"),
        Message("assistant", "answer number 1"),
        Message("user", render_turn("Who lit it?", NOTES, PERSONA.prompts)),
    )
    assert prompt.sent == prompt.messages[-1].content
    assert prompt.left_out == ()


def test_examples_come_before_the_history_and_only_where_they_are_wanted() -> None:
    with_examples = build(history=HISTORY[:1], examples=True).messages
    assert with_examples[1:3] == (Message("user", "Who are you?"), Message("assistant", "The keeper."))
    without = build(history=HISTORY[:1]).messages
    assert without == with_examples[:1] + with_examples[3:]


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


def test_the_oldest_exchanges_make_room_for_a_turn_that_is_larger_than_any_before() -> None:
    whole = size(build()) + MESSAGE_OVERHEAD
    prompt = build(budget=whole - 1)
    assert [message.content for message in prompt.messages if message.role == "assistant"] == [
        f"answer number {number}" for number in range(1, 8)
    ]
    assert prompt.sent == build().sent
    assert prompt.left_out == ("history: the first 1 of 8 exchanges",)


@pytest.mark.parametrize("noted", [False, True], ids=["questions", "questions with notes"])
def test_a_long_history_is_cut_seldom_and_then_little_of_it_is_read_again(noted: bool) -> None:
    history: tuple[Exchange, ...] = ()
    before: tuple[Message, ...] = ()
    read, cuts = [], []
    for number in range(300):
        evidence = EVIDENCE[number % 2 :] if noted else ()
        prompt = build(question=f"Question {number}?", evidence=evidence, history=history, budget=400)
        assert size(prompt) + MESSAGE_OVERHEAD <= 400
        shared = 0
        while shared < len(before) and prompt.messages[shared] == before[shared]:
            shared += 1
        read.append(sum(words(message.content) + MESSAGE_OVERHEAD for message in prompt.messages[shared:]))
        if shared < len(before):
            cuts.append(number)
            assert prompt.messages[1] == Message("user", f"Question {number - 1}?")  # without its notes
        reply = f"Reply {number}, of several words."
        before = (*prompt.messages, Message("assistant", reply))
        history = (*history, Exchange(f"Question {number}?", reply, prompt.sent))
    usual = sorted(read)[150]
    exchange = words("Question 1? Reply 1, of several words.") + 2 * MESSAGE_OVERHEAD
    assert max(read[10:]) <= usual + exchange + 5  # notes differ by a few words
    assert len(cuts) < 300 / (4 if noted else 8)


def test_only_the_last_exchanges_of_a_very_long_history_are_counted() -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return words(text)

    history = tuple(Exchange(f"question {number}", f"answer {number}") for number in range(10_000))
    build_prompt(PERSONA, "Who?", (), history, examples=False, count=count, budget=10_000)
    assert len(counted) < 500


def test_what_does_not_fit_goes_until_it_does() -> None:
    enough = size(build(history=HISTORY[6:])) + MESSAGE_OVERHEAD
    prompt = build(budget=enough)
    assert prompt.messages[1].content == "question number 6"
    assert prompt.left_out == ("history: the first 6 of 8 exchanges",)


def test_the_whole_history_goes_before_the_question_does() -> None:
    enough = size(build(evidence=(), history=())) + MESSAGE_OVERHEAD
    prompt = build(budget=enough)
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.sent == "Who lit it?"
    assert prompt.left_out[-1] == "history: the first 8 of 8 exchanges"
    assert len(prompt.left_out) == len(NOTES) + 1


def test_a_question_that_does_not_fit_is_refused_with_the_numbers() -> None:
    question = "why " * 50
    with pytest.raises(MessageError) as caught:
        build(question=question, budget=60)
    message = str(caught.value)
    room = 60 - words(PERSONA.instruction()) - 2 * MESSAGE_OVERHEAD
    assert f"{50 + MESSAGE_OVERHEAD} tokens" in message
    assert f"{room} fit" in message
    assert "Shorten it" in message


def test_the_next_prompt_begins_with_the_whole_of_the_last_one() -> None:
    history: tuple[Exchange, ...] = ()
    before: tuple[Message, ...] = ()
    for number in range(6):
        prompt = build(question=f"Question {number}?", evidence=EVIDENCE[number % 3 :], history=history)
        assert prompt.messages[: len(before)] == before
        reply = f"Reply {number}."
        before = (*prompt.messages, Message("assistant", reply))
        history = (*history, Exchange(f"Question {number}?", reply, prompt.sent))
    assert len(before) == 13


def test_what_the_mode_shows_does_not_move_the_first_message() -> None:
    assert build(evidence=()).messages[0] == build(examples=True, history=()).messages[0]


def test_examples_count_in_the_budget() -> None:
    whole = size(build(examples=True)) + MESSAGE_OVERHEAD
    assert build(examples=True, budget=whole) == build(examples=True)
    assert build(examples=True, budget=whole - 1).left_out


def test_where_nothing_fits_the_message_says_that_nothing_does() -> None:
    with pytest.raises(MessageError, match=r"; 0 fit into the model's window here\. Shorten it, or raise BAKERSTREET"):
        build(budget=5)


def test_of_two_exchanges_one_goes_first() -> None:
    enough = size(build(history=HISTORY[:1])) + MESSAGE_OVERHEAD
    assert build(history=HISTORY[:2], budget=enough).left_out == ("history: the first 1 of 2 exchanges",)
