"""The reply held against its evidence: what it quotes, and what it says that stands nowhere.

A small model gets a name or a number wrong before it gets anything else wrong, and those can be checked without a
second model: every proper name, number and quotation of the reply has to stand in the evidence, in the question, in
the conversation or in the persona's own description.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot.language import split_sentences, stem, to_plain, words_of
from chatbot.trace import Check

MIN_QUOTE_WORDS = 4
MIN_QUOTE_MATCH = 0.8  # the share of a quotation's words that must stand in one piece, in order

_QUOTED = re.compile(r'"([^"]+)"')
_NAME = re.compile(r"\b[A-Z][a-z'-]+\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\b")

# Capitalised words that name nobody: forms of address, the calendar, the furniture of his speech.
_COMMON = frozenset(
    """i i'm i'll i've i'd mr mrs miss dr sir madam god heaven english england london victorian monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september
    october november december christmas yard scotland street baker holmes sherlock watson queen majesty""".split()
)

_DECLINING = re.compile(
    r"\b(do(?:es)? not (?:hold|say|tell|know|record|contain|answer|mention|give|name|state)|"
    r"(?:is|are|am|be|stand) silent|"
    r"nothing (?:upon|of|about|on|there|in my|that)|"
    r"no (?:record|note|mention|word|entry|line) (?:of|upon|on|about|in|there)|"
    r"will not (?:guess|invent|say|pretend|dress)|cannot (?:say|tell|answer)|"
    r"(?:never|not|no) (?:guess|conjecture)|outside anything|i do not know|gap in my)\b",
    re.IGNORECASE,
)


def check_reply(reply: str, evidence: Sequence[str], allowed: Sequence[str]) -> Check:
    """Hold a reply against its evidence.

    Args:
        reply: what the model wrote.
        evidence: the pieces it was given, in order; empty: it was given none.
        allowed: other texts whose names and numbers it may use: the question, the conversation, the persona.
    """
    unsupported = tuple(unsupported_terms(reply, [*evidence, *allowed]))
    if declines(reply):
        return Check(verdict="declined", unsupported=unsupported)
    if not evidence:
        return Check(verdict="unchecked", unsupported=unsupported)
    quoted = tuple(number for number, piece in enumerate(evidence, 1) if _quotes(reply, piece))
    return Check(verdict="withheld" if unsupported else "grounded", quoted=quoted, unsupported=unsupported)


def declines(reply: str) -> bool:
    """Whether the reply says that he does not know, and quotes nothing."""
    plain = to_plain(reply)
    return bool(_DECLINING.search(_QUOTED.sub(" ", plain))) and not any(
        len(quote.split()) >= MIN_QUOTE_WORDS for quote in _QUOTED.findall(plain)
    )


def unsupported_terms(reply: str, sources: Sequence[str]) -> list[str]:
    """Names and numbers of the reply that stand in none of the sources, and quotations that are none."""
    plain = to_plain(reply)
    known = {stem(word) for source in sources for word in words_of(to_plain(source))}
    found: list[str] = []
    for quote in _QUOTED.findall(plain):
        if len(quote.split()) >= MIN_QUOTE_WORDS and not any(_holds(source, quote) for source in sources):
            found.append(f'"{quote}"')
    for sentence in split_sentences(_QUOTED.sub(lambda match: f" {match[1]} ", plain)):
        # The first word of a sentence is capitalised whatever it is.
        names = [match[0] for match in _NAME.finditer(sentence) if match.start() > 0]
        for word in [*names, *_NUMBER.findall(sentence)]:
            parts = words_of(word)
            if parts and not all(part in _COMMON or stem(part) in known for part in parts):
                found.append(word)
    return list(dict.fromkeys(found))


def best_sentence(question: str, evidence: Sequence[str]) -> str:
    """The sentence of the best piece that shares most with the question: what he reads out when words fail him."""
    asked = {stem(word) for word in words_of(question)}
    sentences = [sentence for piece in evidence[:1] for sentence in split_sentences(to_plain(piece))]
    return max(sentences, key=lambda sentence: len(asked & {stem(word) for word in words_of(sentence)}), default="")


def _quotes(reply: str, piece: str) -> bool:
    return any(
        _holds(piece, quote) for quote in _QUOTED.findall(to_plain(reply)) if len(quote.split()) >= MIN_QUOTE_WORDS
    )


def _holds(source: str, quote: str) -> bool:
    """Whether nearly all of the quotation stands in the source, in order."""
    from difflib import SequenceMatcher

    wanted, words = words_of(quote), words_of(to_plain(source))
    match = SequenceMatcher(None, words, wanted, autojunk=False)
    return sum(block.size for block in match.get_matching_blocks() if block.size > 1) >= MIN_QUOTE_MATCH * len(wanted)
