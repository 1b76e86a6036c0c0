"""Whatever happens within a turn: it ends, with its reason, and the visitor gets one plain line."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine
from typer.testing import CliRunner

from chatbot.bot import Answered, Asked, Bot, Question, Said
from chatbot.cli import app
from chatbot.engines.types import Engine
from chatbot.errors import BakerStreetError, MemoryStoreError, ReadOnlyError, TurnError
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.library.search import Library
from chatbot.prompts import Exchange
from chatbot.resources import Resources
from chatbot.settings import Settings, load_settings
from chatbot.visitors import Visitor
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.views import Seat
from memory import Memory
from personas import LoadedPersona

QUESTION = "What killed Julia Stoner?"
REPLY = "It was the snake of Dr. Roylott."
CASES = Path(__file__).parent / "cases" / "long-message"


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")


def faked(settings: Settings, memory: Memory, *replies: str | Exception) -> tuple[Bot, FakeEngine]:
    engine = FakeEngine(*replies)
    resources = Resources(settings, engine=engine)
    resources.__dict__["memory"] = memory
    return Bot(resources), engine


def raising(error: BaseException) -> Callable[..., Any]:
    def broken(*_: object, **__: object) -> Any:
        raise error

    return broken


STEPS = [
    "chatbot.bot.gather",
    "chatbot.turn.build_prompt",
    "chatbot.bot.hold",
    "chatbot.bot.record",
    "chatbot.turn_record._trace",
    "chatbot.turn_record.to_stored",
    "memory.store.Memory.path",
    "memory.store.Memory.show",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), MemoryStoreError("The drawer is stuck.")])
def test_an_error_in_any_step_ends_the_turn_as_failed_with_its_reason(
    settings: Settings,
    library: Library,
    memory: Memory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
    error: Exception,
) -> None:
    bot, _ = faked(settings, memory, REPLY, REPLY)
    conversation = memory.start("visitor", "sherlock")
    first = bot.reply(Question(QUESTION, mode="ft", conversation=conversation)).turn_id
    with monkeypatch.context() as broken:
        broken.setattr(step, raising(error))
        with pytest.raises(BakerStreetError) as caught:
            bot.reply(Question("And the baboon?", mode="ft", conversation=conversation, parent=first))
    assert "\n" not in str(caught.value) and str(error) in str(caught.value)
    failed = memory.path(conversation)[-1]
    assert (failed.question, failed.state, failed.error) == ("And the baboon?", "failed", str(caught.value))
    own = isinstance(error, BakerStreetError)
    assert isinstance(caught.value, type(error) if own else TurnError)
    if not own:
        assert "Traceback" in caplog.text and "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(1)])
def test_an_end_of_the_process_within_a_turn_ends_it_as_stopped(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch, interrupt: BaseException
) -> None:
    bot, _ = faked(settings, memory, REPLY)
    conversation = memory.start("visitor", "sherlock")
    monkeypatch.setattr("chatbot.bot.hold", raising(interrupt))
    with pytest.raises(type(interrupt)):
        bot.reply(Question(QUESTION, mode="ft", conversation=conversation))
    (turn,) = memory.turns(conversation)
    assert (turn.state, turn.reply) == ("stopped", REPLY)


def test_an_error_before_the_question_is_stored_is_a_line_too(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, _ = faked(settings, memory)
    monkeypatch.setattr("chatbot.turn.clean_message", raising(ZeroDivisionError("by zero")))
    with pytest.raises(TurnError, match="error in the program"):
        bot.reply(Question(QUESTION))


def test_stopping_does_not_fail_where_the_end_cannot_be_stored(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    bot, _ = faked(settings, memory)
    events = bot.answer(Question(QUESTION, mode="ft", conversation=memory.start("visitor", "sherlock")))
    next(events)
    monkeypatch.setattr("memory.store.Memory.answer", raising(ZeroDivisionError("by zero")))
    events.close()
    assert "could not be stored" in caplog.text


def test_what_is_shown_is_kept_while_it_is_written(settings: Settings, library: Library, memory: Memory) -> None:
    bot, engine = faked(settings, memory, REPLY)
    engine.hold = threading.Event()
    conversation = memory.start("visitor", "sherlock")
    events = bot.answer(Question(QUESTION, mode="ft", conversation=conversation))
    shown = ""
    for event in events:
        if isinstance(event, Said):
            shown += event.text
            assert memory.path(conversation)[-1].reply == shown
        if shown == "It was the ":
            break
    events.close()
    assert memory.path(conversation)[-1].reply == shown


# ---------------------------------------------------------------------- the database


def test_a_reply_is_delivered_with_a_warning_while_the_database_is_locked(
    settings: Settings, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.database.BUSY_SECONDS", 0.05)
    file = tmp_path / "memory.sqlite3"
    memory = Memory(f"sqlite:///{file}")
    bot, engine = faked(settings, memory, REPLY, "Because of the will.")
    conversation = memory.start("visitor", "sherlock")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        events = bot.answer(Question(QUESTION, mode="ft", conversation=conversation))
        assert isinstance(next(events), Asked)
        other.execute("BEGIN EXCLUSIVE")
        answered = list(events)[-1]
        assert isinstance(answered, Answered)
        assert answered.reply == REPLY
        assert "locked by another program. The reply is kept" in answered.warning
        other.execute("ROLLBACK")
    follow_up = Question("Why did he do it?", mode="ft", conversation=conversation, parent=answered.turn_id)
    assert bot.reply(follow_up).warning == ""
    assert [message.content for message in engine.requests[-1].messages[-3:]] == [
        QUESTION,
        REPLY,
        "Why did he do it?",
    ]
    memory.close()
    memory = Memory(f"sqlite:///{file}")
    assert [turn.reply for turn in memory.path(conversation)] == [REPLY, "Because of the will."]
    memory.close()


def test_a_reply_whose_evidence_is_refused_is_stored_without_it(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, _ = faked(settings, memory, REPLY)
    conversation = memory.start("visitor", "sherlock")
    store = Memory.answer

    def refusing(self: Memory, turn: str, **parts: Any) -> None:
        if parts["trace"]:
            raise MemoryStoreError("The database refused: too long.")
        store(self, turn, **parts)

    monkeypatch.setattr(Memory, "answer", refusing)
    answered = bot.reply(Question(QUESTION, mode="ft", conversation=conversation))
    assert answered.warning == "Only the reply is stored: The database refused: too long."
    (turn,) = memory.turns(conversation)
    assert (turn.reply, turn.state) == (REPLY, "done")


def test_a_reply_that_cannot_be_stored_at_all_is_delivered_and_says_so(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, _ = faked(settings, memory, REPLY)
    conversation = memory.start("visitor", "sherlock")
    monkeypatch.setattr(Memory, "answer", raising(MemoryStoreError("The database refused: no room.")))
    answered = bot.reply(Question(QUESTION, mode="ft", conversation=conversation))
    assert (answered.reply, answered.state) == (REPLY, "done")
    assert answered.warning == "The reply could not be stored: The database refused: no room."


def test_where_nothing_can_be_written_he_answers_with_a_warning(
    settings: Settings, library: Library, memory: Memory, tmp_path: Path
) -> None:
    conversation = memory.start("visitor", "sherlock")
    only_read = Memory(f"sqlite:///file:{tmp_path / 'memory.sqlite3'}?mode=ro&uri=true")
    bot, _ = faked(settings, only_read, REPLY)
    asked, *_, answered = bot.answer(Question(QUESTION, mode="ft", conversation=conversation))
    assert isinstance(asked, Asked) and isinstance(answered, Answered)
    assert asked.turn_id is answered.turn_id is None
    assert answered.reply == REPLY
    assert "cannot be written to" in answered.warning == asked.warning and "not stored" in asked.warning
    only_read.close()


def test_a_chat_that_cannot_be_stored_says_so_and_goes_on(
    at_home: None, monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings
) -> None:
    asked: list[Question] = []

    class Listening(Bot):
        def answer(self, question: Question) -> Any:
            asked.append(question)
            return super().answer(question)

    fake = FakeEngine("Good evening.", "Quite well.")
    monkeypatch.setattr("chatbot.engine_choice.open_engine", lambda *_: fake)
    monkeypatch.setattr("chatbot.bot.Bot", Listening)
    monkeypatch.setattr(Memory, "start", raising(ReadOnlyError("The database cannot be written to.")))
    done = CliRunner().invoke(app, ["chat", "--mode", "standard"], input="Good evening.\nHow are you?\n\n")
    assert done.exit_code == 0
    assert "cannot be written to. This conversation is not stored." in done.stderr
    assert "Quite well." in done.stdout and "memory list" not in done.stderr
    assert [question.history for question in asked] == [(), (Exchange("Good evening.", "Good evening."),)]


# ---------------------------------------------------------------------- the page and the command line


def test_the_page_shows_a_line_and_gives_the_message_back(
    settings: Settings, library: Library, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, _ = faked(settings, memory, REPLY)
    chat = ChatHandlers(bot.resources)
    monkeypatch.setattr("chatbot.bot.hold", raising(ZeroDivisionError("by zero")))
    view = list(chat.send(Visitor("web-ann"), Seat(chat.greeting("sherlock")), "ft", QUESTION))[-1]
    assert view.draft == QUESTION
    assert "error in the program" in view.notice and "\n" not in view.notice
    assert view.conversation is not None
    assert [turn.state for turn in memory.turns(view.conversation)] == ["failed"]


def test_a_line_of_a_file_that_fails_does_not_keep_the_others_from_being_asked(
    at_home: None, library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = FakeEngine("One.", RuntimeError("the lamp went out"), "Three.")
    monkeypatch.setattr("chatbot.engine_choice.open_engine", lambda *_: fake)
    file = tmp_path / "asked.jsonl"
    file.write_text("".join(json.dumps({"question": f"How are you, {who}?"}) + "\n" for who in "abc"))
    done = CliRunner().invoke(app, ["ask", "--mode", "standard", "--json", "--file", str(file)])
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    assert [row.get("reply") for row in rows] == ["One.", None, "Three."]
    assert rows[1]["question"] == "How are you, b?" and "the lamp went out" in rows[1]["error"]
    assert "1 of 3 questions could not be answered." in done.stderr
    assert done.exit_code == 1


@pytest.mark.slow
def test_of_a_long_question_the_end_is_embedded_and_reranked(embedder: Embedder, sherlock: LoadedPersona) -> None:
    end = "Where was the blue carbuncle found?"
    aunt = "My aunt keeps a boarding house in Brixton and counts the spoons before breakfast. " * 40
    assert embedder.embed_query(aunt + end) != embedder.embed_query(aunt + "Who was Irene Adler?")
    assert embedder._end_of(end, 100) == end
    assert embedder._end_of(aunt + end, 100).endswith(end)
    texts = ["The blue carbuncle was found in the crop of a goose.", "The dog did nothing in the night."]
    for cache in (load_settings().models_dir, None):  # in OpenVINO, and in torch
        scorer = CrossEncoder(adapter=sherlock.reranker, cache=cache)
        first, second = scorer.score(aunt + end, texts)
        assert first > second


@pytest.mark.parametrize("name", ["q.jsonl", "followup.jsonl"])
def test_a_long_message_and_a_long_follow_up_are_answered(bot: Bot, name: str) -> None:
    for row in (CASES / name).read_text(encoding="utf-8").splitlines():
        asked = json.loads(row)
        history = tuple(Exchange(*pair) for pair in asked.get("history", []))
        answered = bot.reply(Question(asked["question"], mode="hybrid", history=history))
        assert answered.reply
        assert answered.trace.search is not None
        found = (*answered.trace.search.evidence, *answered.trace.search.dropped)
        assert "The Blue Carbuncle" in {piece.passage.work for piece in found}


# ---------------------------------------------------------------------- what is open at the end


class Closing(FakeEngine):
    """Counts how often it was closed, and fails at it where it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.closed, self.error = 0, error

    def close(self) -> None:
        self.closed += 1
        if self.error is not None:
            raise self.error


