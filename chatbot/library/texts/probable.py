"""Probably asked questions: what visitors may ask about the casebook, with short answers and where these stand.

Beside a page of the casebook lies `PAGE.questions.jsonl`, a fact a line. To match questions with questions is the idea
of PAQ (Lewis et al., "PAQ: 65 Million Probably-Asked Questions and What You Can Do With Them", TACL 2021); these are
written by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chatbot.errors import SourceError
from chatbot.json_text import JsonTextError, numbered_rows, parse_object
from chatbot.language import to_plain
from chatbot.library.texts.source_file import read_source_file

SUFFIX = ".questions.jsonl"

Kind = Literal["who", "what", "where", "when", "how", "how-many", "why", "which", "yes-no", "premise"]


class ProbableQuestion(BaseModel):
    """A fact that may be asked for, in the words of people who do not remember those of the page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    questions: tuple[str, ...] = Field(min_length=1, description="Ways to ask for it.")
    answer: str = Field(min_length=1, max_length=120)
    sentence: str = Field("", description="The sentence of the page that holds the answer, word for word.")
    chapter: str = Field("", description="Of the full text, where only that holds the answer.")
    phrase: str = Field("", description="A few words that locate the place in the full text.")
    correction: str = Field("", description="Of a false premise: what the persona says instead.")
    then: str = Field("", description="The same question as it is asked after another of the page.")
    after: str = Field("", description="That other question, word for word.")

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if bool(self.sentence) == bool(self.phrase):
            raise ValueError("give either 'sentence', from the page, or 'chapter' and 'phrase', from the full text")
        if (self.kind == "premise") != bool(self.correction):
            raise ValueError("'correction' belongs to the kind 'premise', which needs it")
        if bool(self.then) != bool(self.after):
            raise ValueError("'then' needs 'after', the question that goes before it, and 'after' needs 'then'")
        if not all(question.strip() for question in self.questions):
            raise ValueError("'questions' has an empty one")
        return self


def probable_questions(casebook: Path) -> dict[str, list[ProbableQuestion]]:
    """The questions of every page of a casebook that has some, by the page's file name without its ending.

    Raises:
        SourceError: a file has no page, cannot be read, or a line is wrong; the message names the line.
    """
    found = {}
    for file in sorted(casebook.glob(f"*{SUFFIX}")):
        name = file.name.removesuffix(SUFFIX)
        page = file.with_name(f"{name}.md")
        if not page.is_file():
            raise SourceError(f"{file}: there is no page {page.name} beside it.")
        found[name] = _read(file, _flat(read_source_file(page)))
    return found


def _read(file: Path, page: str) -> list[ProbableQuestion]:
    read, asked = [], set[str]()
    try:
        rows = list(numbered_rows(file))
    except JsonTextError as error:
        raise SourceError(f"{file}: {error}.") from error
    for number, row in rows:
        try:
            known = ProbableQuestion.model_validate(parse_object(row))
        except JsonTextError as error:
            raise SourceError(f"{file}:{number}: {error}.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "line"
            message = first["msg"].removeprefix("Value error, ")
            raise SourceError(f"{file}:{number}: {where}: {message}.") from error
        if known.sentence and _flat(known.sentence) not in page:
            raise SourceError(f"{file}:{number}: sentence: it does not stand in {file.stem.split('.')[0]}.md.")
        for question in known.questions:
            if question.lower() in asked:
                raise SourceError(f"{file}:{number}: questions: {question!r} is asked twice on this page.")
            asked.add(question.lower())
        read.append(known)
    for (number, _), known in zip(rows, read, strict=True):
        if known.after and known.after.lower() not in asked:
            raise SourceError(f"{file}:{number}: after: {known.after!r} is no question of this page.")
    return read


def _flat(text: str) -> str:
    return " ".join(to_plain(text).split())
