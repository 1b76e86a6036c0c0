"""The indexes of vectors behind a tape, so that what is near to what does not depend on the processor that embeds.

Eight-bit encoders differ in the third digit between kinds of processors. What a cassette plays is what was near when it
was recorded; words, passages and everything that is made of them are the library's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chatbot.exchanges import Exchanges
from chatbot.library.index import Match, Vectors
from chatbot.library.texts import ProbableQuestion
from chatbot.replay.tape import DIGITS, KEY, Tape, Taped, TapedScorer

NEAREST = 64  # of the persona's own lines whose cosines are kept; the others count as far away
FAR = -1.0


class TapedTools(Taped):
    """The tools of a library, of which those that compare vectors are behind a tape."""

    def vectors(self, embedder: str = "") -> tuple[Any, Any]:
        """An embedder, and the vectors of the passages, which are not opened while a cassette answers for them."""
        named = self._real.models.embedder(embedder) if embedder else None
        model = named or self._real.vectors()[0]
        name = f"{model.fingerprint} {len(self._real.passages)}"
        return model, TapedDense(self._tape, lambda: self._real.vectors(embedder)[1], name)

    def vector(self, text: str, embedder: str = "") -> tuple[float, ...]:
        """The vector of a text. It is not kept from one replay to the next, each of which has a tape of its own."""
        return tuple(self.vectors(embedder)[0].embed_query(text))

    def asked(self) -> Any:
        """The probable questions; None where there are none."""
        asked = self._real.asked()
        return None if asked is None else TapedAsked(self._tape, asked)


class TapedDense:
    """The vectors of the passages behind a tape.

    Args:
        tape: answers, or listens.
        vectors: opens the real ones.
        name: of the embedder and the passages.
    """

    def __init__(self, tape: Tape, vectors: Callable[[], Any], name: str) -> None:
        self._tape, self._vectors, self._name = tape, vectors, name

    @property
    def ready(self) -> bool:
        """Whether every passage has its vector."""
        return self._tape.playing or bool(self._vectors().ready)

    @property
    def why_not(self) -> str:
        """Why they are not searched at present."""
        return "" if self._tape.playing else str(self._vectors().why_not)

    def search(self, vector: Sequence[float], number: int) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest passages."""
        (found,) = self._tape.ask(
            "nearest",
            [[self._name, _name_of(vector), number]],
            lambda _: [self._vectors().search(vector, number)],
            lambda found: [[position, round(float(cosine), DIGITS)] for position, cosine in found],
            lambda written: [(int(position), float(cosine)) for position, cosine in written],
        )
        return list(found)


class TapedAsked(Taped):
    """The probable questions behind a tape."""

    def __len__(self) -> int:
        return len(self._real)

    def answer(self, fact: ProbableQuestion, question: str, *, same: bool = True) -> str:
        """The answer of a fact to a question."""
        return str(self._real.answer(fact, question, same=same))

    def search(
        self, question: str, vector: Sequence[float] | None, number: int, works: Collection[str] = ()
    ) -> list[Match]:
        """The facts whose questions are most like this one."""
        (found,) = self._tape.ask(
            "asked",
            [[question, _name_of(vector) if vector else "", number, sorted(works), len(self)]],
            lambda _: [self._real.search(question, vector, number, works)],
            lambda found: [
                [match.fact, match.question, round(match.cosine, DIGITS), round(match.score, 2 * DIGITS)]
                for match in found
            ],
            lambda written: [
                Match(int(fact), str(text), float(cosine), float(score)) for fact, text, cosine, score in written
            ],
        )
        return list(found)


class TapedExchanges(Exchanges):
    """The persona's own lines behind a tape; see `Exchanges`."""

    def __init__(self, tape: Tape, real: Exchanges) -> None:
        vars(self).update(vars(real))
        self._tape, self._real = tape, real
        if real.selector is not None:
            self.selector = replace(real.selector, encoder=TapedScorer(tape, real.selector.encoder))

    def cosines(self, text: str) -> Vectors:
        """As `Exchanges.cosines`; of those that are not near it is not known how far they are."""
        if self._tape.stopped:
            return self._real.cosines(text)

        def nearest(_: list[int]) -> list[list[list[float]]]:
            found = self._real.cosines(text)
            places = np.argsort(-found, kind="stable")[:NEAREST]
            return [[[int(at), round(float(found[at]), DIGITS)] for at in places]]

        (near,) = self._tape.ask("line", [[text, len(self)]], nearest)
        cosines = np.full(len(self), FAR, dtype=np.float32)
        for at, cosine in near:
            cosines[int(at)] = cosine
        return cosines


def _name_of(vector: Sequence[float]) -> str:
    return hashlib.sha256(np.asarray(vector, dtype=np.float32).tobytes()).hexdigest()[:KEY]