def test_every_engine_is_closed_once_whichever_of_them_fails_at_it(
    settings: Settings, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, strong = Closing(RuntimeError("the door is jammed")), Closing()
    named = settings.model_copy(
        update={"strong_model": "strong", "database_url": f"sqlite:///{tmp_path / 'memory.sqlite3'}"}
    )
    monkeypatch.setattr(
        "chatbot.engine_choice.open_engine", lambda given, _: strong if given.model == "strong" else plain
    )
    resources = Resources(named)
    closed: list[Memory] = []
    monkeypatch.setattr(Memory, "close", lambda memory: closed.append(memory))
    memory = resources.memory
    assert resources.engine is plain
    models = resources.models("sherlock")
    assert models.stronger_model() is not None
    with pytest.raises(RuntimeError, match="jammed"):
        resources.close()
    resources.close()
    assert (plain.closed, strong.closed, closed) == (1, 1, [memory])


def test_threads_that_ask_for_the_engine_at_once_get_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Closing] = []
    both = threading.Barrier(4, timeout=60)

    def open_engine(*_: object) -> Closing:
        time.sleep(0.1)  # long enough for the others to ask too
        opened.append(Closing())
        return opened[-1]

    monkeypatch.setattr("chatbot.engine_choice.open_engine", open_engine)
    resources = Resources(settings)

    def ask(_: int) -> Engine:
        both.wait()
        return resources.engine

    with ThreadPoolExecutor(4) as pool:
        assert len({id(engine) for engine in pool.map(ask, range(4))}) == len(opened) == 1


def test_a_library_that_can_only_be_read_is_searched_in_a_copy(
    settings: Settings, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.library_dir / "sherlock"
    monkeypatch.setattr("chatbot.library_folders.os.access", lambda path, _: Path(path) != folder)
    resources = Resources(settings, engine=FakeEngine("It was the snake."))
    copy = resources.library_folder("sherlock")
    assert copy != folder and resources.library_folder("sherlock") == copy
    answered = Bot(resources).reply(Question(QUESTION, mode="hybrid"))
    assert answered.trace.evidence[0].passage.work == "The Speckled Band"
    resources.close()
    assert not copy.exists() and folder.exists()
