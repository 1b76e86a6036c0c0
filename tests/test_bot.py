"""The way of a turn: what is stored when, what each mode does, and what he says when the books are silent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine, Reply, unjudged

from chatbot.bot import Answered, Asked, Bot, Question, Revised, Said, Searched
from chatbot.engines.types import Engine, Generation, Request
from chatbot.errors import BakerStreetError, EngineError, MessageError, ModeError, PersonaError, TurnError
from chatbot.language import names_in, words_of
from chatbot.library.search import Found, Library
from chatbot.line_kinds import GENERAL
from chatbot.prompts import Exchange
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.turn import EXAMPLES
from chatbot.turn_ready import NEAR, SORTS
from memory import Memory

SPECKLED = "What killed Julia Stoner?"
GREETING = "Good evening, how are you?"
TALK = "Good evening to you both, and my compliments to the staircase."  # he has no line for just this
GOOD = 'It was the snake. "Dr. Roylott had killed Julia Stoner with the snake and called it back with the whistle."'


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")


def with_engine(settings: Settings, memory: Memory, engine: FakeEngine) -> Bot:
    resources = unjudged(Resources(settings, engine=engine))
    resources.__dict__["memory"] = memory
    return Bot(resources)


def faked(settings: Settings, library: Library, memory: Memory, *replies: Reply) -> tuple[Bot, FakeEngine]:
    """A bot with the real library and memory, and an engine that says `replies`."""
    engine = FakeEngine(*replies)
    return with_engine(settings, memory, engine), engine


def test_the_question_is_stored_before_anything_is_generated(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, GOOD)
    conversation = memory.start("visitor", "sherlock")
    events = bot.answer(Question(SPECKLED, mode="hybrid", conversation=conversation))
    assert isinstance(next(events), Asked)
    assert [turn.question for turn in memory.turns(conversation)] == [SPECKLED]
    assert engine.requests == []
    assert isinstance(list(events)[-1], Answered)


def test_a_turn_is_stored_with_its_evidence_exact_prompt_and_timings(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, GOOD)
    conversation = memory.start("visitor", "sherlock")
    answered = bot.reply(Question(SPECKLED, mode="hybrid", conversation=conversation))
    stored = memory.turn(answered.turn_id or "")
    assert stored.state == "done"
    assert stored.reply == answered.reply and answered.reply.endswith(GOOD)
    assert stored.evidence[0]["passage"]["work"] == "The Speckled Band"
    assert [tuple(item) for item in stored.trace["prompt"]] == [
        (message.role, message.content) for message in engine.requests[0].messages
    ]
    assert stored.sent == engine.requests[0].messages[-1].content
    assert stored.trace["timings"]["total_ms"] > 0
    assert stored.trace["check"]["verdict"] == "grounded"


def test_a_failure_keeps_the_question_and_says_why(settings: Settings, library: Library, memory: Memory) -> None:
    bot, _ = faked(settings, library, memory, EngineError("The engine is out of tea."))
    conversation = memory.start("visitor", "sherlock")
    with pytest.raises(EngineError, match="out of tea"):
        bot.reply(Question(SPECKLED, mode="hybrid", conversation=conversation))
    stored = memory.path(conversation)[0]
    assert (stored.question, stored.state, stored.error) == (SPECKLED, "failed", "The engine is out of tea.")


def test_an_error_in_the_program_ends_the_turn_as_failed_and_is_one_line_for_the_visitor(
    settings: Settings, library: Library, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    bot, engine = faked(settings, library, memory, GOOD)

    def broken(text: str) -> int:
        raise RuntimeError("Truncation error")

    engine.count = broken  # type: ignore[method-assign]
    conversation = memory.start("visitor", "sherlock")
    with pytest.raises(TurnError, match=r"error in the program.*Truncation error") as caught:
        bot.reply(Question(SPECKLED, conversation=conversation))
    stored = memory.path(conversation)[0]
    assert (stored.question, stored.state, stored.error) == (SPECKLED, "failed", str(caught.value))
    assert "Traceback" in caplog.text


def test_a_turn_that_is_stopped_before_anything_was_searched_ends_as_stopped(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, GOOD)
    conversation = memory.start("visitor", "sherlock")
    events = bot.answer(Question(SPECKLED, mode="hybrid", conversation=conversation))
    assert isinstance(next(events), Asked)
    events.close()
    assert [(turn.state, turn.reply) for turn in memory.turns(conversation)] == [("stopped", "")]
    assert engine.requests == []


def test_stopping_keeps_what_was_said_and_stops_the_engine(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, "It was the snake that")
    engine.hold = True
    conversation = memory.start("visitor", "sherlock")
    events = bot.answer(Question(SPECKLED, mode="ft", conversation=conversation))
    for event in events:
        if isinstance(event, Said):
            break
    events.close()
    stored = memory.path(conversation)[0]
    assert (stored.state, stored.reply) == ("stopped", "It ")
    assert engine.generations[0].cancelled


def test_each_mode_uses_its_own_parts(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, *[GOOD] * 4)
    seen, voices = {}, []
    for mode in ("standard", "rag", "ft", "hybrid"):
        seen[mode] = bot.reply(Question(SPECKLED, mode=mode)).trace
        voices.append(engine.requests[-1].voice is not None)
    assert voices == [False, False, True, True]
    assert [bool(seen[mode].evidence) for mode in seen] == [False, True, False, True]
    assert seen["ft"].timings.retrieval_ms == 0
    # One beginning for every mode, so that caches hold when the mode changes.
    assert len({request.messages[0] for request in engine.requests}) == 1


def test_the_persona_s_examples_are_in_the_prompt_of_the_modes_that_have_them(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, GOOD, GOOD)
    example = bot.resources.persona("sherlock").persona.examples[0]
    for mode in ("few-shot", "standard"):
        assert bot.reply(Question(SPECKLED, mode=mode)).state == "done"
    with_, without = ([message.content for message in request.messages] for request in engine.requests)
    assert [example.user, example.assistant] == with_[1:3]
    assert example.user not in without


def test_an_invented_name_is_not_let_through(settings: Settings, library: Library, memory: Memory) -> None:
    bot, _ = faked(settings, library, memory, "She was killed by Inspector Fotheringay in 1947.")
    *events, final = bot.answer(Question(SPECKLED, mode="hybrid"))
    assert isinstance(final, Answered)
    assert not [event for event in events if isinstance(event, Revised)]  # nobody has seen the draft
    assert "".join(event.text for event in events if isinstance(event, Said)) == final.reply
    assert "Fotheringay" not in final.reply and "snake" in final.reply
    assert all("Fotheringay" in draft.why and "1947" in draft.why for draft in final.trace.drafts)
    assert len(final.trace.drafts) == bot.resources.persona("sherlock").persona.generation.drafts  # none is composed
    assert final.trace.check is not None
    assert final.trace.check.verdict == "grounded"


def test_the_best_of_several_drafts_is_said_as_far_as_it_is_right(
    settings: Settings, library: Library, memory: Memory
) -> None:
    drafts = (
        "Inspector Fotheringay did it.",
        "It was the snake. Its whistle called it back. It was the snake.",
        f"{GOOD} Colonel Prendergast saw it.",
    )
    bot, _ = faked(settings, library, memory, drafts)
    unjudged(bot.resources, Preferring("Roylott"))
    answered = bot.reply(Question(SPECKLED, mode="hybrid"))
    assert answered.reply.endswith(GOOD)
    one, two, three = answered.trace.drafts
    assert "Fotheringay" in one.why and "twice" in two.why and "Prendergast" in three.why
    assert three.worth > two.worth
    assert [draft.chosen for draft in answered.trace.drafts] == [False, False, True]
    assert "Prendergast" in three.written and "Prendergast" not in three.text


class Preferring:
    """A tone meter to which texts with a word sound right."""

    def __init__(self, word: str) -> None:
        self.word = word

    def score(self, text: str) -> float:
        return float(self.word in text)


def test_what_was_said_before_is_not_said_again_as_if_it_were_new(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, GOOD)
    said = bot.reply(Question(SPECKLED, mode="hybrid")).reply
    engine.replies = [(GOOD, GOOD, "The whistle called the snake back to him.")]
    history = (Exchange(SPECKLED, said),)
    again = bot.reply(Question(SPECKLED, mode="hybrid", history=history))
    assert again.reply.endswith("The whistle called the snake back to him.")
    assert [draft.why for draft in again.trace.drafts[:2]] == ["was said before"] * 2


def test_when_he_declines_although_he_was_given_notes_he_reads_out_the_nearest(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, _ = faked(settings, library, memory, "I find nothing upon that in my notes.")
    answered = bot.reply(Question(SPECKLED, mode="hybrid"))
    assert answered.reply.startswith("I find nothing upon that in my notes.")
    assert "Julia Stoner" in answered.reply
    assert answered.trace.check is not None
    assert answered.trace.check.verdict == "declined"


@pytest.mark.parametrize("mode", ["rag", "hybrid"])
def test_a_word_from_outside_his_world_is_declined_without_the_model(
    settings: Settings, library: Library, memory: Memory, mode: str
) -> None:
    bot, engine = faked(settings, library, memory)
    answered = bot.reply(Question("What do you think of the Betamax?", mode=mode))
    assert "Betamax" in answered.reply
    assert engine.requests == []
    assert answered.trace.evidence == ()
    assert answered.trace.weak


def test_small_talk_is_answered_without_evidence(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, "Good evening to you.")
    answered = bot.reply(Question(TALK, mode="ft"))
    assert answered.reply == "Good evening to you."
    assert answered.trace.evidence == ()
    request = engine.requests[0]
    assert request.messages[-1].content == TALK
    # The nearest of his own exchanges show how he speaks; the likest stands last.
    exchanges = bot.resources.exchanges("sherlock")
    assert exchanges is not None
    near = exchanges.nearest(TALK, EXAMPLES)
    assert [message.content for message in request.messages[1:-1]] == [
        text for example in reversed(near) for text in (example.user, example.reply)
    ]


def test_a_greeting_is_answered_by_a_greeting_where_no_line_fits_just_this(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory)
    answered = bot.reply(Question(TALK, mode="hybrid"))
    exchanges = bot.resources.exchanges("sherlock")
    assert exchanges is not None
    assert answered.reply in {near.reply for near in exchanges.nearest(TALK, 100, frozenset({"greeting"}))}
    assert (answered.trace.evidence, engine.requests) == ((), [])


@pytest.mark.parametrize("mode", ["ft", "hybrid"])
def test_what_he_has_a_line_for_is_said_at_once_and_on_a_retry_another_way(
    settings: Settings, library: Library, memory: Memory, mode: str
) -> None:
    bot, engine = faked(settings, library, memory, "Good evening to you.", "Good evening to you.")
    conversation = memory.start("visitor", "sherlock")
    exchanges = bot.resources.exchanges("sherlock")
    assert exchanges is not None
    fitting = [
        each.reply for each in exchanges.nearest("Good evening.", NEAR) if each.fits and each.kind not in GENERAL
    ]
    # Where books could have been opened and were not, what nearly fits will do too, and any greeting.
    greetings = exchanges.nearest("Good evening.", SORTS, frozenset({"greeting"})) if mode == "hybrid" else []
    lines = [*fitting, *(each.reply for each in greetings)]
    assert fitting
    question = Question("Good evening.", mode=mode, conversation=conversation)
    answered = bot.reply(question)
    assert (answered.reply, answered.trace.prompt, engine.requests) == (lines[0], (), [])
    assert answered.trace.check is not None and answered.trace.check.verdict == "unchecked"
    tried = [bot.reply(replace(question, attempt=attempt)).reply for attempt in range(1, len(fitting))]
    assert tried == fitting[1:]
    if mode == "hybrid":
        others = {*lines[len(fitting) :], *(each.reply for each in exchanges.nearest("Good evening.", NEAR))}
        assert bot.reply(replace(question, attempt=len(fitting))).reply in others - set(fitting)
    assert bot.reply(replace(question, attempt=50)).reply == "Good evening to you."
    # Said once, it is not said again in the same conversation.
    after = bot.reply(replace(question, parent=answered.turn_id)).reply
    assert after != lines[0]


def test_a_follow_up_is_searched_with_the_question_before_it(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, _ = faked(settings, library, memory, GOOD)
    history = (Exchange("Who was the stepfather of Helen Stoner at Stoke Moran?", "Dr. Roylott."),)
    answered = bot.reply(Question("What animals did he keep?", mode="hybrid", history=history))
    assert answered.trace.evidence[0].passage.work == "The Speckled Band"


def test_a_follow_up_within_a_conversation_is_searched_with_the_exchange_before_it(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, _ = faked(settings, library, memory, "James Ryder.", "Quite so.")
    conversation = memory.start("visitor", "sherlock")
    first = bot.reply(Question("Who stole the blue stone?", mode="rag", conversation=conversation))
    question = Question("Which of her servants told him?", mode="rag", conversation=conversation, parent=first.turn_id)
    second = bot.reply(question)
    assert "The Blue Carbuncle" in {piece.passage.work for piece in second.trace.evidence}
    assert second.trace.search is not None
    notes = {step.module: step.note for step in second.trace.search.steps}
    assert notes["follow-up"] == "searched with the exchange before it"


def test_the_search_is_told_of_earlier_exchanges_as_question_and_reply(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, _ = faked(settings, library, memory, "Quite so.")
    told: list[Sequence[tuple[str, str]]] = []
    search = Library.search

    def listening(self: Library, *args: Any, **more: Any) -> Found:
        told.append(more["history"])
        return search(self, *args, **more)

    monkeypatch.setattr(Library, "search", listening)
    history = (Exchange("Who stole the blue stone?", "James Ryder."),)
    bot.reply(Question("Which of her servants told him?", mode="rag", history=history))
    assert told == [[("Who stole the blue stone?", "James Ryder.")]]


@pytest.mark.parametrize("mode", ["standard", "ft", "rag", "hybrid", "modular-rag"])
def test_every_mode_gives_a_visitor_back_what_he_told_in_another_conversation_and_nothing_of_another_visitor(
    mode: str, settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, "I see.", "I see.")
    for user, said in (("ada", "My name is Ada Quill, and I keep bees."), ("ben", "My name is Ben Wren.")):
        bot.reply(Question(said, mode=mode, conversation=memory.start(user, "sherlock")))
    asked = len(engine.requests)
    answered = bot.reply(Question("What is my name?", mode=mode, conversation=memory.start("ada", "sherlock")))
    assert "our name is Ada Quill." in answered.reply and "Ben" not in answered.reply
    (piece,) = answered.trace.evidence
    assert (piece.passage.kind, piece.text) == ("recollection", "My name is Ada Quill.")
    assert answered.trace.search is not None and answered.trace.search.intent == "about the visitor"
    assert answered.trace.check is not None and answered.trace.check.verdict == "grounded"
    assert memory.turn(answered.turn_id or "").evidence[0]["passage"]["kind"] == "recollection"
    assert len(engine.requests) == asked  # a model would add to it


def test_who_told_nothing_hears_that_he_did_not(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory)
    answered = bot.reply(Question("What is my name?", mode="hybrid", conversation=memory.start("cy", "sherlock")))
    assert answered.reply in bot.resources.persona("sherlock").persona.untold
    assert engine.requests == []


def test_the_trace_holds_how_the_evidence_came_about_and_what_was_not_used(
    settings: Settings, library: Library, memory: Memory
) -> None:
    tight = settings.model_copy(update={"evidence_tokens": 150})
    bot, _ = faked(tight, library, memory, GOOD)
    trace = bot.reply(Question(SPECKLED, mode="hybrid")).trace
    assert trace.search is not None
    assert (trace.search.plan, trace.search.intent) == ("rag", "")
    assert 0.5 < trace.search.confidence <= 1
    assert {"dense", "bm25", "fuse", "focus", "compress"} <= {step.module for step in trace.search.steps}
    assert all(piece.reasons for piece in trace.evidence)
    used = {piece.text for piece in trace.evidence}
    assert trace.search.dropped and not used & {piece.text for piece in trace.search.dropped}


def test_small_talk_is_answered_without_evidence_in_every_mode_that_searches(
    settings: Settings, library: Library, memory: Memory
) -> None:
    modes = ("rag", "naive-rag", "modular-rag")
    bot, _ = faked(settings, library, memory, *["Good evening to you."] * len(modes))
    for mode in modes:
        answered = bot.reply(Question(GREETING, mode=mode))
        assert (answered.reply, answered.trace.evidence) == ("Good evening to you.", ())
    spoken = bot.reply(Question(GREETING, mode="all"))  # with his voice, by a line of his own
    assert spoken.trace.evidence == () and spoken.trace.prompt == ()


def test_the_last_exchange_goes_along_without_its_notes_and_no_earlier_one(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, GOOD, "Quite so.", "Good night.")
    conversation = memory.start("visitor", "sherlock")
    first = bot.reply(Question(SPECKLED, mode="hybrid", conversation=conversation))
    second = bot.reply(Question("How are you?", mode="standard", conversation=conversation, parent=first.turn_id))
    sent = [(message.role, message.content) for message in engine.requests[-1].messages]
    assert sent[1:] == [("user", SPECKLED), ("assistant", first.reply), ("user", "How are you?")]
    bot.reply(Question("Good night.", mode="standard", conversation=conversation, parent=second.turn_id))
    sent = [(message.role, message.content) for message in engine.requests[-1].messages]
    assert sent[1:] == [("user", "How are you?"), ("assistant", "Quite so."), ("user", "Good night.")]


def test_evidence_is_few_and_short(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, GOOD)
    answered = bot.reply(Question(SPECKLED, mode="hybrid"))
    pieces = [piece.text for piece in answered.trace.evidence]
    assert 1 <= len(pieces) <= 3
    assert sum(engine.count(piece) for piece in pieces) <= settings.evidence_tokens


def test_what_did_not_fit_the_window_is_recorded(settings: Settings, library: Library, memory: Memory) -> None:
    tight = settings.model_copy(update={"context_tokens": 256})
    bot, _ = faked(tight, library, memory, "I see.")
    history = (Exchange("Question " + "word " * 300, "Reply."),)
    answered = bot.reply(Question("Good evening.", mode="standard", history=history))
    assert answered.trace.left_out == ("history: the last exchange",)


def test_a_retry_samples_anew(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, "One.", "Two.")
    bot.reply(Question(TALK, mode="ft"))
    bot.reply(Question(TALK, mode="ft", attempt=1))
    first, again = (request.sampling for request in engine.requests)
    assert first.temperature == 0
    assert again.temperature > 0
    assert again.seed != first.seed


@pytest.mark.parametrize(
    ("question", "error", "says"),
    [
        (Question("   "), MessageError, "empty"),
        (Question("\x00\x07\x1b"), MessageError, "empty"),
        (Question("word " * 3000, mode="ft"), MessageError, "Shorten it"),
        (Question("Who?", mode="telepathy"), ModeError, "no mode 'telepathy'"),
        (Question("Who?", persona="sherlok"), PersonaError, "Did you mean 'sherlock'"),
    ],
)
def test_bad_input_gets_a_clear_message(
    settings: Settings, library: Library, memory: Memory, question: Question, error: type[BakerStreetError], says: str
) -> None:
    bot, engine = faked(settings, library, memory)
    with pytest.raises(error, match=says):
        bot.reply(question)
    assert engine.requests == []


def test_control_characters_are_taken_out(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, "Good evening.")
    bot.reply(Question("Good\x07 evening\x00", mode="standard"))
    assert engine.requests[0].messages[-1].content == "Good evening"


class Speaker(FakeEngine):
    """Hands over one word at a time, and ends a reply as cancelled where it is asked to stop before its end."""

    def submit(self, request: Request) -> Generation:
        reply = str(self._next(request))
        self.requests.append(request)
        generation = Spoken(request, reply)
        self.generations.append(generation)
        return generation


class Spoken(Generation):
    """A reply that is made while it is read."""

    def __init__(self, request: Request, reply: str) -> None:
        super().__init__(request)
        self._words = iter(reply.split(" "))

    def __iter__(self) -> Iterator[str]:
        while not self.cancelled and (word := next(self._words, None)) is not None:
            self.push(word + " ")
            yield next(super().__iter__())
        self.complete("cancelled" if self.cancelled else "stop", prompt_tokens=30, cached_tokens=20, reply_tokens=5)
        yield from super().__iter__()


def speaking(settings: Settings, library: Library, memory: Memory, *replies: str) -> tuple[Bot, Speaker]:
    """A bot as `faked` makes it, whose engine is heard word by word."""
    engine = Speaker(*replies)
    return with_engine(settings, memory, engine), engine


def test_without_evidence_an_invented_name_is_declined_where_the_mode_has_books(
    settings: Settings, library: Library, memory: Memory
) -> None:
    reply = "You are Colonel Fotheringay. Good evening to you."
    bot, engine = speaking(settings, library, memory, reply, reply)
    declined = bot.reply(Question(GREETING, mode="rag"))
    assert declined.trace.raw_reply == reply
    assert declined.reply in bot.resources.persona("sherlock").persona.declines
    assert declined.trace.check is not None and declined.trace.check.verdict == "withheld"
    assert bot.reply(Question(TALK, mode="ft")).reply == reply  # without books, as he says it
    assert [request.copies for request in engine.requests] == [False, False]


def test_what_the_engine_was_stopped_at_stands_as_it_is(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = speaking(settings, library, memory, "You are Colonel Fotheringay of Leeds. Good evening to you.")
    events: list[object] = []
    for event in bot.answer(Question(GREETING, mode="rag")):
        events.append(event)
        if event == Said("Leeds. "):
            engine.generations[0].cancel()
    answered = events[-1]
    assert isinstance(answered, Answered)
    assert answered.reply == answered.trace.raw_reply == "You are Colonel Fotheringay of Leeds."
    assert answered.trace.finish == "cancelled"
    tokens = answered.trace.tokens
    assert (tokens.prompt, tokens.cached, tokens.reply) == (30, 20, 5)


def test_an_interrupt_ends_the_turn_as_stopped_with_what_was_found_and_said(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = speaking(settings, library, memory, GOOD)
    conversation = memory.start("visitor", "sherlock")
    events = bot.answer(Question(SPECKLED, mode="hybrid", conversation=conversation))
    while not isinstance(said := next(events), Said):
        pass
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt())
    (stored,) = memory.turns(conversation)
    assert (stored.state, stored.reply) == ("stopped", said.text)
    assert memory.turn(stored.id).evidence
    assert all(generation.cancelled for generation in engine.generations)


def test_an_addition_is_said_after_the_draft_and_nothing_is_revised(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, _ = faked(settings, library, memory, "I find nothing upon that in my notes.")
    *events, answered = bot.answer(Question(SPECKLED, mode="hybrid"))
    assert isinstance(answered, Answered)
    addition = events[-1]
    assert isinstance(addition, Said) and answered.reply == answered.trace.raw_reply + addition.text
    assert addition.text.startswith(" ")
    assert not any(isinstance(event, Revised) for event in events)
    nearest = [line.split("{")[0] for line in bot.resources.persona("sherlock").persona.nearest]
    assert addition.text.strip().startswith(tuple(nearest))


def test_an_empty_draft_is_declined_where_the_mode_has_books(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, _ = faked(settings, library, memory, "")
    answered = bot.reply(Question(GREETING, mode="rag"))
    assert answered.reply in bot.resources.persona("sherlock").persona.declines


def test_seed_and_sampling_are_the_questions_and_the_personas(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, "One.", "Two.")
    wanted = bot.resources.persona("sherlock").persona.generation
    traces = [bot.reply(Question(TALK, mode="ft", seed=5, attempt=attempt)).trace for attempt in (0, 2)]
    samplings = [request.sampling for request in engine.requests]
    assert [sampling.seed for sampling in samplings] == [trace.seed for trace in traces] == [5, 7]
    assert [sampling.temperature for sampling in samplings] == [wanted.temperature, 0.7]
    for sampling in samplings:
        assert (sampling.max_new_tokens, sampling.top_p, sampling.presence_penalty) == (
            wanted.max_new_tokens,
            wanted.top_p,
            wanted.presence_penalty,
        )


def test_a_line_without_the_model_is_sent_as_asked_and_another_one_on_a_retry(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, _ = faked(settings, library, memory)
    conversation = memory.start("visitor", "sherlock")
    question = Question("What do you think of the Betamax?", conversation=conversation)
    *events, answered = bot.answer(question)
    assert isinstance(answered, Answered)
    assert events[-1] == Said(answered.reply)
    stored = memory.turn(answered.turn_id or "")
    assert (stored.mode, stored.sent, stored.reply) == ("hybrid", question.text, answered.reply)
    trace = answered.trace
    assert (trace.raw_reply, trace.finish, trace.prompt) == ("", "", ())
    assert trace.check is not None and trace.check.verdict == "declined"
    assert 0 < trace.timings.first_token_ms <= trace.timings.total_ms
    assert bot.reply(replace(question, attempt=1)).reply != answered.reply


def test_the_trace_names_who_answered_how_and_with_what(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, GOOD)
    trace = bot.reply(Question(SPECKLED, mode="hybrid")).trace
    assert (trace.mode, trace.persona, trace.model, trace.voice) == ("hybrid", "sherlock", settings.model, True)
    assert (trace.finish, trace.tokens.prompt, trace.tokens.reply) == ("stop", 10, len(GOOD.split()))
    assert 0 < trace.timings.retrieval_ms < trace.timings.first_token_ms <= trace.timings.total_ms
    wanted = bot.resources.persona("sherlock").persona.generation
    assert len(engine.requests) == wanted.drafts > 1
    assert all(request.copies for request in engine.requests)
    assert len({(request.messages, request.voice, request.opening) for request in engine.requests}) == 1
    first, *others = (request.sampling for request in engine.requests)
    assert (first.temperature, first.seed) == (wanted.temperature, trace.seed)
    assert all(sampling.temperature > 0 for sampling in others)
    assert len({sampling.seed for sampling in (first, *others)}) == wanted.drafts


def test_evidence_that_found_no_room_in_the_prompt_is_dropped_from_the_trace(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings.model_copy(update={"context_tokens": 256}), library, memory, GOOD)
    trace = bot.reply(Question(SPECKLED, mode="hybrid")).trace
    assert trace.search is not None
    dropped = [piece for piece in trace.search.dropped if piece.reasons[-1].module == "prompt"]
    assert len(dropped) == len([line for line in trace.left_out if line.startswith("evidence")]) > 0
    sent = engine.requests[0].messages[-1].content
    assert all(piece.text not in sent for piece in dropped)
    assert all(piece.text.replace("\n", " ") in sent for piece in trace.evidence)


def test_a_reply_may_not_rest_on_evidence_that_found_no_room(
    settings: Settings, library: Library, memory: Memory
) -> None:
    tight = settings.model_copy(update={"context_tokens": 256})
    bot, _ = faked(tight, library, memory, GOOD)
    trace = bot.reply(Question(SPECKLED, mode="hybrid")).trace
    assert trace.search is not None
    shown = words_of(" ".join(text for _, text in trace.prompt))
    dropped = [piece.text for piece in trace.search.dropped if piece.reasons[-1].module == "prompt"]
    hidden = next(name for text in dropped for name in names_in(text) if not set(words_of(name)) & set(shown))
    bot, _ = faked(tight, library, memory, f"It was the work of {hidden}.")
    answered = bot.reply(Question(SPECKLED, mode="hybrid"))
    assert hidden not in answered.reply
    assert all(hidden in draft.why for draft in answered.trace.drafts)


def test_a_name_may_come_from_an_earlier_exchange(settings: Settings, library: Library, memory: Memory) -> None:
    history = (Exchange("I am Colonel Fotheringay.", "Then you know Major Prendergast."),)
    reply = "It was the snake, Colonel Fotheringay, as Major Prendergast knows."
    bot, _ = faked(settings, library, memory, reply)
    assert bot.reply(Question(SPECKLED, mode="hybrid", history=history)).reply.endswith(reply)


def test_with_room_for_more_three_pieces_are_handed_over(settings: Settings, library: Library, memory: Memory) -> None:
    bot, _ = faked(settings.model_copy(update={"evidence_tokens": 4096}), library, memory, GOOD)
    assert len(bot.reply(Question(SPECKLED, mode="hybrid")).trace.evidence) == 3


def test_the_real_chain_answers_from_the_casebook(
    settings: Settings, engine: Engine, library: Library, memory: Memory
) -> None:
    resources = Resources(settings, engine=engine)
    resources.__dict__["memory"] = memory
    conversation = memory.start("visitor", "sherlock")
    events = list(Bot(resources).answer(Question(SPECKLED, mode="hybrid", conversation=conversation)))
    final = events[-1]
    assert isinstance(final, Answered)
    assert any(isinstance(event, Searched) for event in events)
    assert any(word in final.reply.lower() for word in ("snake", "adder", "roylott"))
    assert len(final.trace.prompt) == 2
    stored = memory.path(conversation)[0]
    assert stored.reply == final.reply
