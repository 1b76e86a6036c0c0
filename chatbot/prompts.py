"""A prompt within a token budget: persona, history, the new turn with its evidence.

The order is the order of how seldom a part changes, so that the key/value cache of the last turn holds for all but
the end of the next prompt: the persona's instruction, the history *as it was sent*, the new turn. Evidence stays in
the user turn that it was fetched for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.errors import MessageError
from personas import Persona, Prompts

Role = Literal["system", "user", "assistant"]
CountTokens = Callable[[str], int]

# What ChatML adds to a message: <|im_start|>role\n ... <|im_end|>\n, counted generously.
MESSAGE_OVERHEAD = 6


@dataclass(frozen=True)
class Message:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True)
class Note:
    """One piece of evidence as the model reads it: the work it comes from, and a few sentences."""

    work: str
    text: str


@dataclass(frozen=True)
class Exchange:
    """One earlier exchange: the user's message as it was sent (with its evidence) and the reply."""

    sent: str
    reply: str


@dataclass(frozen=True)
class Prompt:
    """What goes to the engine, and what had to be left out of it."""

    messages: tuple[Message, ...]
    sent: str
    left_out: tuple[str, ...]


def render_turn(question: str, notes: Sequence[Note], prompts: Prompts) -> str:
    """The user turn as the model reads it. Without notes it is the question alone."""
    if not notes:
        return question
    listed = "\n".join(f"[{number}] {note.work}: {note.text}" for number, note in enumerate(notes, 1))
    return f"{prompts.grounded}\n{prompts.notes}\n{listed}\n{prompts.question} {question}"


def build_prompt(
    persona: Persona,
    question: str,
    notes: Sequence[Note],
    history: Sequence[Exchange],
    *,
    examples: bool,
    count: CountTokens,
    budget: int,
) -> Prompt:
    """Fit a turn into `budget` tokens.

    The instruction and the question always stay. When it gets tight, notes go first from the end (the best stand
    first), then the oldest half of the history, again and again: half at a time, because every cut moves the
    prompt's beginning and costs the cache.

    Args:
        persona: whose instruction opens the prompt.
        question: the user's message.
        notes: the evidence, the best first.
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
    fixed += sum(size(exchange.sent) + size(exchange.reply) for exchange in shown)
    bare = size(question)
    if fixed + bare > budget:
        raise MessageError(
            f"This message has {bare} tokens; {max(budget - fixed, 0)} fit into the model's window here. "
            "Shorten it, or raise BAKERSTREET_CONTEXT_TOKENS."
        )
    left_out: list[str] = []
    kept_notes = list(notes)
    while kept_notes and fixed + size(render_turn(question, kept_notes, persona.prompts)) > budget:
        dropped = kept_notes.pop()
        left_out.insert(0, f"note: {dropped.work}: {dropped.text}")
    sent = render_turn(question, kept_notes, persona.prompts)
    sizes = [size(exchange.sent) + size(exchange.reply) for exchange in history]
    first = 0
    while first < len(history) and fixed + size(sent) + sum(sizes[first:]) > budget:
        first += max(1, (len(history) - first + 1) // 2)
    if first:
        left_out.append(f"history: the first {first} of {len(history)} exchanges")
    messages = [Message("system", persona.instruction())]
    for exchange in [*shown, *history[first:]]:
        messages += [Message("user", exchange.sent), Message("assistant", exchange.reply)]
    return Prompt((*messages, Message("user", sent)), sent, tuple(left_out))
