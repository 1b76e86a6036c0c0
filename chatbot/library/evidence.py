"""Evidence: the passages chosen for one turn, cut down to the sentences that bear on the question."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.library.passages import Passage


@dataclass(frozen=True)
class Reason:
    """Why a passage was chosen: the module that found it or moved it, the rank it gave (from 1), and its score."""

    module: str
    rank: int
    score: float


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence.

    Attributes:
        passage: where it comes from.
        text: the sentences handed over, as they stand in the passage.
        key: the one sentence among them that bears most on the question; empty where none was singled out.
        score: how well it bears on the question, from 0 to 1.
        reasons: what each module said of it, in order.
    """

    passage: Passage
    text: str
    score: float
    reasons: tuple[Reason, ...]
    key: str = ""


@dataclass(frozen=True)
class Found:
    """What a search found: the evidence, the best first, and whether it is too weak to answer from.

    Attributes:
        strength: how well the evidence can answer, about 0 to 1; below a limit it is weak.
        unknown: the words of the question that stand nowhere in the books.
        considered: how many passages were found in all.
    """

    evidence: tuple[Evidence, ...]
    weak: bool
    why_weak: str = ""
    strength: float = 0.0
    unknown: tuple[str, ...] = ()
    considered: int = 0
    milliseconds: float = 0.0
