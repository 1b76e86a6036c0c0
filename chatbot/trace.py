"""What happened in a turn: mode, evidence, the exact prompt, token counts and timings, as it is stored and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from chatbot.library.search import Evidence, Found
from chatbot.prompts import Origin


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
        verdict: 'grounded': it rests on the evidence; 'declined': it says that the answer is not known; 'withheld': the
            model's reply did not rest on the evidence and another was given; 'unchecked': there was no evidence.
        quoted: the numbers of the pieces (from 1) that the reply quotes.
        unsupported: names and numbers that stand neither in the evidence nor in the question.
    """

    verdict: Literal["grounded", "declined", "withheld", "unchecked"]
    quoted: tuple[int, ...] = ()
    unsupported: tuple[str, ...] = ()


class PromptPiece(_Record):
    """A piece of a message of the prompt: where it comes from, how many characters it has, and how many tokens."""

    origin: Origin
    characters: int
    tokens: int


class WrittenDraft(_Record):
    """A draft of a reply.

    Attributes:
        text: what of it may be said.
        worth: how good that is: its tone, less what speaks against it; the best is said.
        why: what speaks against the rest, or all, of it.
        written: the whole of it.
        tone: how much what may be said sounds like the persona, 0 to 1.
        chosen: whether it was said.
    """

    text: str
    worth: float
    why: str = ""
    written: str = ""
    tone: float = 0.0
    chosen: bool = False


class Reasoned(_Record):
    """What the plain model wrote over the evidence before the answer.

    Attributes:
        thoughts: its sentences; those that the evidence holds, which the prompt of the answer has, are the chosen ones.
        tokens: how many were written.
        milliseconds: how long that took.
    """

    thoughts: tuple[WrittenDraft, ...]
    tokens: int = 0
    milliseconds: float = 0.0


class Trace(_Record):
    """Everything about one turn that is not the question or the reply.

    Attributes:
        search: what the search found, its evidence as it was handed over; None where nothing was searched.
        prompt: the exact prompt as (role, content) pairs; empty where no model was asked.
        pieces: of each message of the prompt, in order; empty where it was written before they were kept.
        budget: the most tokens that the prompt might have; 0: not known.
        left_out: what it had no room for.
        earlier: the exchanges before the last one, of which a prompt has none.
        reasoning: what went before the reply, apart from it; None: nothing did.
        raw_reply: what the model wrote.
        finish: why it ended.
        drafts: what the reply was chosen from, in the order they were written.
        seed: of what is written by chance.
        length: the most tokens that the visitor wanted; None: as the persona has it.
        temperature: the one that he wanted; None: as the persona has it.
    """

    mode: str
    persona: str
    model: str = ""
    voice: bool = False
    search: Found | None = None
    prompt: tuple[tuple[str, str], ...] = ()
    pieces: tuple[tuple[PromptPiece, ...], ...] = ()
    budget: int = 0
    left_out: tuple[str, ...] = ()
    earlier: int = 0
    reasoning: Reasoned | None = None
    raw_reply: str = ""
    check: Check | None = None
    finish: str = ""
    drafts: tuple[WrittenDraft, ...] = ()
    seed: int = 0
    length: int | None = None
    temperature: float | None = None
    timings: Timings = Timings()
    tokens: Tokens = Tokens()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The pieces that were handed over."""
        return self.search.evidence if self.search else ()

    @property
    def weak(self) -> bool:
        """Whether what was found was too weak to answer from."""
        return self.search is not None and self.search.weak


def to_stored(trace: Trace) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A trace as memory keeps it: the evidence that was handed over, and the rest."""
    rest = trace.model_dump(mode="json")
    evidence = rest["search"].pop("evidence") if rest["search"] else []
    return evidence, rest


def from_stored(evidence: Sequence[Mapping[str, Any]], rest: Mapping[str, Any]) -> Trace | None:
    """The trace of a stored turn; None where it has none yet, because it has not ended.

    Args:
        evidence: as `to_stored` gave it.
        rest: likewise.
    """
    if not rest:
        return None
    search = {**rest["search"], "evidence": list(evidence)} if rest["search"] else None
    return Trace.model_validate({**rest, "search": search})


def evidence_json(piece: Evidence) -> dict[str, Any]:
    """A piece of evidence as commands print it: what it says, where it stands, and what each module made of it."""
    return {
        "work": piece.passage.work,
        "chapter": piece.passage.chapter,
        "text": piece.text,
        "score": piece.score,
        "answer": piece.answer,
        "answer_confidence": piece.answer_confidence,
        "correction": piece.correction,
        "kind": piece.passage.kind,
        "place": piece.passage.place,
        "reasons": [_without_empty(asdict(reason)) for reason in piece.reasons],
    }


def search_json(found: Found) -> dict[str, Any]:
    """A search as commands print it."""
    return {
        "plan": found.plan,
        "intent": found.intent,
        "confidence": found.confidence,
        "taken_for": dict(found.taken_for),
        "considered": found.considered,
        "steps": [_without_empty(asdict(step)) for step in found.steps],
        "dropped": [evidence_json(piece) for piece in found.dropped],
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
        "wanted": {"length": trace.length, "temperature": trace.temperature, "seed": trace.seed},
        "tokens": {"prompt": trace.tokens.prompt, "reply": trace.tokens.reply},
        "check": trace.check.verdict if trace.check else None,
        "reasoning": trace.reasoning.model_dump() if trace.reasoning else None,
        "drafts": [draft.model_dump() for draft in trace.drafts],
    }


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "note" or value}
