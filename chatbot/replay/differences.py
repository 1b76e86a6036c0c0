"""What is another text than before, word by word, as a person reads it: in a terminal, in a page, or plain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import Literal

from chatbot.replay.cassette import Heard, RecordedTurn

AROUND = 8  # words that are shown before and behind a change
Change = Literal["same", "gone", "new"]
_WORD = re.compile(r"\n|[^\S\n]+|[^\s]+")
_COLOURS = {"same": "", "gone": "\033[31;9m", "new": "\033[32m"}
_OFF = "\033[0m"


@dataclass(frozen=True)
class Difference:
    """Something that is not what it was.

    Attributes:
        what: "prompt", "evidence", "reply", "verdict", "mode", "voice" or "memory".
        before, now: the two texts.
    """

    what: str
    before: str
    now: str

    def shown(self, *, colour: bool = False) -> str:
        """The whole of it for a terminal: in colours, or with signs that need none."""
        return f"{self.what}:\n" + "".join(
            _shown(change, text, colour) for change, text in changes(self.before, self.now)
        )

    def html(self) -> str:
        """The same as HTML, with `del` and `ins`."""
        tags = {"gone": "del", "new": "ins"}
        return "".join(
            f"<{tags[change]}>{escape(text)}</{tags[change]}>" if change in tags else escape(text)
            for change, text in changes(self.before, self.now, around=None)
        )


def changes(before: str, now: str, around: int | None = AROUND) -> Iterator[tuple[Change, str]]:
    """The words that stayed, went and came, in order.

    Args:
        before, now: the two texts.
        around: how many words of a longer stretch that stayed are given on either side of a change; None: all.
    """
    old, new = _WORD.findall(before), _WORD.findall(now)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (step, at, to, begin, end) in enumerate(steps):
        if step == "equal":
            yield "same", _shortened(old[at:to], around, first=number == 0, last=number == len(steps) - 1)
            continue
        if to > at:
            yield "gone", "".join(old[at:to])
        if end > begin:
            yield "new", "".join(new[begin:end])


def differences(before: RecordedTurn, now: RecordedTurn) -> list[Difference]:
    """What came of a turn that is not what came of it before; the first causes first: evidence, prompt, reply."""
    found = [
        Difference("evidence", evidence_text(before.evidence), evidence_text(now.evidence)),
        Difference("prompt", prompt_text(before.prompt), prompt_text(now.prompt)),
        Difference("reply", before.reply, now.reply),
        Difference("verdict", before.verdict, now.verdict),
        Difference("mode", before.mode, now.mode),
        Difference("voice", "on" if before.voice else "off", "on" if now.voice else "off"),
    ]
    return [one for one in found if one.before != one.now]


def memory_differences(before: Heard, now: Heard) -> list[Difference]:
    """What the memory holds that it did not hold before, and the other way round."""
    one = Difference("memory", memory_text(before), memory_text(now))
    return [] if before == now else [one]


def prompt_text(prompt: Sequence[tuple[str, str]]) -> str:
    """A prompt to be read."""
    return "\n".join(f"<{role}> {content}" for role, content in prompt)


def evidence_text(evidence: Sequence[tuple[str, str, str]]) -> str:
    """Evidence to be read."""
    return "\n".join(f"[{work}] {text}" + (f" => {answer}" if answer else "") for work, text, answer in evidence)


def memory_text(memory: Heard) -> str:
    """What a memory holds, to be read."""
    rows: list[str] = []
    for number, turns in enumerate(memory.conversations, 1):
        rows.append(f"conversation {number}")
        rows += [
            f"  {turn} after {before}: {message} -> {reply} ({state})"
            for turn, (before, message, reply, state) in enumerate(turns, 1)
        ]
    return "\n".join([*rows, *(f"{topic}: {text} ({state})" for topic, text, state in memory.told)])


def _shortened(words: Sequence[str], around: int | None, *, first: bool, last: bool) -> str:
    if around is None or len(words) <= 4 * around:  # every second of them is a space
        return "".join(words)
    begin = "" if first else "".join(words[: 2 * around])
    return f"{begin} [...] " + ("" if last else "".join(words[-2 * around :]))


def _shown(change: Change, text: str, colour: bool) -> str:
    if change == "same":
        return text
    if not colour:
        return f"[-{text}-]" if change == "gone" else f"{{+{text}+}}"
    return "\n".join(f"{_COLOURS[change]}{line}{_OFF}" for line in text.split("\n"))
