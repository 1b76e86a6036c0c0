"""At the end: near-duplicates out, surroundings in, within the budget, in the order that a model reads best."""

from __future__ import annotations

from dataclasses import replace

from chatbot.language import ENGLISH, Language
from chatbot.library.index import terms
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module, Tools, sentences_of
from chatbot.library.search.modules.finding import REMEMBERED, unjoined


class Diversify(Module):
    """Maximal marginal relevance (Carbonell and Goldstein, 1998): a candidate that says what a better one says counts
    for less, and one that says the same is dropped (works that repeat a page, editions of one text).
    """

    title = "diversify"

    def __init__(self, tools: Tools, *, relevance: float = 0.9, same: float = 0.8) -> None:
        super().__init__(tools)
        self._relevance, self._same = relevance, same

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Choose one candidate after another."""
        inquiry = unjoined(self.tools, inquiry)
        language = self.tools.language
        left = [
            (candidate, set(terms(candidate.text, language)), rank)
            for rank, candidate in enumerate(inquiry.candidates, 1)
        ]
        chosen: list[tuple[Candidate, set[str], int]] = []
        gone: list[Candidate] = []
        wanted = max(inquiry.pieces, 1) + REMEMBERED
        while left and len(chosen) < wanted:
            likeness = [max((_overlap(held, other) for _, other, _ in chosen), default=0.0) for _, held, _ in left]
            worth = [
                self._relevance * item[0].score - (1 - self._relevance) * like
                for item, like in zip(left, likeness, strict=True)
            ]
            best = max(range(len(left)), key=worth.__getitem__)
            item = left.pop(best)
            if likeness[best] > self._same:
                gone.append(item[0].because(self.title, item[2], worth[best], "says what a better one says"))
            else:
                chosen.append(item)
        kept = [
            candidate.because(self.title, rank, candidate.score, f"from place {before}")
            if rank != before
            else candidate
            for rank, (candidate, _, before) in enumerate(chosen, 1)
        ]
        done = inquiry.without(gone, [*kept, *(candidate for candidate, _, _ in left)])
        return done, f"{len(gone)} said the same" if gone else ""


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


class Surroundings(Module):
    """The windows that stay are widened by the sentences around them, over the border of their passage too."""

    title = "surroundings"

    def __init__(self, tools: Tools, *, words: int = 110) -> None:
        super().__init__(tools)
        self._words = words

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Widen what will be handed over."""
        kept = [self._wider(candidate) for candidate in inquiry.candidates[: inquiry.pieces]]
        return replace(inquiry, candidates=(*kept, *inquiry.candidates[inquiry.pieces :])), ""

    def _wider(self, candidate: Candidate) -> Candidate:
        if candidate.last < 0 or candidate.position < 0:
            return candidate
        own = self.tools.sentences(candidate.position)
        behind = [*own[candidate.last + 1 :], *self._beside(candidate, 1)]
        ahead = [*self._beside(candidate, -1), *own[: candidate.first]]
        text = candidate.text
        room = self._words - len(text.split())
        grown = 0
        for from_behind in (True, False, True, False):
            source = behind if from_behind else ahead
            if not source or len(source[0 if from_behind else -1].split()) > room:
                continue
            sentence = source.pop(0 if from_behind else -1)
            text = f"{text} {sentence}" if from_behind else f"{sentence} {text}"
            room -= len(sentence.split())
            grown += len(sentence.split())
        if not grown:
            return candidate
        rank = candidate.reasons[-1].rank if candidate.reasons else 1
        return replace(candidate, text=text).because(self.title, rank, candidate.score, f"{grown} words around it")

    def _beside(self, candidate: Candidate, step: int) -> tuple[str, ...]:
        """The sentences of the passage before or behind, where it is of the same chapter."""
        at = candidate.position + step
        if not 0 <= at < len(self.tools.passages):
            return ()
        other, own = self.tools.passages[at], candidate.passage
        same = (other.kind, other.source, other.work, other.chapter) == (own.kind, own.source, own.work, own.chapter)
        return self.tools.sentences(at) if same else ()


