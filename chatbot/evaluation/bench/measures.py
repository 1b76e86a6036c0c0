"""What is measured of one engine, one repetition at a time. It runs in the engine's own process.

Every measure answers with samples by name; several of a name are as many values of the same thing. Times are in
milliseconds as the engine states them in its `Completion`, rates in tokens a second. Names that end in `_tokens` are
counts, kept so that a reader of the raw figures sees what was asked and how long the replies came out.
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
Count = Callable[[str], int]

# What ChatML adds to a prompt of a system and a user message: twice <|im_start|>role\n...<|im_end|>\n, and the opening
# of the assistant's turn.
_FRAME_TOKENS = 14
_NUMBER_TOKENS = 7  # the number that every prompt opens with, its digits and its full stop
_LONGER = " Go on with this story at length."  # a reply that ends early says little about the rate
_TRIES = 3


@dataclass(frozen=True)
class Plan:
    """What is measured, how often, and with which sizes (in tokens).

    Attributes:
        repetitions: how often everything is measured.
        measures: the names of the measures, in their order; those of `MEASURES`.
        start_ups: whether every contender is also started anew in each repetition.
        first_token: sizes of the prompts that are read afresh.
        decode_prompt: the prompt of the reply whose rate is taken; `decode_reply`: its length.
        turn: the prompt of a conversation's turn, `turn_reply` its reply, `follow_up` what the next turn adds.
        short: the prompt with which the voice is switched.
        users: how many ask at once; each has a prompt of `user_prompt` and gets a reply of `user_reply`.
        shared: the beginning that the compared modes share; `evidence` follows it where a mode has notes, `question`
            where it has none; `mode_reply`: the length of each reply.
    """

    repetitions: int = 5
    measures: tuple[str, ...] = ("first token", "decode", "turn", "switch", "users", "modes")
    start_ups: bool = True
    first_token: tuple[int, ...] = (64, 256, 750, 1500)
    decode_prompt: int = 256
    decode_reply: int = 128
    turn: int = 750
    turn_reply: int = 48
    follow_up: int = 60
    short: int = 64
    users: tuple[int, ...] = (1, 2, 4, 8)
    user_prompt: int = 256
    user_reply: int = 64
    shared: int = 400
    evidence: int = 250
    question: int = 40
    mode_reply: int = 32

    @property
    def longest(self) -> int:
        """The tokens of the longest prompt with its reply."""
        return max(
            *self.first_token,
            self.decode_prompt + self.decode_reply,
            self.turn + self.turn_reply + self.follow_up,
            self.user_prompt + self.user_reply,
            self.shared + max(self.evidence, self.question) + self.mode_reply,
        )


class Prose:
    """Prose of any length from the words of a source: every two words are followed as they are somewhere in it.

    A label gives the same text everywhere, another label another one from its first word on.
    """

    def __init__(self, source: str) -> None:
        words = source.split()
        self._followers: dict[tuple[str, str], list[str]] = {}
        for one, two, three in zip(words, words[1:], words[2:], strict=False):
            self._followers.setdefault((one, two), []).append(three)
        begun = [pair for before, *pair in zip(words, words[1:], words[2:], strict=False) if before.endswith(".")]
        self._openings = begun or [words[:2] or ["Well."]]

    def text(self, label: str, tokens: int, count: Count) -> str:
        """At most `tokens` tokens, and as near to it as whole words come."""
        chance = random.Random(label)
        words: list[str] = []
        while count(" ".join(words)) < tokens:
            for _ in range(max(tokens // 2, 1)):
                following = self._followers.get((words[-2], words[-1])) if len(words) > 1 else None
                words += [chance.choice(following)] if following else chance.choice(self._openings)
        low, high = 0, len(words) + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if count(" ".join(words[:middle])) <= tokens else (low, middle)
        return " ".join(words[:low])


@dataclass
class Bench:
    """An engine on the bench, and what is asked of it."""

    engine: Engine
    prose: Prose
    voice: Path | None
    plan: Plan = field(default_factory=Plan)

    @property
    def voices(self) -> list[Path | None]:
        """The base, and the voice where there is one."""
        return [None, self.voice] if self.voice else [None]

    def opening(self, label: str, tokens: int) -> tuple[Message, Message]:
        """A system and a user message that no other label's prompt begins like; `tokens` in all, with the frame."""
        number = f"{random.Random(label).randrange(10**6):06d}."
        user = tokens - _FRAME_TOKENS - _NUMBER_TOKENS - self.engine.count(_LONGER)
        text = self.prose.text(label, max(user, 1), self.engine.count)
        return Message("system", number), Message("user", text + _LONGER)

    def submit(self, messages: Sequence[Message], voice: Path | None = None, reply: int = 1) -> Generation:
        """Ask for a greedy reply of `reply` tokens."""
        return self.engine.submit(Request(tuple(messages), voice, Sampling(max_new_tokens=reply, presence_penalty=0.0)))

    def ask(self, messages: Sequence[Message], voice: Path | None = None, reply: int = 1) -> Completion:
        """Ask, and wait for the end."""
        return self.submit(messages, voice, reply).completion


