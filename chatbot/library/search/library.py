"""The library of one persona: opened once, searched by every turn.

A search runs the modules of a plan (`plans`, `modules`) over an inquiry; what they leave is the evidence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from langchain_core.runnables import Runnable

from chatbot.errors import LibraryError
from chatbot.language import ENGLISH, Language, meaning_words
from chatbot.library.encoders import Embedder
from chatbot.library.index import Column, Dense, Ints, Manifest, check_embedder, read_index, read_manifest
from chatbot.library.search.composition import compose
from chatbot.library.search.confidence import Calibration, signals_of
from chatbot.library.search.evidence import Evidence, Found
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules import LanguageModel, Scorer, Tools, Vectors
from chatbot.library.search.modules.finding import unjoined
from chatbot.library.search.plans import ADVANCED, PLANS, Plan
from chatbot.library.texts import RECOLLECTION, Passage

DROPPED = 6  # pieces that were not handed over and are shown all the same

Recollections = Callable[[], Sequence[Passage]]


@dataclass(frozen=True)
class Models:
    """What a library may use beside its embedder; each is asked for when a module first needs it.

    Attributes:
        embedder: an embedder by its name, 'plain' or 'tuned'; None where there is no such embedder.
        cross_encoder: a cross-encoder, or None.
        reader: the small language model, or None.
        strong: a stronger one for what the small one cannot settle, or None.
    """

    embedder: Callable[[str], Embedder | None] = lambda _: None
    cross_encoder: Callable[[], Scorer | None] = lambda: None
    reader: Callable[[], LanguageModel | None] = lambda: None
    strong: Callable[[], LanguageModel | None] = lambda: None


class Library:
    """What one persona knows.

    Args:
        folder: the library's folder, as `build_library` made it.
        embedder: the embedder that built it.
        chroma_url: a Chroma server instead of the embedded store.
        models: what else modules may use.
        plans: plans of the persona's own, by their names; they go before the built-in ones.
        calibration: from what was measured to how likely the evidence answers.
        persona: the name of whose library it is.
        language: the persona's, in which it was built.
        main: the name of `embedder` among the embedders.

    Raises:
        LibraryError: there is no library, it is damaged, or another embedder built it.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        chroma_url: str | None = None,
        *,
        models: Models | None = None,
        plans: dict[str, Plan] | None = None,
        calibration: Calibration | None = None,
        persona: str = "",
        language: Language = ENGLISH,
        main: str = "plain",
    ) -> None:
        manifest = read_manifest(folder)
        if manifest is None:
            raise LibraryError(
                f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
            )
        check_embedder(folder, manifest, embedder)
        self.manifest: Manifest = manifest
        self._folder = folder
        self._embedder = embedder
        self._chroma_url = chroma_url
        self._passages, self._lexical = read_index(folder, language)
        self._vectors = Dense(folder, embedder, chroma_url, self._passages)
        self._models = models or Models()
        self.plans = {**PLANS, **(plans or {})}
        self._calibration = calibration or Calibration()
        self._opening = threading.Lock()
        self._others: dict[str, Vectors] = {main: Vectors(embedder, self._vectors)}
        self._chains: dict[Plan, Runnable[Inquiry, Inquiry]] = {}
        self.tools = Tools(
            self._passages,
            self._lexical,
            self._vectors_of,
            main,
            self._models.cross_encoder,
            self._models.reader,
            self._models.strong,
            persona,
            language,
        )

    @property
    def passages(self) -> Sequence[Passage]:
        """Every passage, in the order of the sources."""
        return self._passages

    @property
    def dense_ready(self) -> bool:
        """Whether every passage has its vector; until then the library is searched by words."""
        return self._vectors.ready

    @property
    def embedded(self) -> int:
        """How many passages have their vector so far."""
        return self._vectors.embedded

    @property
    def total(self) -> int:
        """How many passages there are."""
        return len(self._passages)

    def positions(self, column: Column, name: str) -> Ints:
        """The positions of the passages of a kind, source or work, ascending: a mask for `Lexical.search`."""
        return self.tools.positions(column, name)

    def warm(self) -> None:
        """Open Chroma and load the embedder now instead of with the first question."""
        self._embedder.warm()
        if self.dense_ready:
            self._vectors.open()

    def search(
        self,
        question: str,
        plan: Plan = ADVANCED,
        *,
        history: Sequence[tuple[str, str]] = (),
        pieces: int | None = None,
        budget: int = 0,
        recollections: Recollections | None = None,
    ) -> Found:
        """The evidence for a question.

        Args:
            question: as it was asked.
            plan: how the search is made.
            history: the exchanges before it as (question, reply), the oldest first.
            pieces: the most pieces of evidence, in place of the plan's own number.
            budget: the most tokens of evidence, where the plan compresses; 0: the plan's own.
            recollections: gives what the user said in earlier conversations, for a plan with a router.

        Raises:
            LibraryError: Chroma does not answer.
        """
        began = time.perf_counter()
        number = pieces or plan.pieces
        asked = Inquiry(question, tuple(history), pieces=number, budget=budget, recollections=recollections)
        done = unjoined(self.tools, self._chain(plan).invoke(asked))
        unknown = self._lexical.unknown(question)
        evidence = tuple(_evidence(candidate) for candidate in done.candidates[:number])
        signals = signals_of(done, unknown)
        confidence, limit = self._calibration.confidence(plan.name, signals, bool(evidence))
        if 2 * len(unknown) > len(set(meaning_words(question, self.tools.language))):
            confidence = 0.0  # most of what is asked about stands nowhere in the books
        if any(piece.passage.kind == RECOLLECTION for piece in evidence):
            confidence = 1.0  # the visitor's own words: nothing was measured, and nothing is doubtful
        left_behind = [
            candidate.because("number", rank, candidate.score, f"not among the first {number}")
            for rank, candidate in enumerate(done.candidates[number:], number + 1)
        ]
        return Found(
            evidence=evidence,
            weak=confidence < limit,
            plan=plan.name,
            why_weak=_why_weak(confidence, limit, bool(evidence), unknown, done),
            confidence=round(confidence, 4),
            unknown=unknown,
            considered=int(done.signals.get("considered", len(done.candidates))),
            milliseconds=(time.perf_counter() - began) * 1000,
            dropped=_dropped([*left_behind, *done.dropped], done.candidates[:number]),
            steps=done.steps,
            intent=done.intent,
            signals=signals,
        )

    def plan(self, given: Plan) -> Plan:
        """The persona's own plan of that name, where it has one."""
        return self.plans.get(given.name, given)

    def _chain(self, plan: Plan) -> Runnable[Inquiry, Inquiry]:
        plan = plan if self.dense_ready else plan.with_words()
        if plan not in self._chains:
            self._chains[plan] = compose(plan, self.tools)
        return self._chains[plan]

    def _vectors_of(self, name: str) -> Vectors:
        """The vectors of the embedder of that name, which are made the first time; the main ones where it is none."""
        with self._opening:
            if name not in self._others:
                embedder = self._models.embedder(name)
                if embedder is None or embedder.fingerprint == self._embedder.fingerprint:
                    self._others[name] = Vectors(self._embedder, self._vectors)
                else:
                    index = Dense(self._folder, embedder, self._chroma_url, self._passages)
                    index.fill()
                    self._others[name] = Vectors(embedder, index)
            return self._others[name]


