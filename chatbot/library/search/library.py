"""The library of one persona: opened once, searched by every turn.

A search runs the modules of a plan (`plans`, `modules`) over an inquiry; what they leave is the evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import LibraryError
from chatbot.language import ENGLISH, Kind, Language, kind_of, meaning_words
from chatbot.library.index import (
    AskedQuestions,
    ChromaError,
    Dense,
    DenseBeside,
    IndexReplacedError,
    Manifest,
    OwnTexts,
    check_embedder,
    check_language,
    open_asked,
    placed,
    read_manifest,
    read_passages,
)
from chatbot.library.search.confidence import Calibration, signals_of
from chatbot.library.search.evidence import Evidence, Found
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.models import Models
from chatbot.library.search.modules import run
from chatbot.library.search.plans import ADVANCED, PLANS, Plan
from chatbot.library.search.reading import Reading
from chatbot.library.search.tools import Tools
from chatbot.library.texts import Passage, ProbableQuestion

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

DROPPED = 6  # pieces that were not handed over and are shown all the same

ProbablePages = Mapping[str, Sequence[ProbableQuestion]]


class Library:
    """What one persona knows.

    Args:
        folder: the library's folder, as `build_library` made it.
        models: the embedder that built it, and what else modules may use.
        chroma_url: a Chroma server instead of the embedded store.
        plans: plans of the persona's own, by their names; they go before the built-in ones.
        calibration: from what was measured to how likely the evidence answers.
        persona: the name of whose library it is.
        language: the persona's.
        asked: gives the probable questions of the casebook's pages.

    Raises:
        LibraryError: there is no library, it is damaged, or it was built by another embedder or for another language.
    """

    def __init__(
        self,
        folder: Path,
        models: Models,
        chroma_url: str | None = None,
        *,
        plans: dict[str, Plan] | None = None,
        calibration: Calibration | None = None,
        persona: str = "",
        language: Language = ENGLISH,
        asked: Callable[[], ProbablePages] = dict,
    ) -> None:
        manifest = read_manifest(folder)
        if manifest is None:
            raise LibraryError(
                f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
            )
        self._embedder = models.embedder_of(manifest.embedder)
        check_embedder(folder, manifest, self._embedder)
        self.manifest: Manifest = manifest
        self._folder = folder
        self._chroma_url = chroma_url
        passages = read_passages(folder)
        check_language(folder, passages.language, language)
        self._passages = passages
        self._dense = Dense(folder, self._embedder, chroma_url, passages)
        self._models = models
        self.plans = {**PLANS, **(plans or {})}
        self._calibration = calibration or Calibration()
        self.tools = Tools(
            passages,
            passages.lexical,
            self._embedder,
            self._dense,
            self._open_dense,
            models,
            persona,
            language,
            lambda: self._open_asked(asked()),
        )

    def beside(self, visitor: str) -> Library:
        """The library as one visitor has it: his own texts beside the shared ones; the same where he has none.

        Args:
            visitor: his id, as the server knows it.

        Raises:
            IndexReplacedError: the shared texts were changed since this library was opened.
            LibraryError: his texts cannot be read.
        """
        own = OwnTexts(self._folder, visitor)
        passages = own.passages(self._passages)
        if passages is None:
            return self

        def with_own(embedder: Embedder, shared: Dense) -> DenseBeside:
            return DenseBeside(shared, own.vectors(passages, embedder))

        library = copy(self)
        library._passages = passages
        library.tools = Tools(
            passages,
            passages.lexical,
            self._embedder,
            with_own(self._embedder, self._dense),
            lambda embedder: with_own(embedder, self._open_dense(embedder)),
            self._models,
            self.tools.persona,
            self.tools.language,
            self.tools.asked,
        )
        return library

    @property
    def passages(self) -> Sequence[Passage]:
        """Every passage, in the order of their positions, read from disk."""
        return list(self._passages)

    @property
    def dense_ready(self) -> bool:
        """Whether every passage has its vector; until then the library is searched by words."""
        return self._dense.ready

    @property
    def why_words(self) -> str:
        """Why it is searched by words alone; empty where it is not."""
        return self._dense.why_not

    @property
    def embedded(self) -> int:
        """How many passages have their vector so far."""
        return self._dense.embedded

    @property
    def total(self) -> int:
        """How many passages there are."""
        return len(self._passages)

    def warm(self) -> None:
        """Open Chroma and load the embedder and the probable questions now instead of with the first question."""
        self._embedder.warm()
        self.tools.asked()
        if self.dense_ready:
            self._dense.open()

    def search(
        self,
        question: str,
        plan: Plan = ADVANCED,
        *,
        kind: Kind | None = None,
        history: Sequence[tuple[str, str]] = (),
        pieces: int | None = None,
        budget: int = 0,
    ) -> Found:
        """The evidence for a question.

        Args:
            question: as it was asked.
            plan: how the search is made.
            kind: what kind of message it is, where that has been decided.
            history: the exchanges before it as (question, reply), the oldest first.
            pieces: the most pieces of evidence, in place of the plan's own number.
            budget: the most tokens of evidence, as `Models.count` counts: the best pieces that fit, in the order of the
                search; one in any case. 0: no limit.

        Raises:
            LibraryError: a passage cannot be read. Where Chroma does not answer, it is searched by words.
            EngineError: the model whose tokens are counted cannot be reached.
        """
        began = time.perf_counter()
        number = pieces or plan.pieces
        kind = kind or kind_of(question, self.tools.language, history)
        reading = Reading(question) if kind == "going on" else self.tools.reading(question)
        earlier = tuple((self.tools.reading(said).question, reply) for said, reply in history)
        asked = Inquiry(reading.question, earlier, kind, pieces=number, budget=budget)
        try:
            done = self._run(plan if self.dense_ready else plan.until_vectors(), asked)
        except (ChromaError, IndexReplacedError):  # passages and words are still as they were when it was opened
            done = self._run(plan.until_vectors(), asked)
        evidence = tuple(map(_evidence, done.candidates[:number]))
        unknown = reading.strange
        signals = signals_of(done, unknown)
        confidence, limit = self._calibration.confidence(plan.name, signals, bool(evidence))
        if 2 * len(unknown) > len(set(meaning_words(question, self.tools.language))):
            confidence = 0.0  # most of what is asked about is strange to the books
        too_many = [
            candidate.with_reason("number", rank, candidate.score, f"not among the first {number}")
            for rank, candidate in enumerate(done.candidates[number:], number + 1)
        ]
        found = Found(
            evidence=evidence,
            weak=confidence < limit,
            plan=plan.name,
            why_weak=_why_weak(confidence, limit, bool(evidence), unknown, done),
            confidence=round(confidence, 4),
            unknown=unknown,
            taken_for=reading.taken_for,
            considered=int(done.signals.get("considered", len(done.candidates))),
            milliseconds=(time.perf_counter() - began) * 1000,
            dropped=_dropped([*too_many, *done.dropped], done.candidates[:number]),
            steps=done.steps,
            intent=done.intent,
            signals=signals,
        )
        return found.dropping(_without_room(budget, evidence, self._models.count), "budget", "no room for it")

    def candidates(self, question: str, plan: Plan, history: Sequence[tuple[str, str]] = ()) -> tuple[Candidate, ...]:
        """What the modules of a plan leave for a question, the best first; the arguments are those of `search`."""
        asked = Inquiry(self.tools.reading(question).question, tuple(history))
        return self._run(plan, asked).candidates

    def _run(self, plan: Plan, asked: Inquiry) -> Inquiry:
        return self.tools.with_candidates(run(plan.steps, asked, self.tools))

    def plan(self, given: Plan) -> Plan:
        """The persona's own plan of that name, where it has one."""
        return self.plans.get(given.name, given)

    def _open_asked(self, pages: ProbablePages) -> AskedQuestions | None:
        """The probable questions whose sentences are in this library; None where there are none."""
        facts = placed(pages, self._passages, self.tools.sentences, self.tools.casebook) if pages else []
        return open_asked(facts, self._folder, self._embedder, self.tools.language) if facts else None

    def _open_dense(self, embedder: Embedder) -> Dense:
        """The vectors of another embedder, which are made the first time."""
        dense = Dense(self._folder, embedder, self._chroma_url, self._passages)
        dense.fill()
        return dense


