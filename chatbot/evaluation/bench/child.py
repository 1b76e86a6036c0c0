"""One contender in a process of its own: its start-up time and its memory are then its own, and its crash too."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from chatbot.errors import BakerStreetError, EngineError, VoiceError
from chatbot.evaluation.bench.contenders import Contender, Setup
from chatbot.evaluation.bench.measures import MEASURES, Bench, Prose, warm_up

START_SECONDS = 900.0  # the first start converts the model
MEASURE_SECONDS = 1800.0  # a machine with other work to do is many times slower
CLOSE_SECONDS = 20.0


class LostError(EngineError):
    """The process of a contender has ended, or does not answer any more."""


class Child:
    """A contender's process, started and warm; one command at a time.

    Args:
        contender: who runs in it.
        setup: what the engine is made from.

    Attributes:
        started: what it said when it was ready: `samples` of the start-up, `note` (or None).

    Raises:
        LostError: it could not be started.
    """

    def __init__(self, contender: Contender, setup: Setup) -> None:
        context = get_context("spawn")  # a fork would inherit the parent's memory, and its locks
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, contender, setup, time.time()), name=f"bench-{contender.name}", daemon=True
        )
        self._process.start()
        theirs.close()
        try:
            self.started: dict[str, Any] = self._answer(START_SECONDS)
        except EngineError as error:
            self.close()
            raise LostError(str(error)) from error
        except BaseException:
            self.close()
            raise

    def measure(self, name: str, label: str) -> dict[str, list[float]]:
        """The samples of one measure.

        Raises:
            EngineError: it failed, and the contender lives.
            LostError: the contender is gone.
        """
        return self._ask("measure", name, label)["samples"]

    def facts(self) -> dict[str, Any]:
        """`memory_mb`, the most memory so far, and `weights_bytes`, what a token reads (None: not known).

        Raises:
            LostError: the contender is gone.
        """
        return self._ask("facts")

    def close(self) -> None:
        """End the process; by force where it does not end by itself."""
        with suppress(OSError):  # it may have ended already
            self._pipe.send(("close",))
        self._process.join(CLOSE_SECONDS if self._process.is_alive() else 0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()

    def _ask(self, *command: str) -> dict[str, Any]:
        try:
            self._pipe.send(command)
        except OSError as error:
            raise self._lost() from error
        return self._answer(MEASURE_SECONDS)

    def _answer(self, seconds: float) -> dict[str, Any]:
        try:
            if not self._pipe.poll(seconds):
                self._process.kill()
                raise LostError(f"It did not answer within {seconds:.0f} seconds.")
            failed, answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if failed:
            raise EngineError(answer)
        return answer

    def _lost(self) -> LostError:
        self._process.join(CLOSE_SECONDS)
        code = self._process.exitcode
        if code is not None and code < 0:
            return LostError(f"Its process was ended by {signal.Signals(-code).name}.")
        return LostError(f"Its process ended with code {code}.")


def _serve(pipe: Connection, contender: Contender, setup: Setup, began: float) -> None:
    """The child's side. `began`: when the parent started it, in seconds of `time.time()`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when this ends
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    os.dup2(sys.stderr.fileno(), 1)  # the parent's standard output is for its table
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        entered = time.time()
        for package in contender.packages:
            importlib.import_module(package)
        imported = time.time()
        bench, note = _open(contender, setup)
        ready = time.time()
        warm_up(bench)
    except Exception as error:
        pipe.send((True, _told(error)))
        return
    start = {
        "start.ready": [(ready - began) * 1000],
        "start.python": [(entered - began) * 1000],
        "start.imports": [(imported - entered) * 1000],
        "start.load": [(ready - imported) * 1000],
    }
    pipe.send((False, {"samples": start, "note": note}))
    try:
        while (command := pipe.recv())[0] != "close":
            try:
                pipe.send((False, _obey(bench, command)))
            except Exception as error:
                pipe.send((True, _told(error)))
    except (EOFError, OSError):
        pass  # the parent has gone
    bench.engine.close()


def _end_with_the_parent() -> None:
    """A measure may take minutes, and nobody would hear of it any more."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _open(contender: Contender, setup: Setup) -> tuple[Bench, str | None]:
    """A warm engine, and what is to be said of it."""
    plan = replace(setup.plan, users=contender.users or setup.plan.users)
    voice = setup.voice if contender.voices else None
    engine, note = contender.make(setup), None
    try:
        engine.warm([voice] if voice else [])
    except VoiceError as error:
        voice, note = None, f"measured without a voice: {error}"
        engine.warm()
    return Bench(engine, Prose(setup.source), voice, plan), note


def _obey(bench: Bench, command: tuple[str, ...]) -> dict[str, Any]:
    if command[0] == "measure":
        return {"samples": MEASURES[command[1]](bench, command[2])}
    return {"memory_mb": peak_memory_mb(), "weights_bytes": getattr(bench.engine, "weights_bytes", None)}


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, BakerStreetError) else f"{type(error).__name__}: {error}"


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB."""
    # A process that was started by another one counts the other's memory into its own ru_maxrss on Linux (what it
    # was before exec is part of it); the high-water mark of the address space begins anew.
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource  # not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 / (1024 if sys.platform == "darwin" else 1)
