"""The matcher's task: bring what a visitor says nearer to the ways a line lists for it than to those of other lines.

It is the embedder that finds the persona's own exchanges (`chatbot.exchanges`), a bi-encoder as in Henderson et al.
(arXiv 1911.03688), trained by the retriever's InfoNCE. A way to say something is paired with another of the same line;
half of them stand in a longer message or are misspelt, as people write. `messages.jsonl` has what visitors say in quite
other words. Lines that answer alike are masked: those of one general kind, and those that the plain embedder takes for
the same. Probable questions of the casebook are among the texts, since it is the books that answer these.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from chatbot.errors import TrainingError
from chatbot.language import Language, asked_for
from chatbot.line_kinds import GENERAL
from chatbot.lines import Example, as_compared, said_in
from chatbot.tuning.encoders import Recipe
from chatbot.tuning.retriever import Batch

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.index import Vectors

THE_SAME = 0.82  # the plain cosine from which on the line of one may answer the other as well
HARD = 80  # of the nearest texts of other lines, from which a negative is drawn
WRAPPED, LOWERED, MISSPELT = 0.42, 0.25, 0.12  # the shares of texts that are altered so

Item = TypeVar("Item")


class Said(NamedTuple):
    """One text of a visitor's.

    Attributes:
        line: the number of the line that answers it.
        text: as it is compared.
        way: its number among the ways that lines list; of a message: of one of its line's.
        listed: whether a line lists it.
    """

    line: int
    text: str
    way: int
    listed: bool


@dataclass(frozen=True, kw_only=True)
class MatcherRecipe(Recipe):
    """How the matcher is trained.

    Attributes:
        steps: batches of the whole run.
        asked: probable questions in a batch.
        weight: how often a message is taken where a listed way is taken once.
        hard: the share of a batch that brings a hard negative along.
    """

    rank: int = 24
    alpha: int = 48
    learning_rate: float = 8e-4
    batch_size: int = 48
    negatives: int = 1
    max_tokens: int = 64
    steps: int = 1300
    asked: int = 8
    weight: int = 2
    hard: float = 0.6


class MatcherData:
    """What a matcher is trained on, as batches.

    Args:
        lines: of the persona.
        messages: what visitors say, each with the number of its line.
        probable: of every fact that the books tell, the questions that ask for it.
        language: the persona's.
        plain: the embedder without an adapter: it tells which texts may be the same.
    """

    def __init__(
        self,
        lines: Sequence[Example],
        messages: Sequence[tuple[int, str]],
        probable: Sequence[Sequence[str]],
        language: Language,
        plain: Embedder,
    ) -> None:
        owners = {id(line): number for number, line in enumerate(lines)}
        self.kinds = [line.kind for line in lines]
        self.probable = probable
        self.language = language
        said = [(owners[id(line)], as_compared(text, language)) for line, text in said_in(lines)]
        self.ways = [Said(line, text, way, True) for way, (line, text) in enumerate(said)]
        self.of_line: dict[int, list[int]] = {}
        for each in self.ways:
            self.of_line.setdefault(each.line, []).append(each.way)
        self.messages = [
            Said(line, as_compared(asked_for(text, language), language), self.of_line[line][0], False)
            for line, text in messages
        ]
        self._vectors: Vectors = np.asarray(plain.embed_documents([each.text for each in self.ways]), dtype=np.float32)
        self._statements = [
            each.text for each in self.ways if 3 <= len(each.text.split()) <= 16 and "?" not in each.text
        ]

    def batches(self, recipe: MatcherRecipe, seed: int) -> Iterator[Batch]:
        """Batches without end, the same for the same data, recipe and seed.

        Raises:
            TrainingError: no line lists two ways to say the same, and there are no messages.
        """
        chance = random.Random(seed)
        said = [each for each in self.ways if len(self.of_line[each.line]) > 1] + recipe.weight * self.messages
        if not said:
            raise TrainingError("There is nothing to train on: no line lists `also`, and there are no messages.")
        asked = [(number, text) for number, texts in enumerate(self.probable) for text in texts]
        some, some_asked = _again(said, chance), _again(asked, chance)
        questions = min(recipe.asked, recipe.batch_size - 1) if asked else 0
        while True:
            yield self._batch(
                list(islice(some, recipe.batch_size - questions)), list(islice(some_asked, questions)), recipe, chance
            )

    def _batch(
        self, said: Sequence[Said], asked: Sequence[tuple[int, str]], recipe: MatcherRecipe, chance: random.Random
    ) -> Batch:
        ways = [self._other_way(each, chance) for each in said]
        hard = [self._like(each, chance) for each in said if chance.random() < recipe.hard]
        texts = [self.ways[way] for way in ways]
        others = [self.ways[way] for way in hard if way is not None]
        probable = [chance.choice([text for text in self.probable[fact] if text != own]) for fact, own in asked]
        masked = [
            (row, column)
            for row, each in enumerate(said)
            for column, text in (
                *enumerate(texts),
                *enumerate(others, start=len(texts) + len(probable)),
            )
            if column != row and self._may_answer(each, text)
        ]
        masked += [
            (len(said) + row, len(said) + column)
            for row, (fact, _) in enumerate(asked)
            for column, (other, _) in enumerate(asked)
            if row != column and fact == other
        ]
        return Batch(
            "question",
            (
                *(self._as_written(each.text, chance, wrap=each.listed) for each in said),
                *(self._as_written(text, chance) for _, text in asked),
            ),
            (*(text.text for text in texts), *probable, *(text.text for text in others)),
            tuple(masked),
        )

    def _other_way(self, said: Said, chance: random.Random) -> int:
        return chance.choice([way for way in self.of_line[said.line] if way != said.way or not said.listed])

    def _like(self, said: Said, chance: random.Random) -> int | None:
        """A text of another line that sounds like this one and asks for something else."""
        cosines = self._vectors @ self._vectors[said.way]
        near = np.argpartition(-cosines, min(HARD, len(cosines) - 1))[:HARD].tolist()
        other = [way for way in near if not self._may_answer(said, self.ways[way])]
        return chance.choice(other) if other else None

    def _may_answer(self, said: Said, text: Said) -> bool:
        """Whether the line of a text may answer what was said."""
        kind = self.kinds[said.line]
        return (
            said.line == text.line
            or (kind in GENERAL and self.kinds[text.line] == kind)
            or float(self._vectors[said.way] @ self._vectors[text.way]) >= THE_SAME
        )

    def _as_written(self, text: str, chance: random.Random, *, wrap: bool = False) -> str:
        """A text as it may stand in a chat: within a longer message, in small letters, with a slip of the finger."""
        talk, drawn = self.language.talk, chance.random()
        if wrap and drawn < WRAPPED:
            around = [
                *(f"{before} {text}" for before in chance.sample(talk.before, min(2, len(talk.before)))),
                *(f"{text} {behind}" for behind in chance.sample(talk.behind, min(1, len(talk.behind)))),
                f"{chance.choice(self._statements).rstrip('.')}. {text}" if self._statements else text,
            ]
            text = chance.choice(around)
        if chance.random() < LOWERED:
            text = text.lower().replace("'", "").rstrip(".?")
        if chance.random() < MISSPELT and len(text) > 8:
            at = chance.randrange(1, len(text) - 2)
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text


def _again(items: Sequence[Item], chance: random.Random) -> Iterator[Item]:
    """All items in an order drawn anew each time round, without end."""
    while items:
        yield from chance.sample(items, len(items))
