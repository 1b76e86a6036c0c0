"""Citations: which sentence of a reply rests on which piece of evidence, by the words of meaning that they share.

They are decided from what is stored of a turn, its reply and its evidence, so that they are the same whenever it is
shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatbot.language import ENGLISH, Language, content_words, declines, split_sentences

RESTS = 0.6  # the share of a sentence's words that a piece must hold to be cited
ADDS = 2  # words that a further piece must hold beyond those of the first
MOST = 2  # pieces that one sentence cites


@dataclass(frozen=True)
class Citation:
    """What one sentence of a reply rests on.

    Attributes:
        end: the index in the reply behind the sentence.
        pieces: the numbers of the pieces, from 1, in order.
    """

    end: int
    pieces: tuple[int, ...]


def citations_of(
    reply: str, evidence: Sequence[Mapping[str, Any]], language: Language = ENGLISH
) -> tuple[Citation, ...]:
    """The citations of a reply, in order; a sentence that declines, or shares too little with every piece, has none.

    Args:
        reply: as it is stored.
        evidence: the pieces that were handed over, as `chatbot.trace.to_stored` gives them.
        language: the persona's.
    """
    held = [_words(_told(piece), language) for piece in evidence]
    found = ((end, _pieces(sentence, held, language)) for sentence, end in placed_sentences(reply, language) if held)
    return tuple(Citation(end, pieces) for end, pieces in found if pieces)


def placed_sentences(reply: str, language: Language) -> Iterator[tuple[str, int]]:
    """The sentences of every line, each with the index behind it."""
    end = 0
    for line in reply.split("\n"):
        for sentence in split_sentences(line, language):
            end = reply.index(sentence, end) + len(sentence)
            yield sentence, end


def _pieces(sentence: str, held: Sequence[frozenset[str]], language: Language) -> tuple[int, ...]:
    words = content_words(sentence, language)
    if not words or declines(sentence, language):
        return ()
    cited: list[int] = []
    left = words
    while len(cited) < MOST:
        best = max(range(len(held)), key=lambda at: len(left & held[at]))  # of two alike the one that stands higher
        shared = len(left & held[best])
        if shared < (ADDS if cited else RESTS * len(words)):
            break
        cited.append(best + 1)
        left -= held[best]
    return tuple(sorted(cited))


def _told(piece: Mapping[str, Any]) -> str:
    """What a piece tells: its sentences, what was read in them, and where they stand."""
    read = (str(piece.get(name, "")) for name in ("text", "answer", "correction"))
    return " ".join((*read, str(piece["passage"]["work"])))


@lru_cache(maxsize=1024)
def _words(text: str, language: Language) -> frozenset[str]:
    return content_words(text, language)
