"""The worker behind an engine: side tasks beside replies, and that nobody waits for a worker that has ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chatbot.engines.likelihood import Batch
from chatbot.engines.remote import RemoteEngine
from chatbot.engines.types import Generation, Request
from chatbot.engines.worker import WorkerEngine
from chatbot.errors import BakerStreetError, EngineError
from chatbot.prompts import Message
from chatbot.settings import Settings

PAIR = ("Rain fell on the harbour all night.", " Why did the ferry come late to the islands?")
HELLO = Request((Message("user", "Hello"),))


class Slow:
    """A scorer that waits to be let go on, and then fails as it is told to."""

    window = 100

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.fails = False

    def score(self, batch: Batch) -> list[float]:
        """Everything is certain."""
        self.asked.set()
        self.go_on.wait()
        if self.fails:
            raise RuntimeError("out of ink")
        return [0.0] * len(batch.targets)


class Echo(WorkerEngine):
    """An engine that answers every request with its own question; `fault` is raised where it says so."""

    name = "echo"
    fault: tuple[str, BaseException] | None = None

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.model, settings.models_dir)
        self.under_way: list[Generation] = []

    def _fail(self, where: str) -> None:
        if self.fault is not None and self.fault[0] == where:
            error, self.fault = self.fault[1], None
            raise error

    def _load(self, voices: Sequence[Path]) -> None:
        self._fail("load")

    def _begin(self, generation: Generation) -> None:
        self._fail("begin")
        self.under_way.append(generation)

    def _under_way(self) -> list[Generation]:
        return self.under_way

    def _step(self) -> None:
        self._fail("step")
        for generation in self.under_way:
            generation.push(generation.request.messages[-1].content)
            generation.complete("stop")
        self.under_way = []

    def _unload(self) -> None:
        self.under_way = []


class Scoring(Echo):
    """One that has a scorer."""

    def __init__(self, settings: Settings, scorer: Slow) -> None:
        super().__init__(settings)
        self.slow = scorer

    def _scorer(self) -> Slow:
        return self.slow


def test_an_engine_without_a_scorer_says_so(settings: Settings) -> None:
    engine = Echo(settings)
    with pytest.raises(EngineError, match="'echo' cannot tell how likely a text is"):
        engine.likelihood([PAIR])
    engine.close()


def test_a_scorer_that_fails_is_told_of_and_the_engine_goes_on(settings: Settings) -> None:
    engine = Scoring(settings, Slow())
    engine.slow.go_on.set()
    engine.slow.fails = True
    with pytest.raises(EngineError, match="The engine failed: RuntimeError: out of ink"):
        engine.likelihood([PAIR])
    engine.slow.fails = False
    assert engine.likelihood([PAIR]) == [0.0]
    engine.close()


def test_who_waits_for_a_likelihood_or_a_voice_is_told_that_the_engine_was_closed(settings: Settings) -> None:
    engine = Scoring(settings, Slow())
    many = [(PAIR[0], f"{PAIR[1]} {number}" * 4) for number in range(20)]  # more than a batch
    errors: list[Exception] = []

    def ask(how: Any) -> None:
        try:
            how()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(how,)) for how in (lambda: engine.likelihood(many), engine.warm)]
    threads[0].start()
    engine.slow.asked.wait()
    threads[1].start()
    while engine._side_tasks.empty():
        threads[1].join(0.01)
    closing = threading.Thread(target=engine.close)
    closing.start()
    while not engine._closed:
        closing.join(0.01)
    engine.slow.go_on.set()
    for thread in (*threads, closing):
        thread.join()
    assert len(errors) == 2
    assert all(isinstance(error, EngineError) and "closed" in str(error) for error in errors)


# ---------------------------------------------------------------------- a worker that has ended


@pytest.fixture
def echo(settings: Settings) -> Iterator[Echo]:
    engine = Echo(settings)
    yield engine
    engine.close()


@pytest.mark.parametrize("where", ["begin", "step", "load"])
@pytest.mark.parametrize("error", [RuntimeError("out of memory"), MemoryError(), SystemExit(1)], ids=repr)
def test_a_worker_that_fails_tells_its_readers_and_the_next_request_starts_another(
    echo: Echo, where: str, error: BaseException
) -> None:
    assert echo.submit(HELLO).completion.text == "Hello"
    echo.fault = (where, error)
    with pytest.raises(EngineError):
        echo.warm() if where == "load" else echo.submit(HELLO).completion
    assert echo.submit(HELLO).completion.text == "Hello"
    echo.warm()


def test_everybody_who_waits_is_told_when_a_worker_fails(echo: Echo) -> None:
    go_on = threading.Event()
    started = threading.Event()

    def hold(voices: Sequence[Path]) -> None:
        started.set()
        go_on.wait()
        raise SystemExit

    echo._load = hold  # type: ignore[method-assign]
    told: list[BakerStreetError] = []

    def warm() -> None:
        with pytest.raises(EngineError) as caught:
            echo.warm()
        told.append(caught.value)

    warming = [threading.Thread(target=warm) for _ in range(2)]
    for thread in warming:
        thread.start()
    started.wait()
    waiting = [echo.submit(HELLO) for _ in range(3)]
    go_on.set()
    for generation in waiting:
        with pytest.raises(EngineError, match="SystemExit"):
            _ = generation.completion
    for thread in warming:
        thread.join()
    assert len(told) == 2
    assert echo.submit(HELLO).completion.text == "Hello"


def test_no_reader_outwaits_a_thread_that_left_without_a_word(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    # As after a fork: the thread is gone, and nothing of it ran to the end.
    with monkeypatch.context() as gone:
        gone.setattr(echo, "_run", lambda: None)
        with pytest.raises(EngineError, match="ended before the reply was finished"):
            _ = echo.submit(HELLO).completion
        with pytest.raises(EngineError, match="ended before"):
            echo.warm()
    echo.warm()
    assert echo.submit(HELLO).completion.text == "Hello"


def test_a_closed_engine_neither_answers_nor_starts_again(echo: Echo) -> None:
    assert echo.submit(HELLO).completion.text == "Hello"
    echo.close()
    for ask in (lambda: echo.submit(HELLO), lambda: echo.likelihood([PAIR]), echo.warm):
        with pytest.raises(EngineError, match="closed"):
            ask()


def test_a_remote_engine_whose_loop_ended_starts_another(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: Any) -> Any:
        raise SystemExit

    async def answered(*_: Any) -> Any:
        await asyncio.sleep(0)
        return "stop"

    engine = RemoteEngine(url="http://127.0.0.1:9/v1", model="base")
    thread = engine._thread
    monkeypatch.setattr(engine, "_follow", lost)
    with pytest.raises(EngineError, match="before the reply was finished"):
        _ = engine.submit(HELLO).completion
    assert thread is not None
    thread.join()
    monkeypatch.setattr(engine, "_follow", answered)
    assert engine.submit(HELLO).completion.finish == "stop"
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.submit(HELLO)
