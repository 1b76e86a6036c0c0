"""Run a replay: every step as a visitor takes it, every turn through the bot, and what came of it held to what was
expected; against a cassette also to what came of it when it was recorded.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot import clock
from chatbot.bot import Answered, Bot, Question
from chatbot.errors import BakerStreetError, ReplayError
from chatbot.language import language_of
from chatbot.library.index import add_text, remove_text
from chatbot.replay.cassette import Cassette, Heard, RecordedTurn, cassette_of, read_cassette
from chatbot.replay.differences import Difference, differences, memory_differences
from chatbot.replay.expectations import failures
from chatbot.replay.format import AddedText, Expectation, Replay, Step, read_replay
from chatbot.replay.stage import Stage
from chatbot.replay.tape import UnknownPromptError
from chatbot.trace import Trace, from_stored
from memory import OwnMemory

HOUR = 9  # of the day, at which a replay begins
TICK = timedelta(milliseconds=1)  # between two times that a replay's clock is read


@dataclass(frozen=True)
class ReplayedTurn:
    """One turn of a replay.

    Attributes:
        number: of it in the file, from 1.
        came: what came of it.
        failures: the expectations that are not met, in words.
        differences: what is not what it was when it was recorded.
    """

    number: int
    came: RecordedTurn
    failures: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class ReplayOutcome:
    """A replay that was run.

    Attributes:
        file: of the replay.
        turns: in the order they were asked, up to one that failed.
        memory: what it held in the end.
        changes: of the memory, since it was recorded.
        notes: what else is to be known, in words; nothing fails for it.
        seconds: that it took.
    """

    file: Path
    turns: tuple[ReplayedTurn, ...]
    memory: Heard
    changes: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all is as expected, and as it was."""
        return not self.changes and not any(turn.failures or turn.differences for turn in self.turns)

    def shown(self, *, colour: bool = False) -> str:
        """What is wrong, turn by turn, to be read; empty where nothing is."""
        rows: list[str] = []
        for turn in self.turns:
            if turn.failures or turn.differences:
                rows.append(f"turn {turn.number}: {turn.came.user}\n  {turn.came.reply}")
                rows += [f"  expected: {failure}" for failure in turn.failures]
                rows += [_indented(difference.shown(colour=colour)) for difference in turn.differences]
        return "\n".join([*rows, *(_indented(change.shown(colour=colour)) for change in self.changes)])


def run_file(file: Path, stage: Stage, *, cassette: bool = False, update: bool = False) -> ReplayOutcome:
    """Run the replay of a file.

    Args:
        file: of the replay.
        stage: where it is played.
        cassette: against its cassette, without the generating model.
        update: with the model, and what came is the new cassette.

    Raises:
        ReplayError: the replay is invalid, or its cassette is missing, damaged, or was recorded with others.
    """
    replay = read_replay(file, stage.personas())
    stage.ready(replay, playing=cassette)
    made_with = stage.made_with(replay.persona)
    recorded = None
    if not update and (cassette or cassette_of(file).is_file()):
        recorded = read_cassette(file)
        if cassette:
            recorded.check(file, made_with)
    if cassette and recorded:
        with stage.tape.running(recorded.answers):
            outcome = run_replay(replay, stage, file, recorded)
        unknown = stage.tape.unknown
        note = f"{unknown} questions to the small models are not on the cassette, so that these were asked"
        return replace(outcome, notes=(note,)) if unknown else outcome
    if not update:
        return run_replay(replay, stage, file, recorded)
    with stage.tape.running() as answers:
        outcome = run_replay(replay, stage, file)
    Cassette(made_with, tuple(turn.came for turn in outcome.turns), outcome.memory, answers).write(cassette_of(file))
    return outcome


def run_replay(replay: Replay, stage: Stage, file: Path, recorded: Cassette | None = None) -> ReplayOutcome:
    """Run a replay on a stage that is ready for it.

    Args:
        replay: what is said and expected.
        stage: where; its tape, where it plays, has everything held to `recorded`.
        file: of the replay: texts that it adds lie beside it.
        recorded: what came of it when it was recorded; None: it was not.

    Raises:
        BakerStreetError: a step cannot be taken: a text that is to be removed is not there, the database refuses.
    """
    began = time.perf_counter()
    with stage.visitor(replay) as visitor, _days(replay) as passing:
        run = _Run(replay, stage, file, visitor, recorded)
        turns: list[ReplayedTurn] = []
        for step in replay.turns:
            passing(step.days or 0)
            run.prepare(step)
            if step.asks:
                turns.append(run.ask(step, len(turns) + 1))
                if turns[-1].came.verdict == "failed":
                    break
        memory = run.heard()
    changes = memory_differences(recorded.memory, memory) if recorded and stage.tape.playing else []
    return ReplayOutcome(file, tuple(turns), memory, tuple(changes), seconds=time.perf_counter() - began)


@dataclass(frozen=True)
class _Asked:
    """Where a turn of the replay stands in the memory."""

    conversation: str
    parent: str | None
    id: str
    message: str
    attempt: int = 0


