"""What is kept of a reply: to a question with a known answer, or to a message of a conversation."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict

from chatbot.bot import Answered
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.talk import TalkTurn
from chatbot.language import comparable
from chatbot.library.search import Evidence
from chatbot.library.texts import CASEBOOK
from chatbot.trace import Trace

BEST = 4  # pieces of a search that count as found, in the order of their scores


class Kept(BaseModel):
    """A frozen value that stands in the log as one line."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Piece(Kept):
    """A piece of evidence; `text` is kept where it is of the casebook, and empty where it is of a book."""

    work: str
    kind: str
    place: int
    score: float
    text: str


class Reply(Kept):
    """What a mode said.

    Attributes:
        verdict: of the check of the reply against its evidence (`chatbot.trace.Check`); empty where there was none.
        search_ms, first_token_ms, total_ms: from the message to the end of the search, the first token and the last;
            `search_ms` is 0 where nothing was searched.
    """

    mode: str
    reply: str
    verdict: str
    evidence: tuple[Piece, ...] = ()
    search_ms: float
    first_token_ms: float
    total_ms: float


class Answer(Reply):
    """One question answered in one mode.

    Attributes:
        in_evidence: an accepted answer is in the evidence that was handed over.
        first: it is in the first piece of it.
        leads: it is in the sentence that was singled out of the first piece; None where none was.
        read: it is in what the reader took for the answer; None where nothing was read.
        found: it is in the passages of the `BEST` pieces of the search, handed over or not.
        confidence: of the search, 0 to 1; None where nothing was searched.
        weak: the search called its evidence too weak to answer from.
    """

    known: KnownQuestion
    in_evidence: bool
    first: bool = False
    leads: bool | None = None
    read: bool | None = None
    found: bool = False
    confidence: float | None = None
    weak: bool = False

    @property
    def right(self) -> bool:
        """Whether the reply is what the question calls for.

        An accepted answer to all that is asked is in it; where the books hold none, he declined; a false premise was
        declined or put right, and not taken for true where that can be told.
        """
        if self.known.kind == "unanswerable":
            return self.verdict == "declined"
        answered = self.known.answered_by(self.reply)
        if self.known.kind == "premise":
            return (answered or self.verdict == "declined") and not self.known.accepted_by(self.reply)
        return answered


class TalkReply(Reply):
    """One message of a conversation, answered in one mode.

    Attributes:
        number: of the message in its conversation, from 1.
    """

    turn: TalkTurn
    number: int

    @property
    def place(self) -> str:
        """Conversation and message, as "3.4"."""
        return f"{self.turn.conversation}.{self.number}"

    @property
    def stamp(self) -> str:
        """Of the words of the reply, so that what a reader thought of it is never said of another one."""
        return hashlib.sha1(comparable(self.reply).encode(), usedforsecurity=False).hexdigest()[:8]


def answer_of(known: KnownQuestion, mode: str, answered: Answered) -> Answer:
    """What is kept of a turn that answered a question."""
    trace = answered.trace
    evidence, search = trace.evidence, trace.search
    key = evidence[0].key if evidence else ""
    read = getattr(evidence[0], "answer", "") if evidence else ""  # where the plan has a reader
    return Answer(
        **_said(mode, answered.reply, trace),
        known=known,
        in_evidence=known.answered_by("\n".join(piece.text for piece in evidence)),
        first=bool(evidence) and known.answered_by(evidence[0].text),
        leads=known.answered_by(key) if key else None,
        read=known.answered_by(read) if read else None,
        found=known.answered_by("\n".join(piece.passage.text for piece in _best(trace))),
        confidence=search.confidence if search else None,
        weak=trace.weak,
    )


def talk_reply_of(turn: TalkTurn, number: int, mode: str, answered: Answered) -> TalkReply:
    """What is kept of a turn of a conversation."""
    return TalkReply(**_said(mode, answered.reply, answered.trace), turn=turn, number=number)


def _best(trace: Trace) -> list[Evidence]:
    pieces = [*trace.evidence, *(trace.search.dropped if trace.search else ())]
    return sorted(pieces, key=lambda piece: -piece.score)[:BEST]


def _said(mode: str, reply: str, trace: Trace) -> dict[str, Any]:
    return {
        "mode": mode,
        "reply": reply,
        "verdict": trace.check.verdict if trace.check else "",
        "evidence": tuple(
            Piece(
                work=piece.passage.work,
                kind=piece.passage.kind,
                place=piece.passage.place,
                score=piece.score,
                text=piece.text if piece.passage.kind == CASEBOOK else "",
            )
            for piece in trace.evidence
        ),
        "search_ms": trace.timings.retrieval_ms if trace.search else 0.0,
        "first_token_ms": trace.timings.first_token_ms,
        "total_ms": trace.timings.total_ms,
    }
