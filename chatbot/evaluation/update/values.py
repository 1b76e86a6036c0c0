"""What the update experiment writes: replies and costs while it runs, and its result, a JSON object.

The result is an `Update`; `Update.model_json_schema()` gives its schema.

    format       1
    setting      persona, model, engine, library, processor, cores, load before (text)
    command      that makes it
    facts, old   how many new facts were asked for, and how many ordinary questions of the test split
    text, voice  what each way cost: a `Cost`
    right        accepted answers in the reply, before and after: `Compared`, shares from 0 to 1
    tone         of the replies to the ordinary questions, before and after: `Compared`, scores from 0 to 1
    replies      every reply: `Reply`

A `Compared` names its way ("text": the text was added to a copy of the library; "voice": the facts were trained into a
copy of the voice), its mode, and the questions: "new" (in wordings that nothing was taught), "taught" (in a wording
that the voice was taught) or "old" (ordinary ones). Intervals are 95%, percentile bootstrap; that of `change` is over
the differences question by question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.statistics import Interval, bootstrap, mean, paired_difference

Way = Literal["text", "voice"]
Condition = Literal["before", "text", "voice"]
Asked = Literal["new", "taught", "old"]
FORMAT = 1


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reply(_Value):
    """One reply.

    Attributes:
        condition: what was so when it was asked for.
        mode: that answered.
        asked: of which questions it is.
        question: as it was asked.
        reply: in full.
        right: whether it holds an accepted answer.
        tone: from 0 to 1; None where the persona has no meter.
        total_ms: from the question to the end of the reply.
    """

    condition: Condition
    mode: str
    asked: Asked
    question: str
    reply: str
    right: bool
    tone: float | None = None
    total_ms: float = 0.0

    @property
    def key(self) -> tuple[str, ...]:
        """Tells it from the others of a run."""
        return self.condition, self.mode, self.asked, self.question


class Cost(_Value):
    """What it took to make the facts answerable.

    Attributes:
        way: by which.
        seconds: cutting, embedding and indexing the text; the steps of the training.
        ready_seconds: on top, until the next question finds it: opening the library, converting and loading the voice.
        bytes: what it added to the disk: to the library, or the adapter.
        converted_bytes: on top, what the engine made of the adapter: a second set of weights.
        joules: of the processor for `seconds`; None where the machine does not say.
        units: passages that were embedded, or steps that were trained.
        tokens: that were read in training; 0 for a text.
        trainable: parameters that were trained; 0 for a text.
    """

    way: Way
    seconds: float
    ready_seconds: float
    bytes: int
    converted_bytes: int = 0
    joules: float | None = None
    units: int
    tokens: int = 0
    trainable: int = 0


class Compared(_Value):
    """A share or a score before and after; `before` and `change` are None where it was not asked before."""

    way: Way
    mode: str
    asked: Asked
    of: int
    before: float | None
    before_interval: Interval = None
    after: float
    after_interval: Interval = None
    change: float | None = None
    change_interval: Interval = None


class Update(_Value):
    """The result of the experiment."""

    format: Literal[1] = 1
    setting: Mapping[str, str]
    command: str
    facts: int
    old: int
    text: Cost
    voice: Cost
    right: tuple[Compared, ...]
    tone: tuple[Compared, ...]
    replies: tuple[Reply, ...]


def read_update(file: Path) -> Update:
    """The result that `bakerstreet update --json FILE` wrote.

    Raises:
        MessageError: it cannot be read, or is none; the message says what to do.
    """
    try:
        return Update.model_validate_json(file.read_bytes())
    except OSError as error:
        raise MessageError(f"{file} cannot be read: {error.strerror}. Name another file.") from error
    except ValidationError as error:
        raise MessageError(f"{file} is no result of `bakerstreet update`. Make one with --json.") from error


def compared(replies: Sequence[Reply], of_tone: bool) -> Iterator[Compared]:
    """Every mode and kind of question before and after each way, in the order in which they were asked.

    Args:
        replies: of a whole run.
        of_tone: compare the tone of the replies to ordinary questions, and not whether they are right.
    """
    values = {reply.key: reply.tone if of_tone else float(reply.right) for reply in replies}
    for condition, mode, asked in dict.fromkeys((reply.condition, reply.mode, reply.asked) for reply in replies):
        if condition == "before" or (of_tone and asked != "old"):
            continue
        questions = [reply.question for reply in replies if reply.key[:3] == (condition, mode, asked)]
        after = [value for question in questions if (value := values[condition, mode, asked, question]) is not None]
        before = [
            value for question in questions if (value := values.get(("before", mode, asked, question))) is not None
        ]
        share = mean(after)
        if share is None:
            continue
        change, interval = paired_difference(before, after) if before else (None, None)
        yield Compared(
            way=condition,
            mode=mode,
            asked=asked,
            of=len(after),
            before=mean(before),
            before_interval=bootstrap(before),
            after=share,
            after_interval=bootstrap(after),
            change=change,
            change_interval=interval,
        )
