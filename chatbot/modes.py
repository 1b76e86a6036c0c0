"""Modes: how one turn is answered, as data.

A mode is a frozen value composed of parts by name; nothing in the program asks which mode it is, only what its parts
are. A persona's own plan goes before the built-in one of the same name (`Library.plan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from chatbot.errors import ModeError
from chatbot.library.search import ADVANCED, ALL, MODULAR, NAIVE, Plan


@dataclass(frozen=True)
class Mode:
    """How one turn is answered.

    Attributes:
        name: as users and files write it.
        summary: one line for users.
        knowledge: how the library is searched; None: nothing is retrieved.
        voice: whether the persona's adapter is on.
        examples: whether the persona's example exchanges are part of the prompt.
        reasoning: whether the plain model reasons over the evidence before the answer is written.
    """

    name: str
    summary: str
    knowledge: Plan | None = None
    voice: bool = False
    examples: bool = False
    reasoning: bool = False


MODES: dict[str, Mode] = {
    mode.name: mode
    for mode in (
        Mode("rag", "the books, the plain model", knowledge=ADVANCED),
        Mode("ft", "the tuned voice, no books", voice=True),
        Mode("hybrid", "the tuned voice and the books", knowledge=ADVANCED, voice=True),
        Mode("standard", "the plain model with an instruction"),
        Mode("few-shot", "the plain model with examples of how the persona speaks", examples=True),
        Mode("naive-rag", "the passages nearest in sense, the plain model", knowledge=NAIVE),
        Mode("modular-rag", "the books, searched as the question needs, the plain model", knowledge=MODULAR),
        Mode("all", "the tuned voice and the books, searched as the question needs", knowledge=ALL, voice=True),
        Mode(
            "cot",
            "the tuned voice and the books, with reasoning over them before the answer",
            knowledge=ALL,
            voice=True,
            reasoning=True,
        ),
    )
}

TOGGLES = ("rag", "ft", "hybrid")  # what a user chooses between; the others are offered under "more"


def get_mode(name: str) -> Mode:
    """The mode called `name`.

    Raises:
        ModeError: there is none; the message names those there are.
    """
    mode = MODES.get(name.strip().lower())
    if mode is None:
        near = get_close_matches(name, MODES, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ModeError(f"There is no mode '{name}'.{hint} There are: {', '.join(MODES)}.")
    return mode
