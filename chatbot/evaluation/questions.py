"""Questions with accepted answers: JSONL, one question per line.

    plain         {"work", "question", "answers", "chapter", "phrase"}; `kind` may be left out
    follow-up     the same and "before", the exchanges it follows: [{"question", "answer"}, ...]
    two-works     {"question", "parts"}; each part is {"work", "answers", "chapter", "phrase"}
    two-questions the same; a message that asks two things, which may be of one work
    premise       as plain: a question that takes something false for granted; "answers" are words of what is true, and
                  "accepts", which may be left out, are words by which a reply takes the false for true
    unanswerable  {"question", "reason"}: why the books cannot answer it

Questions fall into two splits, dev and test, so that nothing is tuned on the questions whose figures are reported:
about 40% of the works are dev, the others test. All questions about a work are in one split, because what is learnt
from one of them (a spelling, a section of the casebook) helps with the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatbot.errors import MessageError
from chatbot.json_text import JsonTextError, models_in, numbered_rows
from chatbot.language import Maybe, Text, gives, holds, to_plain
from personas import LoadedPersona

Kind = Literal["plain", "follow-up", "two-works", "two-questions", "premise", "unanswerable"]
Split = Literal["dev", "test"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SEARCHED: tuple[Kind, ...] = ("plain", "follow-up", "two-works", "unanswerable")  # what a search alone can be asked
SPLITS: tuple[Split, ...] = get_args(Split)
BOTH = "all"  # both splits
DEV_SHARE = 0.4

# Which fields each kind must have; the others of these it must not have.
_FIELDS: dict[Kind, frozenset[str]] = {
    "plain": frozenset({"work", "answers"}),
    "follow-up": frozenset({"work", "answers", "before"}),
    "two-works": frozenset({"parts"}),
    "two-questions": frozenset({"parts"}),
    "premise": frozenset({"work", "answers"}),
    "unanswerable": frozenset({"reason"}),
}


class Earlier(BaseModel):
    """One exchange before a follow-up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Text
    answer: Text


