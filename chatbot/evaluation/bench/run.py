"""The bench: every engine in a process of its own, so that its memory, its start-up and its crash are its own.

Engines alternate within every repetition, and only one is at work at a time.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chatbot.errors import EngineError, VoiceError
from chatbot.evaluation.bench.engines import Measured, Setup
from chatbot.evaluation.bench.measures import MEASURES, Bench, Samples
from chatbot.progress import Say


@dataclass
class BenchOutcome:
    """What was measured.

    Attributes:
        samples: by the engine's name and the sample's name, in the order in which they were taken.
        notes: what a reader has to know: who failed at what.
    """

    samples: dict[str, Samples]
    notes: list[str] = field(default_factory=list)


def run(engines: Sequence[Measured], setup: Setup, say: Say = lambda _: None) -> BenchOutcome:
    """Measure all engines.

    One whose process ends, or that cannot be started, is named in the notes and left out from there on; a measure that
    fails is left out for the engine that failed in it.

    Args:
        engines: in the order of the table.
        setup: what they are made from, with the plan.
        say: told what is being done.
    """
    outcome = BenchOutcome({one.name: {} for one in engines})
    plan = setup.plan
    running: dict[str, _Process] = {}
    failed: set[tuple[str, str]] = set()

    def note(text: str) -> None:
        outcome.notes.append(text)
        say(text)

    def keep(one: Measured, samples: Samples) -> None:
        for name, values in samples.items():
            outcome.samples[one.name].setdefault(name, []).extend(values)

    def start(one: Measured) -> _Process | None:
        process = _Process()
        try:
            voiceless = process.call(_start, one, setup, time.time())
        except (EngineError, BrokenProcessPool) as error:
            process.close()
            note(f"{one.name} could not be started and is left out: {error}")
            return None
        if voiceless and one.name not in running:
            note(f"{one.name} is measured without a voice: {voiceless}")
        return process

    try:
        for one in engines:
            say(f"Starting {one.name} ...")
            if process := start(one):
                running[one.name] = process
        for number, measure in ((number, name) for number in range(plan.repetitions) for name in plan.measures):
            for one in engines:
                if one.name not in running or (one.name, measure) in failed or (one.alone and measure == "modes"):
                    continue
                say(f"Repetition {number + 1} of {plan.repetitions}: {measure}, {one.name}")
                try:
                    keep(one, running[one.name].call(_measure, measure, f"repetition {number}"))
                except BrokenProcessPool as error:
                    note(f"{one.name} was lost during '{measure}', and is left out from there on: {error}")
                    running.pop(one.name).close()
                except EngineError as error:
                    failed.add((one.name, measure))
                    note(f"{one.name}: '{measure}' failed and is left out: {error}")
        for one in engines if plan.start_ups else ():
            if one.name not in running:
                continue
            keep(one, running[one.name].call(_memory))
            for number in range(plan.repetitions):
                say(f"Repetition {number + 1} of {plan.repetitions}: start-up, {one.name}")
                if process := start(one):
                    keep(one, process.call(_start_up))
                    process.close()
    finally:
        for process in running.values():
            process.close()
    return outcome


class _Process:
    """A process that keeps its engine from one call to the next."""

    def __init__(self) -> None:
        spawned = multiprocessing.get_context("spawn")  # a fork would inherit the parent's memory
        self._pool = ProcessPoolExecutor(1, mp_context=spawned, initializer=_quiet)

    def call(self, task: Any, *arguments: Any) -> Any:
        """What `task` returns in the process; its errors are raised here, and `BrokenProcessPool` where it ended."""
        return self._pool.submit(task, *arguments).result()

    def close(self) -> None:
        self._pool.shutdown()


# ---------------------------------------------------------------------- in the engine's process

_bench: Bench
_started: Samples = {}


def _quiet() -> None:
    os.dup2(sys.stderr.fileno(), 1)  # the parent's standard output is for its table
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _start(one: Measured, setup: Setup, began: float) -> str:
    """Make and warm the engine; why it has no voice, where it cannot have this one.

    Args:
        one: which engine.
        setup: what it is made from.
        began: when the process was started, in seconds of `time.time()`.
    """
    global _bench
    plan, voice, why = setup.plan, setup.voice, ""
    if one.alone:
        plan = replace(plan, users=(1,))
    try:
        engine = one.make(setup)
        try:
            engine.warm([voice] if voice else [])
        except VoiceError as error:
            voice, why = None, str(error)
            engine.warm()
        _started["start.ready"] = [(time.time() - began) * 1000]
        _bench = Bench(engine, setup.source, voice, plan)
        for each in _bench.voices:  # what is done only once is done before anything is measured
            _bench.ask(_bench.prompt("warm up", plan.prompt), each, 8)
    except Exception as error:
        raise EngineError(f"{type(error).__name__}: {error}") from None  # others may not survive the way back
    return why


def _measure(name: str, label: str) -> Samples:
    try:
        return MEASURES[name](_bench, label)
    except Exception as error:
        raise EngineError(f"{type(error).__name__}: {error}") from None


def _start_up() -> Samples:
    return _started


def _memory() -> Samples:
    return {"memory.peak": [peak_memory_mb()]}


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # On Linux ru_maxrss begins with what the parent held; the high-water mark of the address space begins anew.
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 ** (2 if sys.platform == "darwin" else 1)