class Compress(Module):
    """Sentences that do not bear on the question are dropped until the budget is met; a quotation stays whole, and so
    does the sentence that was singled out.

    `tokens` is the budget where the inquiry brings none, spread over the first `pieces`: what one leaves is for the
    next. Tokens are counted as three quarters of a word each, the mean of English prose; the prompt counts exactly.
    """

    title = "compress"

    def __init__(self, tools: Tools, *, tokens: int = 700, pieces: int = 4) -> None:
        super().__init__(tools)
        self._tokens, self._pieces = tokens, pieces

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Cut at the edges, the least bearing first."""
        budget = inquiry.budget or self._tokens
        spread = min(self._pieces, inquiry.pieces)
        language = self.tools.language
        asked = set(terms(inquiry.question, language))
        done: list[Candidate] = []
        before, after = 0, 0
        for number, piece in enumerate(inquiry.candidates[: inquiry.pieces]):
            share = (budget - after) // (spread - number) if number < spread else budget // spread
            text = compressed(piece, asked, share, language)
            before, after = before + tokens_of(piece.text), after + tokens_of(text)
            if len(text) < len(piece.text):
                less = f"cut from {len(piece.text.split())} to {len(text.split())} words"
                rank = piece.reasons[-1].rank if piece.reasons else number + 1
                piece = replace(piece, text=text).because(self.title, rank, piece.score, less)
            done.append(piece)
        note = f"{before} to {after} tokens" if after < before else ""
        return replace(inquiry, candidates=(*done, *inquiry.candidates[inquiry.pieces :])), note


def compressed(piece: Candidate, asked: set[str], tokens: int, language: Language = ENGLISH) -> str:
    """The text of a piece without the sentences at its edges that bear least on the question, until it is short enough
    or nothing but the singled-out sentence is left.
    """
    parts = units_of(piece, language)
    size = sum(map(tokens_of, parts))
    while size > tokens:
        edges = [
            (len(asked & set(terms(parts[end], language))), end)
            for end in (0, -1)
            if len(parts) > 1 and not (piece.key and piece.key in parts[end])
        ]
        if not edges:
            break
        size -= tokens_of(parts.pop(min(edges)[1]))
    return " ".join(parts)


def tokens_of(text: str) -> int:
    """About how many tokens a text has."""
    return round(len(text.split()) * 4 / 3)


def units_of(piece: Candidate, language: Language = ENGLISH) -> list[str]:
    """The sentences of a piece; those between an opening quotation mark and its end are one."""
    units: list[str] = []
    is_open = False
    for sentence in sentences_of(piece.text, language):
        if is_open and units:
            units[-1] = f"{units[-1]} {sentence}"
        else:
            units.append(sentence)
        is_open = is_open != bool(sentence.count('"') % 2)
    return units or [piece.text]


class Ends(Module):
    """The best piece first and the second best last, the weakest in the middle, where a model reads least (Liu et al.,
    "Lost in the Middle", 2023; LongLLMLingua orders so too).

    `pieces` is how many a prompt gets at most: of a longer list the first of them are ordered, so that they are the
    same however many are wanted.
    """

    title = "ends"
    for_all_parts = True

    def __init__(self, tools: Tools, *, pieces: int = 4) -> None:
        super().__init__(tools)
        self._pieces = pieces

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Order what will be handed over."""
        number = min(self._pieces, inquiry.pieces)
        chosen, rest = list(enumerate(inquiry.candidates[:number], 1)), inquiry.candidates[number:]
        if len(chosen) < 3:
            return inquiry, ""
        order = [*chosen[0::2], *reversed(chosen[1::2])]
        moved = [
            candidate
            if rank == before
            else candidate.because(self.title, rank, candidate.score, f"from place {before}")
            for rank, (before, candidate) in enumerate(order, 1)
        ]
        return replace(inquiry, candidates=(*moved, *rest)), ""