def first_token(bench: Bench, label: str) -> Samples:
    """The wait for the first token of prompts that were never seen before."""
    samples: Samples = {}
    for tokens in bench.plan.first_token:
        done = bench.ask(bench.opening(f"{label} first {tokens}", tokens))
        samples[f"first_token.{tokens}"] = [done.first_token_ms]
        samples[f"first_token.{tokens}.prompt_tokens"] = [done.prompt_tokens]
        samples[f"first_token.{tokens}.cached_tokens"] = [done.cached_tokens]
    return samples


def decode(bench: Bench, label: str) -> Samples:
    """How fast a reply is written, with the voice off and on."""
    samples: Samples = {}
    plan = bench.plan
    for voice in bench.voices:
        name = "decode.voice" if voice else "decode.base"
        done: Completion | None = None
        for attempt in range(_TRIES):
            asked = bench.opening(f"{label} decode {attempt}", plan.decode_prompt)
            again = bench.ask(asked, voice, plan.decode_reply)
            if done is None or again.reply_tokens > done.reply_tokens:
                done = again
            if done.reply_tokens >= plan.decode_reply // 4:
                break
        assert done is not None
        samples[f"{name}.reply_tokens"] = [done.reply_tokens]
        if (rate := rate_of(done)) is not None:
            samples[name] = [rate]
    return samples


def rate_of(done: Completion) -> float | None:
    """Tokens a second from the first token to the end; None for a reply with no token after its first."""
    # A reply that stopped of itself has also written the token that says so.
    written = done.reply_tokens - (0 if done.finish == "stop" else 1)
    span = done.total_ms - done.first_token_ms
    return written / span * 1000 if written > 0 and span > 0 else None


def turn(bench: Bench, label: str) -> Samples:
    """The next turn of a conversation and a turn asked again, against prompts of their length read afresh."""
    plan = bench.plan
    first = bench.opening(f"{label} turn", plan.turn)
    opened = bench.ask(first, reply=plan.turn_reply)
    more = bench.prose.text(f"{label} follow-up", plan.follow_up, bench.engine.count)
    followed = bench.ask((*first, Message("assistant", opened.text or "Indeed."), Message("user", more)))
    retried = bench.ask(first)
    fresh = bench.ask(bench.opening(f"{label} fresh", followed.prompt_tokens))
    return {
        "turn.first": [opened.first_token_ms],
        "turn.first.prompt_tokens": [opened.prompt_tokens],
        "turn.follow_up": [followed.first_token_ms],
        "turn.follow_up.prompt_tokens": [followed.prompt_tokens],
        "turn.follow_up.cached_tokens": [followed.cached_tokens],
        "turn.fresh": [fresh.first_token_ms],
        "turn.fresh.prompt_tokens": [fresh.prompt_tokens],
        "turn.fresh.cached_tokens": [fresh.cached_tokens],
        "turn.retry": [retried.first_token_ms],
        "turn.retry.cached_tokens": [retried.cached_tokens],
    }


