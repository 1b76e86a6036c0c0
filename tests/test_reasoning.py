"""Reasoning before the answer: written apart by the plain model, and without a way to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_bot import GOOD, SPECKLED, TALK, faked

from chatbot.bot import Question, Said
from chatbot.drafts import Candidate
from chatbot.language import ENGLISH
from chatbot.library.search import Library
from chatbot.modes import MODES, Mode
from chatbot.settings import Settings
from chatbot.turn_reasoning import concluded
from chatbot.turn_values import Reasoning
from chatbot.web.inspector import inspector_html
from chatbot.web.ladder import ladder_html
from chatbot.web.panels import timings_html
from memory import Memory

TRUE = "Dr. Roylott had killed Julia Stoner with the snake."
INVENTED = "Inspector Fotheringay saw it in 1947."
MODE = next(mode.name for mode in MODES.values() if mode.reasoning)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")


def test_the_answer_is_written_from_what_of_the_reasoning_the_evidence_holds(
    settings: Settings, library: Library, memory: Memory
) -> None:
    bot, engine = faked(settings, library, memory, f"{TRUE} {INVENTED}", f"{GOOD} {INVENTED}")
    persona = bot.resources.persona("sherlock").persona
    *events, answered = bot.answer(Question(SPECKLED, mode=MODE))
    reasons, answers = engine.requests[0], engine.requests[1]
    assert reasons.messages[-1].content.endswith(f"\n{persona.prompts.reason}") and reasons.voice is None
    assert reasons.sampling.max_new_tokens == settings.reasoning_tokens
    assert f"{persona.prompts.reasoned} {TRUE}\n" in answers.messages[-1].content and answers.voice is not None
    assert "Fotheringay" not in answers.messages[-1].content
    # The reasoning is no source: what stands in it alone is not let through.
    assert "Fotheringay" not in answered.reply and answered.reply.endswith(GOOD)
    assert "".join(event.text for event in events if isinstance(event, Said)) == answered.reply
    reasoning = answered.trace.reasoning
    assert [(thought.written, thought.chosen) for thought in reasoning.thoughts] == [(TRUE, True), (INVENTED, False)]
    assert "Fotheringay" in reasoning.thoughts[1].why
    origins = [piece.origin for piece in answered.trace.pieces[-1]]
    assert origins.count("reasoning") == 1 and origins[-1] == "question"
    for html in (timings_html(answered.trace), inspector_html(SPECKLED, answered.trace)):
        assert '<details class="reasoning">' in html and f"{TRUE} <del>{INVENTED}</del>" in html


@pytest.mark.slow
def test_reasoning_that_nothing_holds_changes_nothing(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, INVENTED, GOOD)
    answered = bot.reply(Question(SPECKLED, mode=MODE))
    plain, other = faked(settings, library, memory, GOOD)
    twin = next(mode for mode in MODES.values() if mode.voice and mode.knowledge == MODES[MODE].knowledge)
    assert plain.reply(Question(SPECKLED, mode=twin.name)).reply == answered.reply
    assert other.requests[0].messages == engine.requests[1].messages
    assert answered.trace.reasoning is not None and not answered.trace.reasoning.thoughts[0].chosen


@pytest.mark.slow
def test_without_evidence_or_room_nothing_is_reasoned(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, library, memory, "Good evening to you.", GOOD)
    assert bot.reply(Question(TALK, mode=MODE)).trace.reasoning is None
    bot, engine = faked(settings.model_copy(update={"context_tokens": 256}), library, memory, GOOD)
    assert bot.reply(Question(SPECKLED, mode=MODE, length=8)).trace.reasoning is None
    assert "reasoned" not in str(engine.requests[0].messages)


@pytest.mark.slow
def test_two_questions_are_reasoned_over_apart(settings: Settings, library: Library, memory: Memory) -> None:
    two = f"{SPECKLED} And who stole the blue carbuncle?"
    ryder = "James Ryder stole the blue carbuncle."
    bot, engine = faked(settings, library, memory, TRUE, GOOD, ryder, ryder)
    trace = bot.reply(Question(two, mode=MODE)).trace
    assert trace.reasoning is not None and [thought.written for thought in trace.reasoning.thoughts] == [TRUE, ryder]
    assert "Julia" in engine.requests[0].messages[-1].content


def test_what_was_concluded_follows_the_sentence_that_is_said_as_it_stands() -> None:
    thoughts = (
        Candidate("Quill kept a kettle.", chosen=True),
        Candidate("Quill sold it.", written="Quill sold it."),
        Candidate("So the stair was never dusty.", chosen=True),
    )
    assert concluded(Reasoning(thoughts), "He kept the kettle of Quill.", ENGLISH) == "So the stair was never dusty."
    assert concluded(Reasoning(thoughts[1:2]), "", ENGLISH) == concluded(None, "", ENGLISH) == ""
    assert Reasoning(thoughts).used == "Quill kept a kettle. So the stair was never dusty."


# ---------------------------------------------------------------------- the ladder


def test_the_picture_has_every_mode_where_its_parts_put_it() -> None:
    html = ladder_html()
    top, bottom = html.split("plain model</th>")[0], html.split("plain model</th>")[1]
    for mode in MODES.values():
        assert f"<dt>{mode.name}</dt><dd>{mode.summary}</dd>" in html
        assert (f'data-mode="{mode.name}"' in top) == mode.voice != (f'data-mode="{mode.name}"' in bottom)
    columns = [cell.split("</td>")[0] for cell in top.split("<td>")[2:]]
    assert [f'data-mode="{name}"' in columns[-1] for name in ("all", "cot", "ft")] == [True, True, False]
    assert 'data-mode="ft"' in columns[0] and "+ reasoning" in columns[-1]
    own = ladder_html([Mode("mine", "<of my own>", examples=True)])
    assert "&lt;of my own&gt;" in own and "+ examples" in own and "tuned voice" not in own
