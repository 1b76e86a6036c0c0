"""What the judges say of a reply: its tone, and which of its sentences and words the evidence does not hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.citations import placed_sentences
from chatbot.grounding import unsupported_terms
from chatbot.judges import SupportJudge, ToneMeter, claims
from chatbot.language import Language, content_words, to_plain, words_of
from chatbot.library.search import Evidence

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
Span = tuple[int, int]  # of a reply: the indexes of its first character and behind its last


@dataclass(frozen=True)
class Judged:
    """A reply after it was judged.

    Attributes:
        tone: how much it sounds like the persona, 0 to 1; None: nobody tells.
        claims: how many of its sentences claim something; None: they were not judged.
        supported: how many of these the evidence supports.
        doubtful: where the others stand.
        strange: where words stand that the evidence does not hold: names and numbers, and any in a doubtful sentence.
    """

    tone: float | None = None
    claims: int | None = None
    supported: int = 0
    doubtful: tuple[Span, ...] = ()
    strange: tuple[Span, ...] = ()


def judged(
    reply: str,
    question: str,
    evidence: Sequence[Evidence],
    known: Sequence[str],
    *,
    support: SupportJudge | None,
    tone: ToneMeter | None,
    language: Language,
) -> Judged:
    """Judge a reply.

    Args:
        reply: as it is shown.
        question: what it answers.
        evidence: what it is held against; without any, its tone alone is judged.
        known: texts beside the evidence whose words it may use.
        support: tells which sentences the evidence supports; None: words alone are looked at.
        tone: tells how it sounds; None: nobody does.
        language: the persona's.

    Raises:
        ModelError: the judge cannot be used.
    """
    sounds = tone.score(reply) if tone and reply else None
    if not evidence:
        return Judged(sounds)
    pieces = [piece.text for piece in evidence]
    read = [text for piece in evidence for text in (piece.answer, piece.correction, piece.passage.work) if text]
    sources = [*pieces, *read, question, *known]
    said = claims(reply, language)
    doubted = set(support.unsupported_sentences(reply, pieces, question)) if support else set()
    doubtful = tuple(
        (end - len(sentence), end)
        for sentence, end in placed_sentences(reply, language)
        if to_plain(sentence).strip() in doubted
    )
    return Judged(
        sounds,
        len(said) if support else None,
        len(said) - len(doubted),
        doubtful,
        _strange(reply, sources, doubtful, language),
    )


def _strange(reply: str, sources: Sequence[str], doubtful: Sequence[Span], language: Language) -> tuple[Span, ...]:
    held = frozenset[str]().union(*(content_words(source, language) for source in sources))
    named = {word for term in unsupported_terms(reply, sources, language) for word in words_of(term)} - {
        word for source in sources for word in words_of(source)
    }
    return tuple(
        match.span()
        for match in _WORD.finditer(reply)
        if named & set(words_of(match[0]))
        or (
            any(begin <= match.start() < end for begin, end in doubtful)
            and not content_words(match[0], language) <= held
        )
    )
