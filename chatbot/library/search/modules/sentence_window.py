"""Sentence windows: small pieces are found, and handed over with the sentences around them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools
from chatbot.progress import counted


@dataclass(frozen=True)
class SentenceWindow(Module):
    """Widens the windows that will be handed over, into the neighbouring passages of the same chapter too.

    Attributes:
        words: the most words of a window.
    """

    name = "sentence-window"
    reranks = True
    words: int = 110

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Widen the first candidates."""
        wider = [self._wider(candidate, tools) for candidate in inquiry.candidates[: inquiry.pieces]]
        return replace(inquiry, candidates=(*wider, *inquiry.candidates[inquiry.pieces :])), ""

    def _wider(self, candidate: Candidate, tools: Tools) -> Candidate:
        """Up to two sentences more after it and two before it, in turn."""
        if candidate.last < 0:
            return candidate
        own = tools.sentences(candidate.position)
        after = [*own[candidate.last + 1 :], *neighbour(candidate, 1, tools)]
        before = [*neighbour(candidate, -1, tools), *own[: candidate.first]]
        text = candidate.text
        room = self.words - len(text.split())
        added = 0
        for forward in (True, False, True, False):
            source, end = (after, 0) if forward else (before, -1)
            if not source or len(source[end].split()) > room:
                continue
            sentence = source.pop(end)
            text = f"{text} {sentence}" if forward else f"{sentence} {text}"
            room -= len(sentence.split())
            added += len(sentence.split())
        if not added:
            return candidate
        note = f"{counted(added, 'word')} around it"
        return replace(candidate, text=text).with_reason(self.name, candidate.rank, candidate.score, note)


def neighbour(candidate: Candidate, step: int, tools: Tools) -> tuple[str, ...]:
    """The sentences of the next passage (1) or the one before (-1); none where it is of another chapter."""
    at = candidate.position + step
    try:
        other, own = tools.passages[at], candidate.passage
    except IndexError:  # it is the first or the last of its source
        return ()
    same = (other.kind, other.source, other.work, other.chapter) == (own.kind, own.source, own.work, own.chapter)
    return tools.sentences(at) if same else ()
