"""The bench: every contender in turn, again and again, each in its own process and only one at work at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatbot.errors import EngineError
from chatbot.evaluation.bench.child import Child, LostError
from chatbot.evaluation.bench.contenders import Contender, Setup
from chatbot.progress import Say


@dataclass
class BenchOutcome:
    """What came of it.

    Attributes:
        contenders: name to title, in the order of the table.
        samples: by contender's name and sample's name, in the order in which they were taken.
        weights_bytes: what a token reads, by contender's name; None where it is not known.
        notes: what a reader has to know: who failed at what.
        bandwidth: bytes a second of the machine's memory; None: not measured.
    """

    contenders: dict[str, str]
    samples: dict[str, dict[str, list[float]]]
    weights_bytes: dict[str, int | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bandwidth: float | None = None


def run(contenders: Sequence[Contender], setup: Setup, say: Say = lambda _: None) -> BenchOutcome:
    """Measure all contenders, alternating within every repetition.

    One that dies, or cannot be started, is named in the notes and left out from there on; a measure that fails is
    left out for the contender that failed in it.

    Args:
        contenders: who is measured, in this order.
        setup: what they are made from, with the plan.
        say: told what is being done.
    """
    outcome = BenchOutcome({one.name: one.title for one in contenders}, {one.name: {} for one in contenders})
    children: dict[str, Child] = {}
    try:
        for one in contenders:
            say(f"Starting {one.title} ...")
            try:
                children[one.name] = Child(one, setup)
            except LostError as error:
                _note(outcome, say, f"{one.title} could not be started and is left out: {error}")
                continue
            if note := children[one.name].started["note"]:
                _note(outcome, say, f"{one.title}: {note}")
        _repeat(contenders, setup, children, outcome, say)
        for one in contenders:
            if one.name in children:
                _facts(one, children, outcome, say, setup.plan.start_ups)
    finally:
        for child in children.values():
            child.close()
    return outcome


def _repeat(
    contenders: Sequence[Contender], setup: Setup, children: dict[str, Child], outcome: BenchOutcome, say: Say
) -> None:
    failed: set[tuple[str, str]] = set()
    plan = setup.plan
    for number in range(1, plan.repetitions + 1):
        for measure in plan.measures:
            for one in contenders:
                if one.name not in children or measure in one.leaves_out or (one.name, measure) in failed:
                    continue
                say(f"Repetition {number} of {plan.repetitions}: {measure}, {one.title}")
                try:
                    _keep(outcome, one, children[one.name].measure(measure, f"repetition {number}"))
                except LostError as error:
                    _lose(one, children, outcome, say, f"was lost during '{measure}': {error}")
                except EngineError as error:
                    failed.add((one.name, measure))
                    _note(outcome, say, f"{one.title}: '{measure}' failed and is left out: {error}")
        for one in contenders if plan.start_ups else ():
            if one.name not in children:
                continue
            say(f"Repetition {number} of {plan.repetitions}: start-up, {one.title}")
            try:
                again = Child(one, setup)
            except LostError as error:
                _note(outcome, say, f"{one.title} could not be started again: {error}")
            else:
                again.close()
                _keep(outcome, one, again.started["samples"])


def _facts(one: Contender, children: dict[str, Child], outcome: BenchOutcome, say: Say, memory: bool) -> None:
    try:
        facts = children[one.name].facts()
    except EngineError as error:
        _lose(one, children, outcome, say, f"was lost at the end: {error}")
        return
    outcome.weights_bytes[one.name] = facts["weights_bytes"]
    if memory:
        _keep(outcome, one, {"memory.peak": [facts["memory_mb"]]})


def _keep(outcome: BenchOutcome, one: Contender, samples: dict[str, list[float]]) -> None:
    own = outcome.samples[one.name]
    for name, values in samples.items():
        own.setdefault(name, []).extend(values)


def _lose(one: Contender, children: dict[str, Child], outcome: BenchOutcome, say: Say, what: str) -> None:
    children.pop(one.name).close()
    _note(outcome, say, f"{one.title} {what} What was measured before is shown; the rest is left out.")


def _note(outcome: BenchOutcome, say: Say, text: str) -> None:
    outcome.notes.append(text)
    say(text)
