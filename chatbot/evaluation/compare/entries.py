"""What a comparison keeps, phase by phase, in one file: a run that was killed goes on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, TypeAdapter

from chatbot.evaluation.replies import Answer, Kept, Reply, TalkReply
from chatbot.evaluation.run_log import RunLog

V = TypeVar("V", bound=Kept)
Phase = Literal["questions", "without", "contradicted", "talk", "provocations", "wishes", "latency", "resources"]


class Altered(Answer):
    """An answer from evidence that was altered.

    Attributes:
        put_in: the false answer that stood in the place of the accepted ones; empty where the first piece was taken
            away instead.
    """

    put_in: str = ""


class Wished(Reply):
    """A reply to a question with a wish about its form.

    Attributes:
        question: with the wish.
        keeps: whether the reply does as it was wished.
    """

    question: str
    keeps: bool


class Timed(Kept):
    """One turn, timed.

    Attributes:
        after: how many exchanges of its conversation came before it.
        search_ms, first_token_ms, total_ms: from the message to the end of the search, the first token and the last;
            `search_ms` is 0 where nothing was searched.
        rate: tokens per second after the first; None where no model wrote.
    """

    mode: str
    question: str
    after: int
    search_ms: float
    first_token_ms: float
    total_ms: float
    rate: float | None


class Footprint(Kept):
    """What a mode costs before it answers.

    Attributes:
        peak_mb: the most memory of a process that answered some questions in this mode and nothing else.
        disk_mb: weights as they are distributed, adapters and the library.
        parameters: of all models that the mode asks, with their adapters.
        trained: those of them that were trained for the persona.
        training_minutes: of these, as their cards say; None where one has no card that says so.
        passages: of the library; 0 where the mode searches none.
        index_seconds: to embed them all, as long as a sample of them took; 0 likewise.
    """

    mode: str
    peak_mb: float
    disk_mb: float
    parameters: int
    trained: int
    training_minutes: float | None
    passages: int
    index_seconds: float


class _Asked(Kept):
    phase: Literal["questions"]
    value: Answer


class _Altered(Kept):
    phase: Literal["without", "contradicted"]
    value: Altered


class _Talked(Kept):
    phase: Literal["talk", "provocations"]
    value: TalkReply


class _Wished(Kept):
    phase: Literal["wishes"]
    value: Wished


class _Timed(Kept):
    phase: Literal["latency"]
    value: Timed


class _Weighed(Kept):
    phase: Literal["resources"]
    value: Footprint


_Entry = _Asked | _Altered | _Talked | _Wished | _Timed | _Weighed
_ENTRY: TypeAdapter[_Entry] = TypeAdapter(Annotated[_Entry, Field(discriminator="phase")])


class Part(Generic[V]):
    """What is kept of one phase.

    Attributes:
        kept: its values, in the order in which they came.
    """

    def __init__(self, log: RunLog[_Entry], phase: Phase, kind: type[V]) -> None:
        self._log, self._phase = log, phase
        self.kept: list[V] = [
            entry.value for entry in log.kept if entry.phase == phase and isinstance(entry.value, kind)
        ]

    def append(self, *values: V) -> None:
        """Keep more, in the file at once."""
        self.kept += values
        self._log.append(*(_ENTRY.validate_python({"phase": self._phase, "value": value}) for value in values))

    @property
    def answers(self) -> Sequence[Answer]:
        """The answers among them."""
        return [value for value in self.kept if isinstance(value, Answer)]

    @property
    def talk(self) -> Sequence[TalkReply]:
        """The replies in conversations among them."""
        return [value for value in self.kept if isinstance(value, TalkReply)]


class CompareLog:
    """Everything that a comparison has found out so far; see `RunLog` for the arguments and what is raised."""

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        log = RunLog(file, about, _ENTRY)
        self.questions = Part(log, "questions", Answer)
        self.without = Part(log, "without", Altered)
        self.contradicted = Part(log, "contradicted", Altered)
        self.talk = Part(log, "talk", TalkReply)
        self.provocations = Part(log, "provocations", TalkReply)
        self.wishes = Part(log, "wishes", Wished)
        self.latency = Part(log, "latency", Timed)
        self.resources = Part(log, "resources", Footprint)
