"""What is kept of a reply: to a question with a known answer, or to a message of a conversation."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict

from chatbot.bot import Answered
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.talk import TalkTurn
from chatbot.judges import SupportJudge
from chatbot.language import comparable
from chatbot.library.search import Evidence
from chatbot.library.texts import CASEBOOK
from chatbot.trace import Trace

BEST = 4  # pieces of a search that count as found, in the order of their scores


def stamp(text: str) -> str:
    """Eight hexadecimal digits that name a text, whatever its capitals and quotation marks."""
    return hashlib.sha1(comparable(text).encode(), usedforsecurity=False).hexdigest()[:8]


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


class Claim(Kept):
    """A sentence that may claim something.

    Attributes:
        likely: how likely the evidence of its reply is to support it, 0 to 1.
        said: it is of the reply; else of a draft of it that was not taken.
    """

    text: str
    likely: float
    said: bool = True


class Judgement(Kept):
    """A reply held against evidence by the judge of support.

    Attributes:
        claims: how many of its sentences claim something.
        unsupported: those of them that the evidence does not support.
        shown: how many pieces of evidence were shown with it.
        used: how many of these support one of the claims.
    """

    claims: int
    unsupported: tuple[str, ...] = ()
    shown: int = 0
    used: int = 0


class Reply(Kept):
    """What a mode said.

    Attributes:
        verdict: of the check of the reply against its evidence (`chatbot.trace.Check`); empty where there was none.
        claims: its sentences and those of its drafts before the support check; none where he was given no evidence, or
            the persona has no check.
        judged: by whoever asked for a judgement; None where nobody did.
        search_ms, first_token_ms, total_ms: from the message to the end of the search, the first token and the last;
            `search_ms` is 0 where nothing was searched.
    """

    mode: str
    reply: str
    verdict: str
    evidence: tuple[Piece, ...] = ()
    claims: tuple[Claim, ...] = ()
    judged: Judgement | None = None
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
    def stamp(self) -> str:
        """Of question and reply, so that what a reader thought of it is never said of another one."""
        return stamp(f"{self.known.question} {self.reply}")

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
        return stamp(self.reply)


def answer_of(known: KnownQuestion, mode: str, answered: Answered, judge: SupportJudge | None = None) -> Answer:
    """What is kept of a turn that answered a question; `judge` tells which of its sentences are supported."""
    trace = answered.trace
    evidence, search = trace.evidence, trace.search
    key = evidence[0].key if evidence else ""
    read = getattr(evidence[0], "answer", "") if evidence else ""  # where the plan has a reader
    return Answer(
        **said_of(mode, known.question, answered, judge),
        known=known,
        in_evidence=known.answered_by("\n".join(piece.text for piece in evidence)),
        first=bool(evidence) and known.answered_by(evidence[0].text),
        leads=known.answered_by(key) if key else None,
        read=known.answered_by(read) if read else None,
        found=known.answered_by("\n".join(piece.passage.text for piece in _best(trace))),
        confidence=search.confidence if search else None,
        weak=trace.weak,
    )


def talk_reply_of(
    turn: TalkTurn, number: int, mode: str, answered: Answered, judge: SupportJudge | None = None
) -> TalkReply:
    """What is kept of a turn of a conversation; `judge` as for an answer."""
    return TalkReply(**said_of(mode, turn.message, answered, judge), turn=turn, number=number)


def _best(trace: Trace) -> list[Evidence]:
    pieces = [*trace.evidence, *(trace.search.dropped if trace.search else ())]
    return sorted(pieces, key=lambda piece: -piece.score)[:BEST]


def _claims(message: str, answered: Answered, judge: SupportJudge | None) -> tuple[Claim, ...]:
    pieces = [piece.text for piece in answered.trace.evidence]
    if judge is None or not pieces:
        return ()
    said = judge.claims(answered.reply)
    drafted = [text for draft in answered.trace.drafts for text in judge.claims(draft.text)]
    every = list(dict.fromkeys([*said, *drafted]))
    likely = judge.probabilities(every, pieces, message)
    return tuple(Claim(text=text, likely=round(p, 4), said=text in said) for text, p in zip(every, likely, strict=True))


def said_of(mode: str, message: str, answered: Answered, judge: SupportJudge | None = None) -> dict[str, Any]:
    """The values of a `Reply`."""
    trace = answered.trace
    return {
        "mode": mode,
        "reply": answered.reply,
        "claims": _claims(message, answered, judge),
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
