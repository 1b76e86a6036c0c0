"""Checks a reply against its evidence: what it quotes, and what it says that is supported by nothing.

A small model gets a name or a number wrong before anything else, and those can be checked without a second model: every
proper name, number and quotation of the reply has to occur in the evidence, in the question, in the conversation or in
the persona's own description. What counts as a name, and which words decline, the persona's `Language` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatbot.language import (
    MIN_QUOTE_WORDS,
    QUOTED,
    Language,
    Number,
    declines,
    numbers_in,
    split_sentences,
    to_plain,
    words_of,
)
from chatbot.trace import Check

__all__ = ["best_sentence", "check_reply", "declines", "unsupported_terms"]

MIN_QUOTE_MATCH = 0.8  # the share of a quotation's words that must be in one piece, in order


def check_reply(reply: str, evidence: Sequence[str], allowed: Sequence[str], language: Language) -> Check:
    """Check a reply against its evidence.

    Args:
        reply: what the model wrote.
        evidence: the pieces that the model was given, in order; empty: it was given none.
        allowed: other texts whose names and numbers it may use: the question, the conversation, the persona.
        language: the persona's.
    """
    unsupported = tuple(unsupported_terms(reply, [*evidence, *allowed], language))
    if declines(reply, language):
        return Check(verdict="declined", unsupported=unsupported)
    if not evidence:
        return Check(verdict="unchecked", unsupported=unsupported)
    quoted = tuple(number for number, piece in enumerate(evidence, 1) if _quotes(reply, piece))
    return Check(verdict="withheld" if unsupported else "grounded", quoted=quoted, unsupported=unsupported)


def unsupported_terms(reply: str, sources: Sequence[str], language: Language) -> list[str]:
    """Names and numbers of the reply that occur in none of the sources, and quotations that are not in them."""
    plain, texts = to_plain(reply), [to_plain(source) for source in sources]
    known = {language.stem(part) for text in texts for word in words_of(text) for part in (word, *word.split("-"))}
    values = {number.value for text in texts for number in numbers_in(text, language)}
    found: list[str] = []
    for quote in QUOTED.findall(plain):
        if len(quote.split()) >= MIN_QUOTE_WORDS and not any(_holds(source, quote) for source in sources):
            found.append(f'"{quote}"')
    for sentence in split_sentences(QUOTED.sub(lambda match: f" {match[1]} ", plain), language):
        numbers = list(numbers_in(sentence, language))
        found += [name for name in _names(sentence, language) if not _is_known(name, known, language, numbers)]
        found += [number.text for number in numbers if number.value not in values]
    return list(dict.fromkeys(found))


def _names(sentence: str, language: Language) -> Iterator[str]:
    """The proper names of a sentence; its first word, which has a capital whatever it is, where it stands like one."""
    for match in language.name.finditer(sentence):
        name = match[1]
        if not name or len(name) == 1:
            continue
        begins = not words_of(sentence[: match.start(1)])
        if not begins or name[1:] != name[1:].lower() or _begins_like_a_name(sentence, match.end(1), name, language):
            yield name


def _begins_like_a_name(sentence: str, end: int, name: str, language: Language) -> bool:
    first = words_of(name)[0]
    if first in language.stopwords or first in language.before_name:
        return False
    return name.endswith("'s") or bool(language.after_name.match(sentence, end))


def _is_known(name: str, known: set[str], language: Language, numbers: Sequence[Number]) -> bool:
    """Whether every part of a name is known; what is a number is looked at as one."""
    return any(number.text in (name, name.split("'")[0]) for number in numbers) or all(
        part in language.known_names or language.stem(part) in known
        for word in words_of(name)
        for part in word.split("-")
    )


def best_sentence(question: str, evidence: Sequence[str], language: Language) -> str:
    """The sentence of the best piece that shares most with the question: what is read out in place of a reply."""
    asked = {language.stem(word) for word in words_of(question)}

    def shared(sentence: str) -> int:
        return len(asked & {language.stem(word) for word in words_of(sentence)})

    sentences = [sentence for piece in evidence[:1] for sentence in split_sentences(to_plain(piece), language)]
    return max(sentences, key=shared, default="")


def _quotes(reply: str, piece: str) -> bool:
    return any(
        _holds(piece, quote) for quote in QUOTED.findall(to_plain(reply)) if len(quote.split()) >= MIN_QUOTE_WORDS
    )


def _holds(source: str, quote: str) -> bool:
    """Whether nearly all of the quotation is in the source, in order."""
    from difflib import SequenceMatcher

    wanted, words = words_of(quote), words_of(to_plain(source))
    match = SequenceMatcher(None, words, wanted, autojunk=False)
    return sum(block.size for block in match.get_matching_blocks() if block.size > 1) >= MIN_QUOTE_MATCH * len(wanted)
