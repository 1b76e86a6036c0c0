"""How much the replies of a mode are one formula: openings, quotations, and what is said over again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.evaluation.replies.answers import Answer, Reply, TalkReply
from chatbot.language import to_plain, words_of

OPENING = 4  # words
SHORTEST = 3  # words of a question that can be said to be repeated
RUN = 8  # words that two replies do not have in common by chance


@dataclass(frozen=True)
class Said:
    """A reply with the message that it answers and the replies before it in its conversation."""

    message: str
    reply: str
    earlier: tuple[str, ...]


@dataclass(frozen=True)
class Formula:
    """The measures, a value for each reply that could be measured.

    Attributes:
        opening: the four words with which most replies begin.
        opens_so: whether a reply begins with them.
        quotes: whether something stands in quotation marks.
        repeats_question: whether it holds the whole question.
        repeats_reply: whether it is word for word an earlier reply of its conversation; of those that have one.
        repeats_words: whether it has `RUN` words on end that an earlier reply has; of the same.
    """

    opening: str
    opens_so: tuple[bool, ...]
    quotes: tuple[bool, ...]
    repeats_question: tuple[bool, ...]
    repeats_reply: tuple[bool, ...]
    repeats_words: tuple[bool, ...]


def formula_of(replies: Sequence[Reply]) -> Formula:
    """The measures over the replies of one mode, those of a conversation in its order."""
    said = _said(replies)
    spoken = [words_of(one.reply) for one in said]
    openings = [tuple(words[:OPENING]) for words in spoken if len(words) >= OPENING]
    ((most, _),) = Counter(openings).most_common(1) or [((), 0)]
    return Formula(
        opening=" ".join(most),
        opens_so=tuple(opening == most for opening in openings),
        quotes=tuple('"' in to_plain(one.reply) for one in said),
        repeats_question=tuple(_within(words_of(one.message), words) for one, words in zip(said, spoken, strict=True)),
        repeats_reply=tuple(
            any(words_of(earlier) == words for earlier in one.earlier)
            for one, words in zip(said, spoken, strict=True)
            if one.earlier
        ),
        repeats_words=tuple(
            any(runs_of(words_of(earlier)) & runs_of(words) for earlier in one.earlier)
            for one, words in zip(said, spoken, strict=True)
            if one.earlier
        ),
    )


def _said(replies: Sequence[Reply]) -> list[Said]:
    said: list[Said] = []
    conversations: dict[int, list[str]] = {}
    for reply in replies:
        if isinstance(reply, Answer):
            earlier = tuple(exchange.answer for exchange in reply.known.before)
            said.append(Said(reply.known.question, reply.reply, earlier))
        elif isinstance(reply, TalkReply):
            before = conversations.setdefault(reply.turn.conversation, [])
            said.append(Said(reply.turn.message, reply.reply, tuple(before)))
            before.append(reply.reply)
    return said


def runs_of(words: Sequence[str]) -> set[tuple[str, ...]]:
    """Every `RUN` words that stand together."""
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def _within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether some words stand in others, in one piece."""
    length = len(few)
    return length >= SHORTEST and any(
        list(many[start : start + length]) == list(few) for start in range(len(many) - length + 1)
    )
