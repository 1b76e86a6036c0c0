"""A prompt within a token budget: persona, summary, examples, the last exchange, the new turn with its evidence.

Little of the history reaches the model, because a small one repeats what stands there: the last exchange, without its
notes, and where it is wanted a summary of those before. What the visitor told stands before the new turn where it bears
on it. The prompt's beginning, the persona's instruction, never changes, and a summary behind it only grows until a new
one is made, so that the key/value cache holds for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from chatbot.errors import MessageError
from personas import Persona, Prompts

if TYPE_CHECKING:
    from chatbot.library.search import Evidence

Role = Literal["system", "user", "assistant"]
Origin = Literal["persona", "example", "history", "recollection", "evidence", "reasoning", "question"]
CountTokens = Callable[[str], int]

# What ChatML adds to a message: <|im_start|>role\n ... <|im_end|>\n, counted generously.
MESSAGE_OVERHEAD = 6

KEPT = 1  # exchanges of the history


@dataclass(frozen=True)
class Message:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True)
class Piece:
    """A part of a message, and where it comes from.

    Attributes:
        origin: the persona's standing words, an example, what was said before, what the visitor told, a note or the
            answer that was read in it, the model's own reasoning, or the question.
        text: as it stands in the message; the pieces of a message follow upon one another without anything between.
        tokens: how many it has by itself.
    """

    origin: Origin
    text: str
    tokens: int = 0


@dataclass(frozen=True)
class Exchange:
    """One earlier exchange, or an example: what the user wrote, and what was answered."""

    question: str
    reply: str


@dataclass(frozen=True)
class Prompt:
    """What goes to the engine.

    Attributes:
        messages: the whole of it.
        evidence: the pieces it holds.
        left_out: what had to be left out of it, in words.
        turn: the new turn, where it is more than the last message: a message that asked several things was answered
            in several prompts, whose messages stand one after another.
        pieces: of each message.
        earlier: the exchanges before the last one, of which a prompt has none.
    """

    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...] = ()
    left_out: tuple[str, ...] = ()
    turn: str = ""
    pieces: tuple[tuple[Piece, ...], ...] = ()
    earlier: int = 0

    @property
    def sent(self) -> str:
        """The new turn as the model reads it."""
        return self.turn or self.messages[-1].content


def render_turn(question: str, notes: Sequence[tuple[str, str]], prompts: Prompts, answer: str = "") -> str:
    """The user turn as the model reads it. Without notes it is the question alone.

    Args:
        question: the user's message.
        notes: (work, text) of each piece of evidence, the one that answers first.
        prompts: the persona's standing instructions.
        answer: the short answer that was read in the notes; empty where none was.
    """
    return _joined(turn_pieces(question, notes, prompts, answer))


def turn_pieces(
    question: str, notes: Sequence[tuple[str, str]], prompts: Prompts, answer: str = "", reasoning: str = ""
) -> tuple[Piece, ...]:
    """The same in pieces, with what was reasoned over the notes below them."""
    asked = Piece("question", question)
    if not notes:
        return (asked,)
    listed = (Piece("evidence", f"[{number}] {work}: {text}\n") for number, (work, text) in enumerate(notes, 1))
    marked = (Piece("evidence", f"\n{prompts.answer} {answer}"),) if answer else ()
    above = Piece("persona", f"{prompts.grounded}\n{prompts.notes}\n")
    thought = (Piece("reasoning", f"{prompts.reasoned} {reasoning}\n"),) if reasoning else ()
    return above, *listed, *thought, Piece("persona", f"{prompts.question} "), asked, *marked


def _joined(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def build_prompt(
    persona: Persona,
    question: str,
    evidence: Sequence[Evidence],
    history: Sequence[Exchange],
    *,
    examples: Sequence[Exchange],
    count: CountTokens,
    budget: int,
    told: Sequence[str] = (),
    summary: str = "",
    reasoning: str = "",
) -> Prompt:
    """Fit a turn into `budget` tokens.

    The instruction and the question always stay. When it gets tight, the summary goes first, then the examples, the
    last of them before the others, then the last exchange, then what the visitor told, then the reasoning, then the
    weakest pieces of evidence.

    Args:
        persona: whose instruction opens the prompt.
        question: the user's message.
        evidence: in the order in which the model shall read it.
        history: earlier exchanges, the oldest first.
        examples: exchanges that show how the persona speaks.
        count: counts the tokens of a text.
        budget: tokens of the prompt, the reply not counted.
        told: what the visitor told of himself that bears on the question, in his own words.
        summary: of what was said before the last exchange.
        reasoning: over the evidence, to be read below it.

    Raises:
        MessageError: the question alone does not fit.
    """

    def size(*texts: str) -> int:
        return sum(count(text) + MESSAGE_OVERHEAD for text in texts)

    fixed = size(persona.instruction()) + MESSAGE_OVERHEAD
    bare = size(question)
    if fixed + bare > budget:
        raise MessageError(
            f"This message has {bare} tokens; {max(budget - fixed, 0)} fit into the model's window here. "
            "Shorten it, or raise BAKERSTREET_CONTEXT_TOKENS."
        )
    left_out: list[str] = []
    kept = list(evidence)
    while kept and fixed + size(_joined(_turn(question, kept, persona.prompts))) > budget:
        weakest = min(reversed(kept), key=lambda piece: piece.score)
        kept.remove(weakest)
        left_out.insert(0, f"evidence: {weakest.passage.work}: {weakest.text}")
    sent = _turn(question, kept, persona.prompts)
    if reasoning:
        with_reasoning = _turn(question, kept, persona.prompts, reasoning)
        if fixed + size(_joined(with_reasoning)) <= budget:
            sent = with_reasoning
        else:
            left_out.append("the reasoning")
    if told:
        quoted = " ".join(f'"{sentence}"' for sentence in told)
        with_told = (Piece("recollection", f"{persona.prompts.told} {quoted}\n\n"), *sent)
        if fixed + size(_joined(with_told)) <= budget:
            sent = with_told
        else:
            left_out.append("what the visitor told")
    room = budget - fixed - size(_joined(sent))
    recent = _fitting(history[-KEPT:], size, room)
    room -= sum(size(exchange.question, exchange.reply) for exchange in recent)
    shown = _fitting(examples, size, room)
    if len(recent) < len(history[-KEPT:]):
        left_out.append("history: the last exchange")
    if len(shown) < len(examples):
        left_out.append("examples")
    opening = [Piece("persona", persona.instruction())]
    if summary:
        room -= sum(size(example.question, example.reply) for example in shown)
        told_before = f"\n\n{persona.prompts.before}\n{summary}"
        if count(told_before) <= room:
            opening.append(Piece("history", told_before))
        else:
            left_out.append("the summary")
    parts: list[tuple[Role, Sequence[Piece]]] = [("system", opening)]
    origins: list[tuple[Origin, list[Exchange]]] = [("example", shown), ("history", recent)]
    for origin, exchanges in origins:
        for exchange in exchanges:
            parts += [
                ("user", [Piece(origin, exchange.question)]),
                ("assistant", [Piece(origin, exchange.reply)]),
            ]
    parts.append(("user", sent))
    return Prompt(
        messages=tuple(Message(role, _joined(pieces)) for role, pieces in parts),
        evidence=tuple(kept),
        left_out=tuple(left_out),
        pieces=tuple(tuple(replace(piece, tokens=count(piece.text)) for piece in pieces) for _, pieces in parts),
        earlier=max(len(history) - KEPT, 0),
    )


def _fitting(exchanges: Sequence[Exchange], size: Callable[..., int], room: int) -> list[Exchange]:
    """The first of the exchanges, as many as there is room for."""
    kept: list[Exchange] = []
    for exchange in exchanges:
        room -= size(exchange.question, exchange.reply)
        if room < 0:
            break
        kept.append(exchange)
    return kept


def _turn(question: str, evidence: Sequence[Evidence], prompts: Prompts, reasoning: str = "") -> tuple[Piece, ...]:
    notes = [(piece.passage.work, piece.text.replace("\n", " ")) for piece in evidence]
    lead = evidence[0] if evidence else None
    return turn_pieces(question, notes, prompts, lead.said if lead else "", reasoning)