def _dropped(gone: Sequence[Candidate], kept: Sequence[Candidate]) -> tuple[Evidence, ...]:
    """The best of what was not handed over, each once; what another search dropped and this one kept is not of it."""
    seen = {(candidate.passage.id, candidate.first, candidate.last) for candidate in kept}
    best = []
    for candidate in sorted(gone, key=lambda candidate: -candidate.score):
        window = (candidate.passage.id, candidate.first, candidate.last)
        if window not in seen:
            seen.add(window)
            best.append(candidate)
    return tuple(_evidence(candidate) for candidate in best[:DROPPED])


def _evidence(candidate: Candidate) -> Evidence:
    score = candidate.score if candidate.last >= 0 else next((r.score for r in candidate.reasons), candidate.score)
    return Evidence(
        candidate.passage, candidate.text, round(max(0.0, min(1.0, score)), 4), candidate.reasons, candidate.key
    )


def _why_weak(confidence: float, limit: float, found: bool, unknown: Sequence[str], done: Inquiry) -> str:
    """Why the evidence is too weak to answer from; an empty string where it is not."""
    if confidence >= limit:
        return ""
    strange = f"; not in the books: {', '.join(unknown)}" if unknown else ""
    if not found:
        return (f"{done.intent}: nothing was looked up" if done.ended else "nothing was found") + strange
    return f"likely to answer: {confidence:.2f} of {limit:.2f} needed{strange}"
