"""Questions with accepted answers: JSONL, one question a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from chatbot.errors import MessageError
from chatbot.text import to_plain

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class KnownQuestion(BaseModel):
    """A question, the answers that are accepted, and the place that holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    work: Text
    question: Text
    answers: tuple[Text, ...] = Field(min_length=1)
    chapter: str = ""
    phrase: str = Field("", description="A few words that locate the place in the text.")

    def answered_by(self, reply: str) -> bool:
        """Whether an accepted answer stands in the reply as whole words, whatever their case."""
        plain = to_plain(reply).lower()
        return any(re.search(rf"(?<!\w){re.escape(to_plain(answer).lower())}(?!\w)", plain) for answer in self.answers)


def question_rows(file: Path) -> list[str]:
    """The rows of a question file, blank ones too, so that they can be numbered.

    Raises:
        MessageError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MessageError(f"The questions in {file} cannot be read: {error}.") from error


def read_known_questions(file: Path) -> list[KnownQuestion]:
    """The questions of a file.

    Raises:
        MessageError: it cannot be read, or a line is wrong; its number is named.
    """
    questions = []
    for number, row in enumerate(question_rows(file), 1):
        if row.strip():
            try:
                questions.append(KnownQuestion.model_validate_json(row))
            except ValidationError as error:
                raise MessageError(f"{file}:{number}: {error.errors()[0]['msg']}.") from error
    return questions
