"""Evidence: the passages chosen for one turn, cut down to the sentences that bear on the question.

One form from the search to the prompt, the database and the page: what a search found is stored as it stands here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Self

from chatbot.library.texts import Passage

SURE = 0.3  # of an answer's confidence: from here on the reply begins with it; set on the dev split


@dataclass(frozen=True)
class Reason:
    """What a module did with a passage: found it, moved it, cut it, or dropped it.

    Attributes:
        module: its name.
        rank: the place it gave, from 1.
        score: as that module counts.
        note: what it did, where rank and score do not say it ("cut to 64 of 180 words").
    """

    module: str
    rank: int
    score: float
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence.

    Attributes:
        passage: where it comes from.
        text: the sentences handed over, as the source has them.
        score: how well it bears on the question, from 0 to 1.
        reasons: what each module said of it, in order.
        key: the one sentence among them that bears most on the question; empty where none was singled out.
        answer: the short answer that was read in it; empty where none was.
        answer_confidence: how likely that answer is right, from 0 to 1.
        correction: what is true where the question takes something false for granted; empty where it does not.
    """

    passage: Passage
    text: str
    score: float
    reasons: tuple[Reason, ...] = ()
    key: str = ""
    answer: str = ""
    answer_confidence: float = 0.0
    correction: str = ""

    @property
    def said(self) -> str:
        """What answers the question, if anything was read that does: a correction, or the short answer."""
        return self.correction or (self.answer if self.answer_confidence >= SURE else "")

    @property
    def heading(self) -> str:
        """Where it stands, in words: the work, and the chapter where there is one."""
        return ", ".join(filter(None, (self.passage.work, self.passage.chapter)))


@dataclass(frozen=True)
class Step:
    """One module's part in a search: how long it took, how many candidates it left, and what it has to say."""

    module: str
    milliseconds: float
    candidates: int
    note: str = ""


@dataclass(frozen=True)
class Found:
    """What a search found: the evidence, the best first, and whether it is too weak to answer from.

    Attributes:
        evidence: what is handed over.
        plan: the name of the plan that was searched by.
        confidence: how likely the evidence is to answer, 0 to 1; below a limit it is weak.
        unknown: the strange words of the question: names and words of later times that occur nowhere in the books.
        taken_for: misspelt words of the question, as they were written, with those of the books that they stand for.
        considered: how many passages were found in all.
        dropped: what was found and not handed over, the best first; its last reason says why.
        steps: what each module did.
        intent: what the router took the message for; empty where none was asked.
        signals: what the confidence was made of, by the names of `confidence.SIGNALS`.
    """

    evidence: tuple[Evidence, ...] = ()
    weak: bool = False
    why_weak: str = ""
    plan: str = ""
    confidence: float = 0.0
    unknown: tuple[str, ...] = ()
    taken_for: tuple[tuple[str, str], ...] = ()
    considered: int = 0
    milliseconds: float = 0.0
    dropped: tuple[Evidence, ...] = ()
    steps: tuple[Step, ...] = ()
    intent: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)

    def dropping(self, pieces: Collection[Evidence], module: str, note: str) -> Self:
        """The same with some pieces of its evidence among what was dropped.

        Args:
            pieces: which.
            module: who drops them.
            note: why.
        """
        if not pieces:
            return self
        gone = tuple(
            replace(piece, reasons=(*piece.reasons, Reason(module, rank, piece.score, note)))
            for rank, piece in enumerate(self.evidence, 1)
            if piece in pieces
        )
        left = tuple(piece for piece in self.evidence if piece not in pieces)
        return replace(self, evidence=left, dropped=(*gone, *self.dropped))

    def with_weak_dropped(self) -> Self:
        """The same, handing nothing over where the evidence is too weak to answer from."""
        return self.dropping(self.evidence, "confidence", "too weak to answer from") if self.weak else self

    @property
    def mended(self) -> str:
        """What misspelt words were taken for, to be shown ("Roylot" taken for Roylott); mostly empty."""
        return ", ".join(f'"{written}" taken for: {meant}' for written, meant in self.taken_for)

    @classmethod
    def joined(cls, searches: Sequence[Found]) -> Found:
        """What searches for several questions of one message found, as one; it is as weak as the strongest.

        Args:
            searches: in the order of the questions, one at least.
        """
        best = max(searches, key=lambda found: found.confidence)
        return replace(
            best,
            evidence=tuple(chain.from_iterable(found.evidence for found in searches)),
            weak=all(found.weak for found in searches),
            why_weak="; ".join(found.why_weak for found in searches) if best.weak else "",
            unknown=tuple(dict.fromkeys(chain.from_iterable(found.unknown for found in searches))),
            taken_for=tuple(dict.fromkeys(chain.from_iterable(found.taken_for for found in searches))),
            considered=sum(found.considered for found in searches),
            milliseconds=sum(found.milliseconds for found in searches),
            dropped=tuple(chain.from_iterable(found.dropped for found in searches)),
            steps=tuple(chain.from_iterable(found.steps for found in searches)),
            intent=" | ".join(found.intent for found in searches) if best.intent else "",
        )
