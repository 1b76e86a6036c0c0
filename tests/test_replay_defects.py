"""Deliberate defects, each of which turns a replay that is shipped red: what the cassettes are good for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chatbot import exchanges, prompts, recall, turn, turn_parts
from chatbot.library.index import OwnTexts
from chatbot.library.search import Found, Library
from chatbot.library.search import library as searching
from chatbot.library.search import modules as steps
from chatbot.library.search import tools as search_tools
from chatbot.library.search.reading import Reading
from chatbot.modes import MODES
from chatbot.replay import Stage, run_file
from chatbot.resources import Resources
from chatbot.trace import Check
from chatbot.turn_values import Turn
from chatbot.wording import Wording
from memory import Memory
from personas import Persona

SHIPPED = Path(__file__).with_name("replays")
HIS = "about the visitor"  # a kind of message
Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Defect:
    """Something that is broken on purpose.

    Attributes:
        area: what it is a mutation of.
        what: is wrong, in words.
        replay: that shows it.
        breaks: makes it so.
    """

    area: str
    what: str
    replay: str
    breaks: Patch


def _set(place: Any, name: str, value: Any) -> Patch:
    return lambda monkeypatch: monkeypatch.setattr(place, name, value)


def _both(one: Patch, other: Patch) -> Patch:
    def broken(monkeypatch: pytest.MonkeyPatch) -> None:
        one(monkeypatch)
        other(monkeypatch)

    return broken


def _wrap(place: Any, name: str, wrapped: Callable[..., Any]) -> Patch:
    """The real one is called by `wrapped`, as its first argument."""
    real = getattr(place, name)
    return _set(place, name, lambda *args, **values: wrapped(real, *args, **values))


def _mode(name: str, **parts: Any) -> Patch:
    return lambda monkeypatch: monkeypatch.setitem(MODES, name, replace(MODES[name], **parts))


def _left_out(module: type) -> Patch:
    """A module of the search that does nothing."""
    return _set(module, "apply", lambda self, inquiry, tools: (inquiry, "left out"))


def _without_works(real: Any, asked: str, notes: Any, *more: Any) -> Any:
    return real(asked, [("", text) for _, text in notes], *more)


def _nothing(*_: Any, **__: Any) -> None:
    return None


DEFECTS = (
    # -------------------------------------------------------------- the prompt
    Defect("prompt", "another instruction", "standard-mode", _set(Persona, "instruction", lambda self: "Answer.")),
    Defect(
        "prompt",
        "the exchange before is left out",
        "standard-mode",
        _wrap(turn, "build_prompt", lambda real, *args, **more: real(*args[:3], [], *args[4:], **more)),
    ),
    Defect(
        "prompt",
        "the notes are left out",
        "speckled-band",
        _set(prompts, "turn_pieces", lambda question, *_: (prompts.Piece("question", question),)),
    ),
    Defect(
        "prompt",
        "the notes stand in another order",
        "speckled-band",
        _wrap(prompts, "turn_pieces", lambda real, asked, notes, *more: real(asked, notes[::-1], *more)),
    ),
    Defect(
        "prompt",
        "the works of the notes are not named",
        "speckled-band",
        _wrap(prompts, "turn_pieces", _without_works),
    ),
    Defect(
        "prompt",
        "the answer that was read is not marked",
        "speckled-band",
        _wrap(prompts, "turn_pieces", lambda real, asked, notes, rules, answer="": real(asked, notes, rules)),
    ),
    Defect("prompt", "the examples are left out", "few-shot-mode", _set(turn, "_examples", lambda *_: [])),
    Defect("prompt", "messages are counted far too high", "narrow", _set(prompts, "MESSAGE_OVERHEAD", 120)),
    # -------------------------------------------------------------- the search
    Defect(
        "search",
        "what was said before is not handed over",
        "speckled-band",
        _wrap(Library, "search", lambda real, *args, **more: real(*args, **{**more, "history": ()})),
    ),
    Defect("search", "follow-ups are searched as they stand", "follow-up-place", _left_out(steps.FollowUp)),
    Defect("search", "one piece is handed over where there were more", "speckled-band", _set(turn, "MAX_PIECES", 1)),
    Defect(
        "search",
        "weak evidence is handed over",
        "declines-science",
        _set(Found, "with_weak_dropped", lambda found: found),
    ),
    Defect("search", "pieces are not cut to the sentences that matter", "speckled-band", _left_out(steps.Focus)),
    Defect("search", "pieces are not widened again", "speckled-band", _left_out(steps.SentenceWindow)),
    Defect("search", "sense is not searched", "naive-rag-mode", _left_out(steps.DenseSearch)),
    Defect("search", "the reader does not order", "speckled-band", _left_out(steps.Read)),
    Defect("search", "probable questions are not looked up", "speckled-band", _left_out(steps.ProbableQuestions)),
    Defect("search", "the budget is not kept", "narrow", _set(searching, "_without_room", lambda *_: [])),
    Defect(
        "search",
        "every word is strange to the books",
        "speckled-band",
        _set(search_tools, "read", lambda question, *_: Reading(question, tuple(question.split()))),
    ),
    Defect("search", "two questions are searched as one", "two-questions", _set(turn, "parts_of", lambda one: (one,))),
    Defect(
        "search",
        "a visitor's own texts are not searched",
        "source-added",
        _set(Resources, "_beside", lambda self, persona, shared, visitor: shared),
    ),
    Defect("search", "a removed text is still found", "source-removed", _set(OwnTexts, "remove", lambda *_: 0)),
    # -------------------------------------------------------------- memory
    Defect(
        "memory",
        "what the visitor told is looked up in the books",
        "told-last-week",
        _both(
            _wrap(
                turn, "kind_of", lambda real, *args: "question" if real(*args) == "about the visitor" else real(*args)
            ),
            _set(turn, "perhaps_told", _nothing),
        ),
    ),
    Defect(
        "memory",
        "nothing that was told is brought back",
        "told-last-week",
        _set(turn, "told_by_visitor", lambda *_: Found(weak=True, intent=recall.INTENT)),
    ),
    Defect(
        "memory",
        "a turn is stored behind nothing",
        "edit-question",
        _wrap(Memory, "ask", lambda real, memory, conversation, parent, *rest: real(memory, conversation, None, *rest)),
    ),
    Defect(
        "memory",
        "branches run into one another",
        "branch-back",
        _wrap(Memory, "path", lambda real, memory, conversation, *_, **__: memory.turns(conversation)),
    ),
    Defect(
        "memory",
        "the reply is not stored",
        "small-talk",
        _wrap(Memory, "answer", lambda real, memory, turn_id, **parts: real(memory, turn_id, **{**parts, "reply": ""})),
    ),
    # -------------------------------------------------------------- the voice
    Defect("voice", "the voice is off", "voice-writes", _set(Turn, "voice", None)),
    Defect(
        "voice",
        "tokens are drawn by chance",
        "voice-writes",
        _wrap(turn, "_sampling", lambda real, one: replace(real(one), temperature=0.9)),
    ),
    Defect("voice", "no line of his own is shown to the model", "voice-writes", _set(turn, "_examples", lambda *_: [])),
    Defect("voice", "his own lines are never near", "small-talk", _set(exchanges.Exchanges, "nearest", lambda *_: [])),
    Defect(
        "voice",
        "no line of his own stands where he does not know",
        "declines-stranger",
        _set(Wording, "without_model", lambda *_: ""),
    ),
    Defect(
        "voice",
        "another of his lines where he does not know",
        "declines-stranger",
        _set(Wording, "without_model", lambda *_: ("No.",)),
    ),
    # -------------------------------------------------------------- modes
    Defect("mode", "the books are closed in hybrid", "speckled-band", _mode("hybrid", knowledge=None)),
    Defect("mode", "hybrid has no voice", "small-talk", _mode("hybrid", voice=False)),
    Defect("mode", "ft opens the books", "voice-writes", _mode("ft", knowledge=MODES["hybrid"].knowledge, voice=False)),
    Defect("mode", "rag has the voice", "plain-model", _mode("rag", voice=True)),
    Defect("mode", "the plain model is shown examples", "standard-mode", _mode("standard", examples=True)),
    Defect("mode", "one mode answers for all", "voice-alone", _set(turn, "get_mode", lambda _: MODES["rag"])),
    # -------------------------------------------------------------- the check
    Defect(
        "check",
        "everything is grounded",
        "standard-mode",
        _set(turn, "check_reply", lambda *_: Check(verdict="grounded")),
    ),
    Defect(
        "check",
        "everything is withheld",
        "speckled-band",
        _set(turn, "check_reply", lambda *_: Check(verdict="withheld")),
    ),
    Defect(
        "check",
        "two replies run into one",
        "two-questions",
        _set(turn_parts, "BREAK", " "),
    ),
)


@pytest.fixture(scope="module")
def sound(replay_stage: Stage) -> Callable[[str], bool]:
    """Whether a replay passes while nothing is broken."""
    return cache(lambda name: run_file(SHIPPED / f"{name}.replay.yaml", replay_stage, cassette=True).passed)


def test_every_area_has_defects() -> None:
    assert len(DEFECTS) >= 25
    assert {defect.area for defect in DEFECTS} == {"prompt", "search", "memory", "voice", "mode", "check"}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.area}: {defect.what}")
def test_a_defect_turns_a_replay_red(
    defect: Defect, sound: Callable[[str], bool], replay_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sound(defect.replay)
    defect.breaks(monkeypatch)
    outcome = run_file(SHIPPED / f"{defect.replay}.replay.yaml", replay_stage, cassette=True)
    assert not outcome.passed
    assert outcome.shown()
