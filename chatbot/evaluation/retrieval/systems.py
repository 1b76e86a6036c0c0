"""How well the library is searched: every system of the ladder over the same questions, judged by what it hands over.

A piece of evidence counts where an accepted answer stands in the text that is handed over and the piece is of the
right work. Books say many things more than once, so it need not be near the place that the question was made from;
how often it is, is counted apart. Nothing is generated: the figures say what a reply could at best rest on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from chatbot.errors import MessageError
from chatbot.evaluation.questions import KnownQuestion, Target, share
from chatbot.language import to_plain
from chatbot.library.search import Evidence, Found, Library, Plan
from chatbot.library.texts import CASEBOOK, Passage
from chatbot.progress import Progress

PIECES = 4  # what a prompt gets at most
DEPTH = 10  # how far down the list is looked at
NEAR = 2  # passages before and after a place that are near it
WARM_UP = "Who are you, and where do you live?"

History = Sequence[tuple[str, str]]  # (question, reply), the oldest first


T = TypeVar("T")


class System(Protocol):
    """One way to search.

    Called with a question as it was asked, the exchanges before it and how many pieces are wanted, the best first.
    The first pieces must be the same however many are wanted: it is asked once, for `DEPTH`.
    """

    @property
    def name(self) -> str:
        """As tables show it."""

    def __call__(self, question: str, history: History, pieces: int) -> Found:
        """The evidence for a question."""


@runtime_checkable
class Composed(Protocol):
    """A system that is made of modules, each of which can be taken out."""

    def systems_without(self) -> Sequence[System]:
        """This system without each of its modules in turn."""


@dataclass(frozen=True)
class PlanSystem:
    """A plan of the library's search as a system."""

    library: Library
    plan: Plan
    label: str = ""

    @property
    def name(self) -> str:
        """The plan's name, and what was taken out."""
        return self.label or self.plan.name

    def __call__(self, question: str, history: History, pieces: int) -> Found:
        """The evidence for a question."""
        return self.library.search(question, self.plan, history=history, pieces=pieces)

    def without(self, module: str) -> PlanSystem:
        """This system with one of its modules taken out.

        Raises:
            MessageError: it has no such module, or nothing would be left that finds passages.
        """
        modules = self._modules()
        if module not in modules:
            raise MessageError(f"The system '{self.name}' has no module '{module}'. It has: {', '.join(modules)}.")
        return replace(self, plan=self.plan.without(module), label=f"{self.name} without {module}")

    def systems_without(self) -> list[PlanSystem]:
        """This system without each of its modules in turn; the last module that finds passages stays."""
        return [self.without(module) for module in self._modules()]

    def _modules(self) -> list[str]:
        finders = self.plan.finders
        return [name for name in self.plan.modules if len(finders) > 1 or name not in finders]


def all_systems(library: Library) -> dict[str, System]:
    """Every system there is, by its name, the simplest first; the persona's own plans among them."""
    return {name: PlanSystem(library, plan) for name, plan in library.plans.items()}


def choose_systems(systems: Mapping[str, T], names: Sequence[str]) -> list[T]:
    """The systems called `names`, in that order; all of them where none is named.

    Raises:
        MessageError: there is no such system; the message names those there are.
    """
    wanted = dict.fromkeys(name.strip() for name in names if name.strip())
    for name in wanted:
        if name not in systems:
            raise MessageError(f"There is no system '{name}'. There are: {', '.join(systems)}.")
    return [systems[name] for name in wanted] or list(systems.values())


def sample(questions: Sequence[KnownQuestion], number: int) -> list[KnownQuestion]:
    """`number` of the questions, in their order: always the same, and few of them change when some are added."""
    chance = {question: share(f"sample: {question.question}") for question in questions}
    chosen = set(sorted(questions, key=chance.__getitem__)[:number])
    return [question for question in questions if question in chosen]


# ---------------------------------------------------------------------- judging


@dataclass(frozen=True)
class Judged:
    """A piece of evidence held against a question.

    Attributes:
        piece: what the system handed over.
        right_works: the numbers of the question's targets (from 0) whose work it is of.
        answers: those of them that it answers.
        near: those of them that it answers from the casebook or near their place in the text.
        elsewhere: an accepted answer stands in it, but it is of another work or subject; it does not count.
    """

    piece: Evidence
    right_works: frozenset[int]
    answers: frozenset[int]
    near: frozenset[int]
    elsewhere: bool


@dataclass(frozen=True)
class SearchOutcome:
    """One question as one system answered it.

    Attributes:
        relevant: how many passages of the library answer it; 0 where it is not about one work.
        milliseconds: for the whole call, wall clock.
        tokens: of the first `PIECES` pieces.
    """

    known: KnownQuestion
    judged: tuple[Judged, ...]
    relevant: int
    weak: bool
    why_weak: str
    confidence: float
    milliseconds: float
    tokens: int

    def answered(self, number: int) -> bool:
        """Whether the first `number` pieces answer every target."""
        return self._all_targets(piece.answers for piece in self.judged[:number])

    def near(self, number: int) -> bool:
        """Whether the first `number` pieces answer every target from the casebook or near its place in the text."""
        return self._all_targets(piece.near for piece in self.judged[:number])

    def right_work(self, number: int) -> bool:
        """Whether the first `number` pieces hold one of every target's work."""
        return self._all_targets(piece.right_works for piece in self.judged[:number])

    @property
    def gains(self) -> list[bool]:
        """Whether each piece answers; a second piece of the same passage brings nothing new."""
        seen: set[str] = set()
        gains = []
        for judged in self.judged:
            gains.append(bool(judged.answers) and judged.piece.passage.id not in seen)
            seen |= {judged.piece.passage.id} if judged.answers else set()
        return gains

    def _all_targets(self, found: Iterable[frozenset[int]]) -> bool:
        targets = range(len(self.known.targets))
        return bool(targets) and frozenset(targets) <= frozenset().union(*found)


