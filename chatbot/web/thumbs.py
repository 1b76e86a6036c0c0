"""Thumbs: what a visitor thinks of a reply, and what he notes beside it, as the bar of the selected turn says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chatbot.web.views import View
from memory import OwnMemory, Rating

NONE = Rating(0)


def rated(memory: OwnMemory, view: View, pressed: Mapping[str, str]) -> View:
    """The view with the rating of its selected turn as it is stored now.

    A thumb that the turn has already is taken back, with its note; a note belongs to a thumb down.

    Args:
        memory: the visitor's.
        view: what he sees.
        pressed: what a button or the form says that it does.

    Raises:
        MemoryStoreError: the note is too long, there is no such turn, or another visitor has it.
    """
    turn = view.turn
    match pressed:
        case {"do": "rate", "thumb": "1" | "-1" as thumb} if turn:
            rating = NONE if view.ratings.get(turn, NONE).thumb == int(thumb) else Rating(int(thumb))
        case {"do": "note", "note": note} if turn:
            rating = Rating(-1, note.strip())
        case _:
            return view
    assert turn  # as each case above asks
    memory.rate(turn, rating.thumb, rating.note)
    return replace(view, ratings={**view.ratings, turn: rating})
