"""Run a replay: every turn through the bot of a conversation, and every expectation checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.language import comparable
from chatbot.prompts import Exchange
from chatbot.replay.format import Expectation, Replay

if TYPE_CHECKING:
    from chatbot.bot import Answered, Bot


@dataclass(frozen=True)
class ReplayOutcome:
    """One turn of a replay: its answer, and the expectations that failed, in words."""

    message: str
    answered: Answered
    failures: tuple[str, ...]


def run_replay(replay: Replay, bot: Bot) -> list[ReplayOutcome]:
    """Run every turn, even after one that failed; nothing is stored."""
    from chatbot.bot import Question  # not above: pytest loads this package with its plugin in every run

    history: list[Exchange] = []
    outcomes = []
    for turn in replay.turns:
        answered = bot.reply(
            Question(turn.say, persona=replay.persona, mode=turn.mode or replay.mode, history=tuple(history))
        )
        history.append(Exchange(turn.say, answered.reply))
        outcomes.append(ReplayOutcome(turn.say, answered, tuple(failures(turn.expect, answered))))
    return outcomes


def failures(expected: Expectation, answered: Answered) -> list[str]:
    """The expectations that `answered` does not meet, in words."""
    reply = comparable(answered.reply)
    found: list[str] = []
    if expected.any_of and not any(comparable(text) in reply for text in expected.any_of):
        found.append(f"the reply contains none of {list(expected.any_of)}")
    found += [f"the reply contains '{text}'" for text in expected.none_of if comparable(text) in reply]
    works = [piece.passage.work for piece in answered.trace.evidence]
    if expected.works and not set(works) & set(expected.works):
        found.append(f"the evidence is from {works}, not from any of {list(expected.works)}")
    if expected.no_evidence and works:
        found.append(f"there is evidence: {works}")
    verdict = answered.trace.check.verdict if answered.trace.check else "none"
    if expected.verdict and verdict not in expected.verdict:
        found.append(f"the verdict is '{verdict}', not one of {list(expected.verdict)}")
    return found
