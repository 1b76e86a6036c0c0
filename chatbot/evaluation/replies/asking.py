"""The bot asked questions with known answers in several modes; what it answered is kept as it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.bot import Answered, Bot, Question
from chatbot.errors import MessageError
from chatbot.evaluation.questions import KnownQuestion
from chatbot.library.texts import CASEBOOK
from chatbot.progress import Progress
from chatbot.prompts import Exchange


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Piece(_Record):
    """A piece of evidence; `text` is kept where it is of the casebook, and empty where it is of a book."""

    work: str
    kind: str
    place: int
    score: float
    text: str


class Answer(_Record):
    """One question answered in one mode.

    Attributes:
        verdict: of the check of the reply against its evidence (`chatbot.trace.Check`); empty where there was none.
        in_evidence: whether an accepted answer is in the evidence.
        search_ms, first_token_ms, total_ms: from the question to the end of the search, the first token and the last.
    """

    known: KnownQuestion
    mode: str
    reply: str
    verdict: str
    in_evidence: bool
    evidence: tuple[Piece, ...]
    search_ms: float
    first_token_ms: float
    total_ms: float

    @property
    def right(self) -> bool:
        """Whether an accepted answer is in the reply; or, where the books hold none, whether he declined."""
        if self.known.kind == "unanswerable":
            return self.verdict == "declined"
        return self.known.answered_by(self.reply)


class AnswerLog:
    """Answers in a file, one JSON object per line, so that a run that was stopped can go on.

    Args:
        file: is created, or read where it exists. A last line that was cut off is dropped.
        about: what was asked (persona, model, library); answers to something else are not mixed with these.

    Attributes:
        answers: those in the file.

    Raises:
        MessageError: the file cannot be read or written, is something else, or was begun about something else.
    """

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        self._file, self._head = file, _Head(about=dict(about))
        self.answers: list[Answer] = []
        try:
            if file.exists():
                self._read(file.read_text(encoding="utf-8"))
            lines = [self._head.model_dump_json(), *map(_line, self.answers)]
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            raise MessageError(f"{file} cannot be written: {error.strerror}.") from error

    def append(self, answer: Answer) -> None:
        """Add an answer, in the file at once."""
        self.answers.append(answer)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{_line(answer)}\n")

    def _read(self, text: str) -> None:
        head, *lines = text.splitlines(keepends=True) or [""]
        try:
            begun = _Head.model_validate_json(head)
            self.answers = [Answer.model_validate_json(line) for line in lines if line.endswith("\n")]
        except ValidationError as error:
            raise MessageError(f"{self._file} holds no answers of an evaluation. Name another file.") from error
        if begun != self._head:
            raise MessageError(
                f"{self._file} was begun with {_told(begun.about)}; this is {_told(self._head.about)}. Remove it, or "
                "name another file with --resume."
            )


class _Head(_Record):
    about: dict[str, str]


def ask_all(
    bot: Bot,
    persona: str,
    questions: Sequence[KnownQuestion],
    modes: Sequence[str],
    log: AnswerLog | None = None,
    on_progress: Progress = lambda done, total: None,
) -> list[Answer]:
    """Ask every question in every mode, each in a conversation of its own, and return the answers in that order.

    Args:
        bot: is asked as the chat asks it.
        persona: who answers.
        questions: with their history, where they are follow-ups.
        modes: names.
        log: what it holds is not asked again; it is given every new answer.
        on_progress: told how many answers there are, of how many.
    """
    answers = {(answer.known, answer.mode): answer for answer in (log.answers if log else [])}
    wanted = [(known, mode) for known in questions for mode in modes]
    for number, (known, mode) in enumerate(wanted):
        on_progress(number, len(wanted))
        if (known, mode) not in answers:
            history = tuple(Exchange(*pair) for pair in known.history)
            answered = bot.reply(Question(known.question, persona=persona, mode=mode, history=history))
            answers[known, mode] = answer_of(known, mode, answered)
            if log:
                log.append(answers[known, mode])
    on_progress(len(wanted), len(wanted))
    return [answers[key] for key in wanted]


def answer_of(known: KnownQuestion, mode: str, answered: Answered) -> Answer:
    """What is kept of a turn."""
    trace = answered.trace
    return Answer(
        known=known,
        mode=mode,
        reply=answered.reply,
        verdict=trace.check.verdict if trace.check else "",
        in_evidence=known.answered_by("\n".join(piece.text for piece in trace.evidence)),
        evidence=tuple(
            Piece(
                work=piece.passage.work,
                kind=piece.passage.kind,
                place=piece.passage.place,
                score=piece.score,
                text=piece.text if piece.passage.kind == CASEBOOK else "",
            )
            for piece in trace.evidence
        ),
        search_ms=trace.timings.retrieval_ms,
        first_token_ms=trace.timings.first_token_ms,
        total_ms=trace.timings.total_ms,
    )


def _line(answer: Answer) -> str:
    return answer.model_dump_json(exclude_defaults=True)


def _told(about: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())
