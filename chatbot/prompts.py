"""A prompt within a token budget: persona, history, the new turn with its evidence.

The order is the order of how seldom a part changes, so that the key/value cache of the last turn holds for all but
the end of the next prompt: the persona's instruction, the history *as it was sent*, the new turn. Evidence stays in
the user turn that it was fetched for.

History that is too long is cut seldom and deeply. Where it is cut follows from the history alone, so that the next
prompts begin alike; and what is left then is so short that even the prompt after a cut is read in little more time than
any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from chatbot.errors import MessageError
from personas import Persona, Prompts

if TYPE_CHECKING:
    from chatbot.library.search import Evidence

Role = Literal["system", "user", "assistant"]
CountTokens = Callable[[str], int]

# What ChatML adds to a message: <|im_start|>role\n ... <|im_end|>\n, counted generously.
MESSAGE_OVERHEAD = 6

KEPT = 1  # exchanges before a cut that stay, without their evidence
STRIDE = 64  # exchanges after which the history is cut in any case, so that no more of them have to be counted


@dataclass(frozen=True)
class Message:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True)
class Exchange:
    """One earlier exchange.

    Attributes:
        question: what the user asked.
        reply: what was answered.
        sent: the user's message as the model was sent it, with its evidence; empty: the question alone.
    """

    question: str
    reply: str
    sent: str = ""

    @property
    def message(self) -> str:
        """The user's message as the next prompt has it."""
        return self.sent or self.question


@dataclass(frozen=True)
class Prompt:
    """What goes to the engine.

    Attributes:
        messages: the whole of it.
        evidence: the pieces it holds.
        left_out: what had to be left out of it, in words.
        turn: the new turn, where it is more than the last message: a message that asked several things was answered
            in several prompts, whose messages stand one after another.
    """

    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...] = ()
    left_out: tuple[str, ...] = ()
    turn: str = ""

    @property
    def sent(self) -> str:
        """The new turn as the model reads it."""
        return self.turn or self.messages[-1].content


def render_turn(question: str, notes: Sequence[tuple[str, str]], prompts: Prompts) -> str:
    """The user turn as the model reads it. Without notes it is the question alone.

    Args:
        question: the user's message.
        notes: (work, text) of each piece of evidence.
        prompts: the persona's standing instructions.
    """
    if not notes:
        return question
    listed = "\n".join(f"[{number}] {work}: {text}" for number, (work, text) in enumerate(notes, 1))
    return f"{prompts.grounded}\n{prompts.notes}\n{listed}\n{prompts.question} {question}"


def build_prompt(
    persona: Persona,
    question: str,
    evidence: Sequence[Evidence],
    history: Sequence[Exchange],
    *,
    examples: bool,
    count: CountTokens,
    budget: int,
) -> Prompt:
    """Fit a turn into `budget` tokens.

    The instruction and the question always stay. When it gets tight, the weakest pieces of evidence go first, then the
    oldest exchanges.

    Args:
        persona: whose instruction opens the prompt.
        question: the user's message.
        evidence: in the order in which the model shall read it.
        history: earlier exchanges, the oldest first.
        examples: whether the persona's example exchanges come before the history.
        count: counts the tokens of a text.
        budget: tokens of the prompt, the reply not counted.

    Raises:
        MessageError: the question alone does not fit.
    """
    shown = [Exchange(example.user, example.assistant) for example in persona.examples] if examples else []

    def size(text: str) -> int:
        return count(text) + MESSAGE_OVERHEAD

    fixed = size(persona.instruction()) + MESSAGE_OVERHEAD
    fixed += sum(size(exchange.message) + size(exchange.reply) for exchange in shown)
    bare = size(question)
    if fixed + bare > budget:
        raise MessageError(
            f"This message has {bare} tokens; {max(budget - fixed, 0)} fit into the model's window here. "
            "Shorten it, or raise BAKERSTREET_CONTEXT_TOKENS."
        )
    left_out: list[str] = []
    kept = list(evidence)
    while kept and fixed + size(_rendered(question, kept, persona.prompts)) > budget:
        weakest = min(reversed(kept), key=lambda piece: piece.score)
        kept.remove(weakest)
        left_out.insert(0, f"evidence: {weakest.passage.work}: {weakest.text}")
    sent = _rendered(question, kept, persona.prompts)
    recent = _recent(history, size, budget - fixed)
    while recent and fixed + size(sent) + sum(size(each.message) + size(each.reply) for each in recent) > budget:
        recent = recent[1:]
    if first := len(history) - len(recent):
        left_out.append(f"history: the first {first} of {len(history)} exchanges")
    messages = [Message("system", persona.instruction())]
    for exchange in [*shown, *recent]:
        messages += [Message("user", exchange.message), Message("assistant", exchange.reply)]
    return Prompt((*messages, Message("user", sent)), tuple(kept), tuple(left_out))


def _recent(history: Sequence[Exchange], size: CountTokens, room: int) -> list[Exchange]:
    """The end of the history that later prompts begin with too.

    Whenever it leaves no room for a turn like the largest so far, it is cut: of what came before, only the last
    exchange stays, without its evidence.
    """

    def cut(end: int) -> tuple[list[Exchange], int]:
        kept = [replace(exchange, sent="") for exchange in history[max(0, end - KEPT) : end]]
        return kept, sum(size(exchange.message) + size(exchange.reply) for exchange in kept)

    start = len(history) - len(history) % STRIDE
    recent, used = cut(start)
    largest = 0
    for end, exchange in enumerate(history[start:], start + 1):
        message = size(exchange.message)
        recent.append(exchange)
        used, largest = used + message + size(exchange.reply), max(largest, message)
        if used + largest > room:
            recent, used = cut(end)
    return recent


def _rendered(question: str, evidence: Sequence[Evidence], prompts: Prompts) -> str:
    return render_turn(question, [(piece.passage.work, piece.text.replace("\n", " ")) for piece in evidence], prompts)