class _Run:
    """One run of a replay: where the visitor is, and what he does next."""

    def __init__(self, replay: Replay, stage: Stage, file: Path, visitor: str, recorded: Cassette | None) -> None:
        self._replay, self._stage, self._file, self._visitor = replay, stage, file, visitor
        self._recorded = recorded.turns if recorded else ()
        self._own = OwnMemory(stage.memory, visitor)
        self._loaded = stage.persona(replay.persona)
        self._mode = replay.mode
        self._conversation = ""
        self._head: str | None = None
        self._begun: list[str] = []  # conversations
        self._asked: list[_Asked] = []

    def prepare(self, step: Step) -> None:
        """Do what stands before the turn of a step."""
        if step.session or not self._begun:
            self._conversation = self._own.start(self._replay.persona, self._loaded.persona.greeting)
            self._begun.append(self._conversation)
            self._head = None
        if step.add:
            self._add(step.add)
        if step.remove:
            stage, persona = self._stage, self._replay.persona
            folder, embedder = stage.library_folder(persona), stage.library_embedder(persona)
            remove_text(folder, embedder, step.remove, owner=self._visitor)
        if step.mode:
            self._mode = step.mode
        if step.branch:
            behind = self._asked[step.branch - 1]
            self._conversation, self._head = behind.conversation, behind.id
            self._own.look_at(self._conversation, self._head)

    def _add(self, text: AddedText) -> None:
        stage, persona = self._stage, self._replay.persona
        with tempfile.TemporaryDirectory() as folder:
            file = self._file.parent / text.file if text.file else Path(folder) / "text.txt"
            if text.text:
                file.write_text(text.text, encoding="utf-8")
            add_text(
                self._loaded,
                stage.library_folder(persona),
                stage.library_embedder(persona),
                file,
                name=text.name,
                owner=self._visitor,
            )

    def ask(self, step: Step, number: int) -> ReplayedTurn:
        """Ask the turn of a step, and hold what comes of it to what is expected."""
        place = step.edit or step.retry
        earlier = self._asked[place - 1] if place else None
        attempt = earlier.attempt + 1 if earlier and step.retry else 0
        message = step.user or (earlier.message if earlier else "")
        conversation = earlier.conversation if earlier else self._conversation
        parent = earlier.parent if earlier else self._head
        asked = Question(
            message,
            persona=self._replay.persona,
            mode=self._mode,
            conversation=conversation,
            parent=parent,
            attempt=attempt,
            visitor=self._visitor,
            seed=self._replay.seed,
        )
        recorded = self._recorded[number - 1] if number <= len(self._recorded) else None
        try:
            answered = Bot(self._stage).reply(asked)
        except ReplayError as error:
            return self._unknown(number, asked, error, recorded)
        except BakerStreetError as error:
            return ReplayedTurn(number, _failed(message, str(error)), (str(error),))
        assert answered.turn_id is not None  # the stage's own database can be written to
        self._stage.remembering.settle()
        self._conversation, self._head = conversation, answered.turn_id
        self._asked.append(_Asked(conversation, parent, answered.turn_id, message, attempt))
        came = recorded_turn(message, answered.reply, answered.trace)
        playing = self._stage.tape.playing
        wrong = self._failures(step.expect or Expectation(), answered, recorded)
        if playing and recorded is None:
            wrong.append("the cassette has no such turn: record it again with --update")
        return ReplayedTurn(
            number, came, tuple(wrong), tuple(differences(recorded, came)) if playing and recorded else ()
        )

    def _failures(self, expected: Expectation, answered: Answered, recorded: RecordedTurn | None) -> list[str]:
        stage = self._stage
        return failures(
            expected,
            answered,
            stage.models(self._replay.persona),
            language_of(self._loaded.persona),
            recorded=recorded,
            timed=stage.tape.stopped,
        )

    def _unknown(self, number: int, asked: Question, error: ReplayError, recorded: RecordedTurn | None) -> ReplayedTurn:
        """A turn that ended where the cassette had no answer: with the evidence and the prompt that it came to."""
        assert asked.conversation is not None
        turn = self._own.turn(self._own.path(asked.conversation)[-1].id)
        trace = from_stored(turn.evidence, turn.trace)
        messages = error.messages if isinstance(error, UnknownPromptError) else ()
        prompt = tuple((each.role, each.content) for each in messages)
        ended = {"prompt": prompt, "reply": "", "verdict": "failed"}
        came = (recorded_turn(asked.text, "", trace) if trace else _failed(asked.text, "")).model_copy(update=ended)
        before = recorded and recorded.model_copy(update={"reply": "", "verdict": "failed"})
        return ReplayedTurn(number, came, (str(error),), tuple(differences(before, came)) if before else ())

    def heard(self) -> Heard:
        """What the memory holds of the visitor."""
        conversations = []
        for conversation in self._begun:
            turns = self._own.turns(conversation)
            places = {turn.id: number for number, turn in enumerate(turns, 1)}
            conversations.append(
                tuple((places.get(turn.parent_id or "", 0), turn.question, turn.reply, turn.state) for turn in turns)
            )
        told = reversed(self._own.recollections(self._replay.persona, state=None, limit=None))
        return Heard(conversations=tuple(conversations), told=tuple((one.topic, one.text, one.state) for one in told))


def recorded_turn(message: str, reply: str, trace: Trace) -> RecordedTurn:
    """What is kept of a turn to be compared."""
    return RecordedTurn(
        user=message,
        mode=trace.mode,
        voice=trace.voice,
        prompt=trace.prompt,
        evidence=tuple((piece.passage.work, piece.text, piece.said) for piece in trace.evidence),
        verdict=trace.check.verdict if trace.check else "none",
        reply=reply,
    )


def _failed(message: str, why: str) -> RecordedTurn:
    return RecordedTurn(user=message, mode="", verdict="failed", reply=why)


@contextmanager
def _days(replay: Replay) -> Iterator[Callable[[int], None]]:
    """The clock of a replay, whose days pass when they are told to: the same times in every run."""
    moment = datetime(replay.begins.year, replay.begins.month, replay.begins.day, HOUR, tzinfo=UTC)

    def reading() -> datetime:
        nonlocal moment
        moment += TICK
        return moment

    def passing(days: int) -> None:
        nonlocal moment
        moment += timedelta(days=days)

    with clock.running(reading):
        yield passing


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