def _without_room(budget: int, evidence: Sequence[Evidence], count: Callable[[str], int]) -> list[Evidence]:
    """The pieces that do not fit the budget beside better ones; the best stays in any case."""
    ranked = sorted(evidence, key=lambda piece: -piece.score)
    for number, piece in enumerate(ranked if budget else ()):
        budget -= count(piece.text)
        if number and budget < 0:
            return ranked[number:]
    return []


def _dropped(dropped: Sequence[Candidate], kept: Sequence[Candidate]) -> tuple[Evidence, ...]:
    """The best of what was dropped, each once, without what another search of the same question kept."""
    seen = {candidate.window for candidate in kept}
    best: dict[tuple[str, int, int], Candidate] = {}
    for candidate in sorted(dropped, key=lambda candidate: -candidate.score):
        if candidate.window not in seen:
            best.setdefault(candidate.window, candidate)
    return tuple(_evidence(candidate) for candidate in list(best.values())[:DROPPED])


def _evidence(candidate: Candidate) -> Evidence:
    score = candidate.score if candidate.last >= 0 else next((r.score for r in candidate.reasons), candidate.score)
    return Evidence(
        candidate.passage,
        candidate.text,
        round(max(0.0, min(1.0, score)), 4),
        candidate.reasons,
        candidate.key,
        candidate.answer,
        candidate.answer_confidence,
        candidate.correction,
    )


def _why_weak(confidence: float, limit: float, found: bool, unknown: Sequence[str], done: Inquiry) -> str:
    """Why the evidence is too weak to answer from; an empty string where it is not."""
    if confidence >= limit:
        return ""
    strange = f"; not in the books: {', '.join(unknown)}" if unknown else ""
    if not found:
        return (f"{done.intent}: nothing was looked up" if done.ended else "nothing was found") + strange
    return f"likely to answer: {confidence:.2f} of {limit:.2f} needed{strange}"
