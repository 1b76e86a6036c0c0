"""A conversation of 300 turns, stored as the page stores it: the window fills, and a turn is read as fast as the tenth.

The figures are printed (`pytest -s`). What is held to is the number of tokens that are read anew, of which the wait for
the first word consists, and which no other load of the machine changes.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median, quantiles

import pytest

from chatbot.bot import Bot, Question
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.trace import Trace
from personas import LoadedPersona

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
TURNS = 300


def figures(name: str, traces: list[Trace]) -> str:
    read = [trace.tokens.prompt - trace.tokens.cached for trace in traces]
    waits = [trace.timings.first_token_ms - trace.timings.retrieval_ms for trace in traces]
    return (
        f"{name:12} read anew: median {median(read):.0f}, most {max(read)} of {traces[-1].tokens.prompt} tokens; "
        f"first token without the search: p50 {median(waits):.0f}, p95 {quantiles(waits, n=20)[-1]:.0f}, "
        f"max {max(waits):.0f} ms"
    )


def test_the_three_hundredth_turn_is_read_as_fast_as_the_tenth(
    settings: Settings, engine: OpenVinoEngine, sherlock: LoadedPersona, tmp_path: Path
) -> None:
    rows = (sherlock.folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(row)["question"] for row in rows][:TURNS]
    assert len(questions) == TURNS
    own = settings.model_copy(update={"home": tmp_path})
    resources = Resources(own, engine=engine)
    bot, parent = Bot(resources), None
    conversation = resources.memory.start("visitor", "sherlock", "")
    traces = []
    for question in questions:
        answered = bot.reply(Question(question, mode="ft", conversation=conversation, parent=parent))
        parent = answered.turn_id
        traces.append(answered.trace)
    for first in (5, 100, 200, TURNS - 10):
        print(figures(f"{first + 1}-{first + 10}", traces[first : first + 10]))
    print(figures(f"21-{TURNS}", traces[20:]))
    resources.memory.close()

    read = [trace.tokens.prompt - trace.tokens.cached for trace in traces]
    assert max(trace.tokens.prompt for trace in traces) > 0.8 * settings.context_tokens  # the window was full
    usual = median(read[5:15])
    assert median(read[20:]) <= 1.5 * usual
    late = sorted(read[20:])
    assert late[int(0.9 * len(late))] <= 2 * usual
    assert late[-1] <= usual + 200  # after a cut: one exchange more, to a whole block