class Judge:
    """Holds pieces against questions.

    Args:
        passages: every passage of the library, in the order of the books.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._works: dict[str, list[Passage]] = {}
        self._places: dict[Target, frozenset[str]] = {}
        for passage in passages:
            self._works.setdefault(passage.work, []).append(passage)

    def judge(self, known: KnownQuestion, piece: Evidence) -> Judged:
        """What a piece is worth for a question."""
        targets = dict(enumerate(known.targets))
        right = {number for number, target in targets.items() if same_work(piece.passage.work, target.work)}
        holds = {number for number, target in targets.items() if target.answered_by(piece.text)}
        near = {number for number in right & holds if self._is_near(piece.passage, targets[number])}
        return Judged(piece, frozenset(right), frozenset(right & holds), frozenset(near), bool(holds - right))

    def relevant(self, known: KnownQuestion) -> int:
        """How many passages answer a question about one work."""
        if len(known.targets) != 1:
            return 0
        target = known.targets[0]
        return sum(target.answered_by(passage.text) for passage in self._of(target))

    def _is_near(self, passage: Passage, target: Target) -> bool:
        if target not in self._places:
            self._places[target] = self._near(target)
        return passage.kind == CASEBOOK or passage.id in self._places[target]

    def _near(self, target: Target) -> frozenset[str]:
        """The passages around the place; all of the work's where the place cannot be told."""
        texts = [passage for passage in self._of(target) if passage.kind != CASEBOOK]
        phrase = to_plain(target.phrase.replace("_", "")).lower()
        places = [at for at, passage in enumerate(texts) if phrase and phrase in to_plain(passage.text).lower()]
        around = [passage for at in places for passage in texts[max(0, at - NEAR) : at + NEAR + 1]]
        return frozenset(passage.id for passage in around or texts)

    def _of(self, target: Target) -> list[Passage]:
        works = [work for work in self._works if same_work(work, target.work)]
        return [passage for work in works for passage in self._works[work]]


def same_work(one: str, other: str) -> bool:
    """Whether two titles name one work: "The Disappearance of Lady Frances Carfax" and "Lady Frances Carfax"."""
    a, b = to_plain(one).lower(), to_plain(other).lower()
    return a == b or a.endswith(f" {b}") or b.endswith(f" {a}")


def run(
    system: System,
    questions: Sequence[KnownQuestion],
    judge: Judge,
    count: Callable[[str], int],
    on_progress: Progress = lambda done, total: None,
) -> list[SearchOutcome]:
    """Ask a system every question.

    Args:
        system: what is asked. A question that is not counted goes before, so that nothing is still being loaded.
        questions: of any kind.
        judge: holds what it finds against the questions.
        count: the tokens of a text.
        on_progress: told how many questions are done, of how many.
    """
    system(WARM_UP, (), PIECES)
    outcomes: list[SearchOutcome] = []
    on_progress(0, len(questions))
    for known in questions:
        began = time.perf_counter()
        found = system(known.question, known.history, DEPTH)
        milliseconds = (time.perf_counter() - began) * 1000
        outcomes.append(
            SearchOutcome(
                known=known,
                judged=tuple(judge.judge(known, piece) for piece in found.evidence[:DEPTH]),
                relevant=judge.relevant(known),
                weak=found.weak,
                why_weak=found.why_weak,
                confidence=found.confidence,
                milliseconds=milliseconds,
                tokens=sum(count(piece.text) for piece in found.evidence[:PIECES]),
            )
        )
        on_progress(len(outcomes), len(questions))
    return outcomes


# ---------------------------------------------------------------------- metrics


def reciprocal_rank(gains: Sequence[bool]) -> float:
    """One divided by the rank of the first hit; 0 where there is none."""
    return next((1 / rank for rank, gain in enumerate(gains, 1) if gain), 0.0)


def ndcg(gains: Sequence[bool], relevant: int, depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain with binary relevance (Järvelin and Kekäläinen, 2002), from 0 to 1.

    Args:
        gains: whether each item of the list is relevant, the best first.
        relevant: how many relevant items there are in all.
        depth: how far down the list is looked at.
    """
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(relevant, depth) + 1))
    gained = sum(1 / math.log2(rank + 1) for rank, gain in enumerate(gains[:depth], 1) if gain)
    return gained / ideal if ideal else 0.0


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """How often one of `positives` is above one of `negatives` (Mann and Whitney, 1947); a tie counts half.

    None where either is empty.
    """
    if not positives or not negatives:
        return None
    above = np.asarray(positives)[:, None] - np.asarray(negatives)[None, :]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def bootstrap(values: Sequence[float], draws: int = 2000, seed: int = 0) -> tuple[float, float] | None:
    """A 95% interval for the mean: the percentile bootstrap (Efron, 1979). None where there are no values."""
    if not values:
        return None
    given = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(seed).integers(0, len(given), (draws, len(given)))
    low, high = np.percentile(given[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def mean(values: Iterable[float]) -> float | None:
    """The mean; None where there are no values."""
    held = list(values)
    return float(np.mean(held)) if held else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """A percentile, between neighbours in proportion; None where there are no values."""
    return float(np.percentile(values, percent)) if values else None
