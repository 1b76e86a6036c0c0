"""Compression: sentences that do not bear on the question are dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools, sentences_of
from chatbot.progress import counted


@dataclass(frozen=True)
class Compress(Module):
    """Shortens what will be handed over until, by an estimate, it meets the budget; a quotation stays whole, as does
    the sentence that was singled out. What has no room even so is dropped by the tokenizer's count (`Library.search`).

    Attributes:
        tokens: the budget where the search has none.
        pieces: over how many of the first pieces it is spread; what one leaves is for the next.
    """

    name = "compress"
    reranks = True
    tokens: int = 700
    pieces: int = 4

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Cut at the edges, what bears least on the question first."""
        budget = inquiry.budget or self.tokens
        spread = min(self.pieces, inquiry.pieces)
        asked = set(tools.terms(inquiry.question))
        done: list[Candidate] = []
        before, after = 0, 0
        for number, piece in enumerate(inquiry.candidates[: inquiry.pieces]):
            share = (budget - after) // (spread - number) if number < spread else budget // spread
            text = compressed(piece, asked, share, tools)
            before, after = before + estimated_tokens(piece.text), after + estimated_tokens(text)
            if len(text) < len(piece.text):
                note = f"cut from {len(piece.text.split())} to {counted(len(text.split()), 'word')}"
                rank = piece.rank if piece.reasons else number + 1
                piece = replace(piece, text=text).with_reason(self.name, rank, piece.score, note)
            done.append(piece)
        note = f"{before} to {counted(after, 'token')}" if after < before else ""
        return replace(inquiry, candidates=(*done, *inquiry.candidates[inquiry.pieces :])), note


def compressed(piece: Candidate, asked: set[str], tokens: int, tools: Tools) -> str:
    """The text of a piece without the sentences at its edges that bear least on the question, until it is short enough
    or nothing but the singled-out sentence is left.
    """
    parts = units_of(piece, tools)
    size = sum(map(estimated_tokens, parts))
    while size > tokens:
        edges = [
            (len(asked & set(tools.terms(parts[end]))), end)
            for end in (0, -1)
            if len(parts) > 1 and not (piece.key and piece.key in parts[end])
        ]
        if not edges:
            break
        size -= estimated_tokens(parts.pop(min(edges)[1]))
    return " ".join(parts)


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has: three quarters of a word each, the mean of English prose."""
    return round(len(text.split()) * 4 / 3)


def units_of(piece: Candidate, tools: Tools) -> list[str]:
    """The sentences of a piece; those between an opening quotation mark and its end are one."""
    units: list[str] = []
    is_open = False
    for sentence in sentences_of(piece.text, tools.language):
        if is_open and units:
            units[-1] = f"{units[-1]} {sentence}"
        else:
            units.append(sentence)
        is_open = is_open != bool(sentence.count('"') % 2)
    return units or [piece.text]