def switch(bench: Bench, label: str) -> Samples:
    """What it costs to change the voice between two turns; both know the prompt already."""
    if bench.voice is None:
        return {}
    prompt = bench.opening(f"{label} switch", bench.plan.short)
    for voice in bench.voices:
        bench.ask(prompt, voice)
    after, same = [], []
    for _ in range(_TRIES):
        for voice in bench.voices:
            after.append(bench.ask(prompt, voice).first_token_ms)
            same.append(bench.ask(prompt, voice).first_token_ms)
    return {"switch.after": after, "switch.same": same, "switch.cost": [median(after) - median(same)]}


def users(bench: Bench, label: str) -> Samples:
    """Several who ask at once: what all get together, and how long each waits for a first token."""
    samples: Samples = {}
    plan = bench.plan
    for number in plan.users:
        asked = [bench.opening(f"{label} users {number} {one}", plan.user_prompt) for one in range(number)]
        done, span = _together(bench, [(messages, None) for messages in asked], plan.user_reply)
        written = sum(one.reply_tokens for one in done)
        samples[f"users.{number}.rate"] = [written / span * 1000]
        samples[f"users.{number}.first_token"] = [one.first_token_ms for one in done]
        samples[f"users.{number}.reply_tokens"] = [one.reply_tokens for one in done]
    return samples


def modes(bench: Bench, label: str) -> Samples:
    """One question in three modes: together, one after the other, and in the slowest mode alone.

    The modes' prompts begin alike, as the persona's instruction and the history do, and that is cached already; what
    follows is the question with its notes for the base and for the voice, and the bare question for the voice.
    """
    if bench.voice is None:
        return {}
    plan = bench.plan
    system, user = bench.opening(f"{label} modes", plan.shared)
    for voice in bench.voices:
        bench.ask((system, user), voice)

    def asked(arrangement: str) -> list[tuple[tuple[Message, ...], Path | None]]:
        """New tails every time, for a prompt that was read once is cached."""
        notes, bare = (
            bench.prose.text(f"{label} {arrangement} {size}", size, bench.engine.count)
            for size in (plan.evidence, plan.question)
        )
        return [
            ((system, Message("user", f"{user.content} {tail}{_LONGER}")), voice)
            for tail, voice in ((notes, bench.voice), (notes, None), (bare, bench.voice))
        ]

    alone, alone_ms = _together(bench, asked("alone")[:1], plan.mode_reply)
    in_turn, in_turn_ms = [], 0.0
    for request in asked("in turn"):
        done, span = _together(bench, [request], plan.mode_reply)
        in_turn += done
        in_turn_ms += span
    together, together_ms = _together(bench, asked("together"), plan.mode_reply)
    samples: Samples = {"modes.alone": [alone_ms], "modes.in_turn": [in_turn_ms], "modes.together": [together_ms]}
    for name, finished in (("alone", alone), ("in_turn", in_turn), ("together", together)):
        samples[f"modes.{name}.prompt_tokens"] = [one.prompt_tokens for one in finished]
        samples[f"modes.{name}.cached_tokens"] = [one.cached_tokens for one in finished]
        samples[f"modes.{name}.reply_tokens"] = [one.reply_tokens for one in finished]
    return samples


def _together(
    bench: Bench, asked: Sequence[tuple[Sequence[Message], Path | None]], reply: int
) -> tuple[list[Completion], float]:
    """Submit all at once; what came, and the milliseconds from the first submission to the last end."""
    under_way = [bench.submit(messages, voice, reply) for messages, voice in asked]
    done = [generation.completion for generation in under_way]
    ends = [one.submitted + end.total_ms / 1000 for one, end in zip(under_way, done, strict=True)]
    return done, (max(ends) - under_way[0].submitted) * 1000


MEASURES: dict[str, Callable[[Bench, str], Samples]] = {
    "first token": first_token,
    "decode": decode,
    "turn": turn,
    "switch": switch,
    "users": users,
    "modes": modes,
}


def warm_up(bench: Bench) -> None:
    """Let everything that a process does only once be done before anything is measured."""
    for voice in bench.voices:
        bench.ask(bench.opening("warm up", bench.plan.short), voice, 8)
