"""Relevance judgements: what a piece of evidence is worth for a question.

A piece counts where an accepted answer is in the text that is handed over and the piece is of the right work. Books
say many things more than once, so it need not be the passage that the question was made from, the gold passage; how
often it is, is counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.evaluation.questions import KnownQuestion, Target
from chatbot.language import comparable
from chatbot.library.search import Evidence
from chatbot.library.texts import CASEBOOK, Passage

AROUND = 2  # passages before and after the gold passage that count as it


@dataclass(frozen=True)
class Judgement:
    """A piece of evidence judged for a question; its targets are numbered from 0.

    Attributes:
        piece: what the system handed over.
        right_works: the targets whose work the piece is of.
        answers: those of them that it answers.
        gold: those of them that it answers from the casebook or from within two passages of the gold passage.
    """

    piece: Evidence
    right_works: frozenset[int]
    answers: frozenset[int]
    gold: frozenset[int]


class Judge:
    """Judges pieces of evidence from one library.

    Args:
        passages: every passage of the library, in the order of the books.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._works: dict[str, list[Passage]] = {}
        self._gold: dict[Target, frozenset[str]] = {}
        for passage in passages:
            self._works.setdefault(passage.work, []).append(passage)

    def judge(self, known: KnownQuestion, piece: Evidence) -> Judgement:
        """What a piece is worth for a question."""
        targets = dict(enumerate(known.targets))
        right = {number for number, target in targets.items() if same_work(piece.passage.work, target.work)}
        answers = {number for number in right if targets[number].answered_by(piece.text)}
        gold = {number for number in answers if self._is_gold(piece.passage, targets[number])}
        return Judgement(piece, frozenset(right), frozenset(answers), frozenset(gold))

    def relevant(self, known: KnownQuestion) -> int:
        """How many passages answer a question about one work; 0 for a question of another kind."""
        if len(known.targets) != 1:
            return 0
        target = known.targets[0]
        return sum(target.answered_by(passage.text) for passage in self._passages_of(target))

    def _is_gold(self, passage: Passage, target: Target) -> bool:
        if target not in self._gold:
            self._gold[target] = self._gold_passages(target)
        return passage.kind == CASEBOOK or passage.id in self._gold[target]

    def _gold_passages(self, target: Target) -> frozenset[str]:
        """The ids of the gold passage and those around it; all of the work's where the phrase is not found."""
        texts = [passage for passage in self._passages_of(target) if passage.kind != CASEBOOK]
        phrase = comparable(target.phrase.replace("_", ""))
        places = [at for at, passage in enumerate(texts) if phrase and phrase in comparable(passage.text)]
        around = [passage for at in places for passage in texts[max(0, at - AROUND) : at + AROUND + 1]]
        return frozenset(passage.id for passage in around or texts)

    def _passages_of(self, target: Target) -> list[Passage]:
        works = [work for work in self._works if same_work(work, target.work)]
        return [passage for work in works for passage in self._works[work]]


def same_work(one: str, other: str) -> bool:
    """Whether two titles name one work: "The Disappearance of Lady Frances Carfax" and "Lady Frances Carfax"."""
    a, b = comparable(one), comparable(other)
    return a == b or a.endswith(f" {b}") or b.endswith(f" {a}")
