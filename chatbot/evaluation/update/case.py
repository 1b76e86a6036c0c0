"""An invented case that no model has heard of: a text, and the questions that its facts answer.

A persona keeps both in the folder `update`: `case.md`, which `library add` takes, and `facts.jsonl`, a fact a line:

    {"work": "...", "question": "...", "answers": ["..."], "also": ["...", "..."], "sentence": "..."}

The first three are those of a plain question (`chatbot.evaluation.questions`). `also` are other wordings of it, which a
voice is taught; `question` itself is not among them, so that it shows what was learnt and not what was memorised.
`sentence` stands in the text word for word and holds an accepted answer; it is what a voice is taught to reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from chatbot.errors import MessageError
from chatbot.evaluation.questions import KnownQuestion, question_rows
from chatbot.json_text import models_in
from chatbot.language import Text, comparable

TEXT, FACTS = "case.md", "facts.jsonl"


class NewFact(KnownQuestion):
    """A plain question about the case, other wordings of it, and the sentence of the text that answers."""

    also: tuple[Text, ...] = Field(min_length=2)
    sentence: Text

    @model_validator(mode="after")
    def _is_taught_by_its_sentence(self) -> Self:
        if self.kind != "plain":
            raise ValueError("a new fact is a plain question; leave 'kind' out")
        if not self.answered_by(self.sentence):
            raise ValueError("'sentence' holds none of the answers")
        if any(self.answered_by(asked) for asked in (self.question, *self.also)):
            raise ValueError("a question gives its own answer away")
        return self


@dataclass(frozen=True)
class Case:
    """The text, a Markdown file, and its facts."""

    text: Path
    facts: tuple[NewFact, ...]


def read_case(folder: Path) -> Case:
    """The case in a folder.

    Raises:
        MessageError: a file is missing or cannot be read, or a line of the facts is wrong; its number is named.
    """
    text, facts, asked = folder / TEXT, list[NewFact](), set[str]()
    try:
        said = comparable(text.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MessageError(f"The case {text} cannot be read: {error}. Write it as Markdown, in UTF-8.") from error
    for number, fact in models_in(folder / FACTS, question_rows(folder / FACTS), NewFact):
        if comparable(fact.sentence) not in said:
            raise MessageError(f"{folder / FACTS}:{number}: sentence: it does not stand in {TEXT}.")
        for question in (fact.question, *fact.also):
            if comparable(question) in asked:
                raise MessageError(f"{folder / FACTS}:{number}: {question!r} is asked twice.")
            asked.add(comparable(question))
        facts.append(fact)
    if not facts:
        raise MessageError(f"{folder / FACTS} holds no facts.")
    return Case(text, tuple(facts))
