"""What is measured of one engine, one repetition at a time, in the engine's own process.

Every measure returns samples by name; several values of a name are samples of the same thing. Times are in
milliseconds as the engine states them in its `Completion`, rates in tokens per second.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from chatbot.engines import Completion, Engine, Generation, Request, Sampling
from chatbot.prompts import Message

Samples = dict[str, list[float]]

# What ChatML adds to a prompt of a system and a user message, and the number that every prompt begins with.
_FRAME_TOKENS = 21
_LONGER = " Go on with this story at length."  # a reply that ends early says little about the rate
_TRIES = 3


@dataclass(frozen=True)
class Plan:
    """What is measured, how often, and with which sizes (in tokens).

    Attributes:
        repetitions: how often everything is measured.
        measures: the names of the measures, in their order; those of `MEASURES`.
        start_ups: whether every engine is also started anew in each repetition.
        first_token: prompts that were never seen before.
        prompt, reply: of a reply whose rate is measured, alone or among several.
        turn: the prompt of a conversation's turn; `follow_up`: what the next turn adds to it.
        users: how many ask at once.
        shared: what the prompts of the compared modes have in common; `notes`: what follows where a mode has notes;
            `question`: what follows where it has none.
    """

    repetitions: int = 5
    measures: tuple[str, ...] = ("first token", "writing", "turn", "switch", "users", "modes")
    start_ups: bool = True
    first_token: tuple[int, ...] = (64, 256, 750, 1500)
    prompt: int = 256
    reply: int = 64
    turn: int = 750
    follow_up: int = 60
    users: tuple[int, ...] = (1, 2, 4, 8)
    shared: int = 400
    notes: int = 250
    question: int = 40


@dataclass
class Bench:
    """An engine on the bench, and what is asked of it.

    Args:
        engine: is asked.
        source: prompts are made of its sentences.
        voice: an adapter's folder; None: nothing is measured with a voice.
        plan: sizes and measures.
    """

    engine: Engine
    source: str
    voice: Path | None
    plan: Plan = field(default_factory=Plan)

    @property
    def voices(self) -> list[Path | None]:
        """The base, and the voice where there is one."""
        return [None, self.voice] if self.voice else [None]

    def text(self, label: str, tokens: int) -> str:
        """Sentences of the source, at most `tokens` tokens; the same for the same label."""
        chance, sentences, words = random.Random(label), self.source.split(". "), [""]
        while self.engine.count(" ".join(words)) <= tokens:
            words += f"{chance.choice(sentences)}.".split()
        while self.engine.count(" ".join(words)) > tokens:
            words.pop()
        return " ".join(words).strip()

    def prompt(self, label: str, tokens: int) -> tuple[Message, Message]:
        """A system and a user message of about `tokens` tokens, which no other label's prompt begins like."""
        number = f"{random.Random(label).randrange(10**6):06d}."
        room = max(tokens - _FRAME_TOKENS - self.engine.count(_LONGER), 1)
        return Message("system", number), Message("user", self.text(label, room) + _LONGER)

    def submit(self, messages: Sequence[Message], voice: Path | None = None, reply: int = 1) -> Generation:
        """Ask for a greedy reply of `reply` tokens."""
        return self.engine.submit(Request(tuple(messages), voice, Sampling(max_new_tokens=reply, presence_penalty=0.0)))

    def ask(self, messages: Sequence[Message], voice: Path | None = None, reply: int = 1) -> Completion:
        """Ask, and wait for the end."""
        return self.submit(messages, voice, reply).completion

    def together(self, asked: Sequence[tuple[Sequence[Message], Path | None]]) -> tuple[list[Completion], float]:
        """Ask several at once; what came, and the milliseconds from the first submission to the last end."""
        under_way = [self.submit(messages, voice, self.plan.reply) for messages, voice in asked]
        done = [generation.completion for generation in under_way]
        ends = [one.submitted + end.total_ms / 1000 for one, end in zip(under_way, done, strict=True)]
        return done, (max(ends) - under_way[0].submitted) * 1000


