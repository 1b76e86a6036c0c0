"""What happened in a turn: mode, evidence, the exact prompt, token counts and timings, as it is stored and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from chatbot.engines import Completion
from chatbot.library.search import Evidence, Found, Reason
from chatbot.prompts import Message


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonRecord(_Record):
    """What one module of the search said of a passage."""

    module: str
    rank: int
    score: float
    note: str = ""


class StepRecord(_Record):
    """What one module of the search did, in milliseconds and words."""

    module: str
    milliseconds: float
    candidates: int
    note: str = ""


class EvidenceRecord(_Record):
    """One piece of evidence as it is stored."""

    work: str
    chapter: str
    place: int
    kind: str
    source: str
    narrator: str
    text: str
    passage: str
    passage_id: str
    score: float
    reasons: tuple[ReasonRecord, ...] = ()

    @classmethod
    def of(cls, piece: Evidence) -> EvidenceRecord:
        """The record of a piece of evidence."""
        passage = piece.passage
        return cls(
            work=passage.work,
            chapter=passage.chapter,
            place=passage.place,
            kind=passage.kind,
            source=passage.source,
            narrator=passage.narrator,
            text=piece.text,
            passage=passage.text,
            passage_id=passage.id,
            score=piece.score,
            reasons=tuple(
                ReasonRecord(module=reason.module, rank=reason.rank, score=reason.score, note=reason.note)
                for reason in piece.reasons
            ),
        )


class SearchRecord(_Record):
    """How the evidence came about.

    Attributes:
        plan: the plan's name.
        intent: what the router took the message for; empty where none was asked.
        confidence: how likely the evidence is to answer, from 0 to 1.
        considered: how many passages were found in all.
        steps: what each module did, in order.
        dropped: what was found and not handed over; the last reason says why.
    """

    plan: str = ""
    intent: str = ""
    confidence: float = 0.0
    considered: int = 0
    steps: tuple[StepRecord, ...] = ()
    dropped: tuple[EvidenceRecord, ...] = ()

    @classmethod
    def of(cls, plan: str, found: Found, unused: Sequence[Evidence] = ()) -> SearchRecord:
        """The record of a search.

        Args:
            plan: the plan's name.
            found: what it found.
            unused: the last of its pieces, which were not handed over: too weak, or no room for them.
        """
        module, note = ("confidence", "too weak to answer from") if found.weak else ("prompt", "no room for it")
        left = [
            replace(piece, reasons=(*piece.reasons, Reason(module, rank, piece.score, note)))
            for rank, piece in enumerate(unused, len(found.evidence) - len(unused) + 1)
        ]
        return cls(
            plan=plan,
            intent=found.intent,
            confidence=found.confidence,
            considered=found.considered,
            steps=tuple(StepRecord(**asdict(step)) for step in found.steps),
            dropped=tuple(EvidenceRecord.of(piece) for piece in (*left, *found.dropped)),
        )


class Timings(_Record):
    """Milliseconds; from the user's message to the search's end, the first token and the last."""

    retrieval_ms: float = 0.0
    first_token_ms: float = 0.0
    total_ms: float = 0.0

    def tokens_per_second(self, reply_tokens: int) -> float:
        """The rate of writing, the first token not counted."""
        seconds = (self.total_ms - self.first_token_ms) / 1000
        return (reply_tokens - 1) / seconds if reply_tokens > 1 and seconds > 0 else 0.0


class Tokens(_Record):
    """Token counts."""

    prompt: int = 0
    cached: int = 0
    reply: int = 0


class Check(_Record):
    """The reply held against its evidence.

    Attributes:
        verdict: 'grounded': it rests on the evidence; 'declined': he said that he does not know; 'withheld': the
            model's reply did not rest on the evidence and another was given; 'unchecked': there was no evidence.
        quoted: the numbers of the pieces (from 1) that the reply quotes.
        unsupported: names and numbers that stand neither in the evidence nor in the question.
    """

    verdict: Literal["grounded", "declined", "withheld", "unchecked"]
    quoted: tuple[int, ...] = ()
    unsupported: tuple[str, ...] = ()


class Trace(_Record):
    """Everything about one turn that is not the question or the reply."""

    mode: str
    persona: str
    model: str = ""
    voice: bool = False
    evidence: tuple[EvidenceRecord, ...] = ()
    weak: bool = False
    why_weak: str = ""
    search: SearchRecord | None = None
    prompt: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    raw_reply: str = ""
    check: Check | None = None
    finish: str = ""
    seed: int = 0
    timings: Timings = Timings()
    tokens: Tokens = Tokens()


def evidence_records(found: Found | None) -> tuple[EvidenceRecord, ...]:
    """The records of what a search found."""
    return tuple(EvidenceRecord.of(piece) for piece in found.evidence) if found else ()


def prompt_record(messages: tuple[Message, ...]) -> tuple[tuple[str, str], ...]:
    """The exact prompt as (role, content) pairs."""
    return tuple((message.role, message.content) for message in messages)


def token_record(completion: Completion | None) -> Tokens:
    """The token counts of a reply; zeros where the model was not asked."""
    if completion is None:
        return Tokens()
    return Tokens(prompt=completion.prompt_tokens, cached=completion.cached_tokens, reply=completion.reply_tokens)


def evidence_json(piece: EvidenceRecord) -> dict[str, Any]:
    """A piece of evidence as commands print it: what it says, where it stands, and what each module made of it."""
    return {
        "work": piece.work,
        "chapter": piece.chapter,
        "text": piece.text,
        "score": piece.score,
        "kind": piece.kind,
        "place": piece.place,
        "reasons": [reason.model_dump(exclude_defaults=True) for reason in piece.reasons],
    }


def search_json(search: SearchRecord) -> dict[str, Any]:
    """A search as commands print it."""
    return {
        "plan": search.plan,
        "intent": search.intent,
        "confidence": search.confidence,
        "considered": search.considered,
        "steps": [step.model_dump(exclude_defaults=True) for step in search.steps],
        "dropped": [evidence_json(piece) for piece in search.dropped],
    }


def as_json(question: str, reply: str, trace: Trace) -> dict[str, Any]:
    """The line that `ask --json` prints."""
    return {
        "question": question,
        "mode": trace.mode,
        "reply": reply,
        "evidence": [evidence_json(piece) for piece in trace.evidence],
        "weak": trace.weak,
        "search": search_json(trace.search) if trace.search else None,
        "timings": {name: round(value, 1) for name, value in trace.timings.model_dump().items()},
        "tokens": {"prompt": trace.tokens.prompt, "reply": trace.tokens.reply},
        "check": trace.check.verdict if trace.check else None,
    }