class Target(BaseModel):
    """What has to be found: the answers that are accepted, and the place that holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    work: Text
    answers: tuple[Text, ...] = Field(min_length=1)
    chapter: str = ""
    phrase: str = Field("", description="A few words that locate the place in the text.")

    def answered_by(self, reply: str) -> bool:
        """Whether an accepted answer is in the reply as whole words, however its numbers are written (`gives`)."""
        return any(gives(reply, answer) for answer in self.answers)


class KnownQuestion(BaseModel):
    """A question and what is known of its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = "plain"
    work: Maybe = ""
    question: Text
    answers: tuple[Text, ...] = ()
    chapter: str = ""
    phrase: str = Field("", description="A few words that locate the place in the text.")
    before: tuple[Earlier, ...] = Field((), description="The exchanges that a follow-up follows, the oldest first.")
    parts: tuple[Target, ...] = Field((), description="What a message asks for that asks two things.")
    accepts: tuple[Text, ...] = Field((), description="Words by which a reply takes a false premise for true.")
    reason: Maybe = Field("", description="Why the books cannot answer it.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        wanted = _FIELDS[self.kind]
        for name in ("work", "answers", "before", "parts", "reason"):
            given = bool(getattr(self, name))
            if given != (name in wanted):
                raise ValueError(f"a question of kind '{self.kind}' {'has no' if given else 'needs'} '{name}'")
        if self.accepts and self.kind != "premise":
            raise ValueError(f"a question of kind '{self.kind}' has no 'accepts'")
        if self.kind == "two-works" and len({part.work for part in self.parts}) < 2:
            raise ValueError("'parts' must be of two works at least; make it a plain question")
        if self.kind == "two-questions" and len(self.parts) < 2:
            raise ValueError("'parts' must be two at least; make it a plain question")
        said = [text for exchange in self.before for text in (exchange.question, exchange.answer)]
        if any(self.answered_by(text) for text in said):
            raise ValueError("an accepted answer is in 'before' already; remove it there")
        return self

    @property
    def targets(self) -> tuple[Target, ...]:
        """What has to be found for it: one place, one for each part, or none where it cannot be answered."""
        if self.parts or not self.answers:
            return self.parts
        return (Target(work=self.work, answers=self.answers, chapter=self.chapter, phrase=self.phrase),)

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """The exchanges before it as (question, reply), the oldest first."""
        return tuple((exchange.question, exchange.answer) for exchange in self.before)

    def answered_by(self, reply: str) -> bool:
        """Whether an accepted answer to every part is in the reply as whole words, ignoring case."""
        return bool(self.targets) and all(target.answered_by(reply) for target in self.targets)

    def accepted_by(self, reply: str) -> bool:
        """Whether a reply can be told to take the question's false premise for true."""
        return any(holds(reply, words) for words in self.accepts)


def split_of(question: KnownQuestion) -> Split:
    """Whether a question is of the dev or of the test split.

    Decided by the SHA-1 of the work's name, so that it does not change when questions are added or reordered. A
    question about two works is of the test split only if both are; for one that cannot be answered the question
    itself is hashed.
    """
    names = [target.work for target in question.targets] or [question.question]
    return "test" if all(share(name) >= DEV_SHARE for name in names) else "dev"


def share(name: str) -> float:
    """A number from 0 to 1 that is always the same for a name, and evenly spread over names."""
    stamp = hashlib.sha1(to_plain(name).lower().encode(), usedforsecurity=False).digest()
    return int.from_bytes(stamp[:8], "big") / 2**64


def sample(questions: Sequence[KnownQuestion], number: int) -> list[KnownQuestion]:
    """`number` of the questions, in their order: always the same, and few of them change when some are added."""
    chance = {question: share(f"sample: {question.question}") for question in questions}
    chosen = set(sorted(questions, key=chance.__getitem__)[:number])
    return [question for question in questions if question in chosen]


def sample_each(questions: Sequence[KnownQuestion], number: int) -> list[KnownQuestion]:
    """`number` of the questions of each kind, in their order."""
    chosen: set[KnownQuestion] = set()
    for kind in KINDS:
        chosen.update(sample([question for question in questions if question.kind == kind], number))
    return [question for question in questions if question in chosen]


def questions_file(loaded: LoadedPersona, named: Path | None = None) -> Path:
    """The question file that was named, or the persona's own.

    Raises:
        MessageError: none was named and the persona has none.
    """
    file = named or loaded.questions
    if file is None:
        raise MessageError(f"The persona '{loaded.id}' has no questions.jsonl. Name a file with --questions.")
    return file


def choose_questions(
    file: Path, split: str = "test", kinds: Sequence[str] = KINDS, number: int | None = None
) -> list[KnownQuestion]:
    """The questions of one split of a file, in its order.

    Args:
        file: JSONL.
        split: dev, test or all.
        kinds: of `KINDS`.
        number: how many, by `sample`; None: all of them.

    Raises:
        MessageError: there is no such split or kind, the file is wrong, or no question is left.
    """
    if split not in (*SPLITS, BOTH):
        raise MessageError(f"There is no split '{split}'. There are: {', '.join(SPLITS)}, all.")
    known = [item for item in read_known_questions(file, kinds) if split in (BOTH, split_of(item))]
    if not known:
        raise MessageError(f"{file} holds no such questions of the split '{split}'. Use --split all.")
    return sample(known, number) if number else known


def question_rows(file: Path) -> Iterator[tuple[int, str]]:
    """The rows of a question file that hold something, with their numbers.

    Raises:
        MessageError: it cannot be read.
    """
    try:
        return numbered_rows(file)
    except JsonTextError as error:
        raise MessageError(f"The questions in {file} cannot be read: it {error}.") from error


def read_known_questions(file: Path, kinds: Sequence[str] = KINDS) -> list[KnownQuestion]:
    """The questions of a file, in its order.

    Args:
        file: JSONL.
        kinds: which are wanted; every line is checked all the same.

    Raises:
        MessageError: it cannot be read, holds none of these kinds, a line is wrong (its number is named), or there is
            no such kind.
    """
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise MessageError(f"There are no questions of the kind '{unknown[0]}'. There are: {', '.join(KINDS)}.")
    questions = [question for _, question in models_in(file, question_rows(file), KnownQuestion)]
    wanted = [question for question in questions if question.kind in kinds]
    if not wanted:
        raise MessageError(f"{file} holds no questions of the kinds {', '.join(kinds)}.")
    return wanted