def first_token(bench: Bench, label: str) -> Samples:
    """The wait for the first token of prompts that were never seen before."""
    return {
        f"first_token.{tokens}": [bench.ask(bench.prompt(f"{label} first {tokens}", tokens)).first_token_ms]
        for tokens in bench.plan.first_token
    }


def writing(bench: Bench, label: str) -> Samples:
    """How fast a reply is written, with the voice off and on."""
    samples: Samples = {}
    for voice in bench.voices:
        for attempt in range(_TRIES):
            done = bench.ask(bench.prompt(f"{label} writing {attempt}", bench.plan.prompt), voice, bench.plan.reply)
            if done.reply_tokens >= bench.plan.reply // 4:
                break
        if (rate := rate_of(done)) is not None:
            samples["writing.voice" if voice else "writing.base"] = [rate]
    return samples


def rate_of(done: Completion) -> float | None:
    """Tokens per second from the first token to the end; None for a reply with no token after its first."""
    # A reply that stopped of itself has also written the token that says so.
    written = done.reply_tokens - (0 if done.finish == "stop" else 1)
    span = done.total_ms - done.first_token_ms
    return written / span * 1000 if written > 0 and span > 0 else None


def turn(bench: Bench, label: str) -> Samples:
    """The first token of a turn, of the same turn again, and of the next turn of the conversation."""
    first = bench.prompt(f"{label} turn", bench.plan.turn)
    opened = bench.ask(first, reply=bench.plan.reply)
    more = bench.text(f"{label} follow-up", bench.plan.follow_up)
    followed = bench.ask((*first, Message("assistant", opened.text or "Indeed."), Message("user", more)))
    return {
        "turn.first": [opened.first_token_ms],
        "turn.next": [followed.first_token_ms],
        "turn.retry": [bench.ask(first).first_token_ms],
    }


def switch(bench: Bench, label: str) -> Samples:
    """What changing the voice between two turns adds to the first token; both have read the prompt before."""
    if bench.voice is None:
        return {}
    prompt = bench.prompt(f"{label} switch", bench.plan.prompt)
    for voice in bench.voices:
        bench.ask(prompt, voice)
    after, same = [], []
    for voice in bench.voices * _TRIES:
        after.append(bench.ask(prompt, voice).first_token_ms)
        same.append(bench.ask(prompt, voice).first_token_ms)
    return {"switch.cost": [median(after) - median(same)]}


def users(bench: Bench, label: str) -> Samples:
    """Several who ask at once: what all get together, and how long each waits for a first token."""
    samples: Samples = {}
    for number in bench.plan.users:
        asked = [bench.prompt(f"{label} users {number} {one}", bench.plan.prompt) for one in range(number)]
        done, span = bench.together([(messages, None) for messages in asked])
        samples[f"users.{number}.rate"] = [sum(one.reply_tokens for one in done) / span * 1000]
        samples[f"users.{number}.first_token"] = [one.first_token_ms for one in done]
    return samples


def modes(bench: Bench, label: str) -> Samples:
    """One question in three modes at once, against the slowest of them alone.

    The modes' prompts begin alike, as the persona's instruction and the history do, and that is cached already; what
    follows is the question with its notes for the base and for the voice, and the bare question for the voice.
    """
    if bench.voice is None:
        return {}
    system, user = bench.prompt(f"{label} modes", bench.plan.shared)
    for voice in bench.voices:
        bench.ask((system, user), voice)

    def asked(arrangement: str) -> list[tuple[tuple[Message, ...], Path | None]]:
        """New text every time, for a prompt that was read once is cached."""
        notes = bench.text(f"{label} {arrangement} notes", bench.plan.notes)
        bare = bench.text(f"{label} {arrangement} question", bench.plan.question)
        return [
            ((system, Message("user", f"{user.content} {tail}{_LONGER}")), voice)
            for tail, voice in ((notes, bench.voice), (notes, None), (bare, bench.voice))
        ]

    return {
        "modes.alone": [bench.together(asked("alone")[:1])[1]],
        "modes.together": [bench.together(asked("together"))[1]],
    }


MEASURES: dict[str, Callable[[Bench, str], Samples]] = {
    "first token": first_token,
    "writing": writing,
    "turn": turn,
    "switch": switch,
    "users": users,
    "modes": modes,
}
