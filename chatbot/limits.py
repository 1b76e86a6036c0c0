"""How long what comes from outside may be, in characters: said at once, before anything is made of it."""

from __future__ import annotations

MAX_USER = 64  # the name of a user; memory's column has as much
MAX_PERSONA_NAME = 80
MAX_TITLE = 200  # of a text that somebody adds
MAX_TEXT_NAME = 200  # the name of its file
PER_TOKEN = 10  # in no language has a token more characters on an average


def message_limit(context_tokens: int) -> int:
    """The longest message that is looked at; a longer one cannot fit into the window, whatever its tokens are."""
    return PER_TOKEN * context_tokens


def too_long(what: str, length: int, limit: int, advice: str = "Shorten it.") -> str:
    """The sentence that says so."""
    return f"{what} has {length:,} characters; at most {limit:,} can be read. {advice}"
