"""The languages there are, and the language of a persona."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from chatbot.language.de import GERMAN
from chatbot.language.en import ENGLISH
from chatbot.language.language import Language, any_of
from chatbot.language.text import words_of

LANGUAGES: dict[str, Language] = {language.code: language for language in (ENGLISH, GERMAN)}


class Speaker(Protocol):
    """What a language takes from a persona file (`personas.Persona`)."""

    @property
    def language(self) -> str:
        """A code among `LANGUAGES`."""

    @property
    def name(self) -> str:
        """The persona's name."""

    @property
    def address(self) -> Sequence[str]:
        """How visitors address the persona, besides by name."""

    @property
    def known_names(self) -> Sequence[str]:
        """Names that a reply may use without evidence."""

    @property
    def decline_phrases(self) -> Sequence[str]:
        """By which a decline is recognised, besides by the language's own."""

    @property
    def hypothetical(self) -> str:
        """Asks a model for a made-up answer to {question}; empty: as the language has it."""


def language_of(speaker: Speaker) -> Language:
    """The language of a persona, with its own name, names and phrases added; the same object for the same persona."""
    return _language_of(
        speaker.language,
        (speaker.name, *speaker.address),
        tuple(speaker.known_names),
        tuple(speaker.decline_phrases),
        speaker.hypothetical,
    )


@lru_cache(maxsize=256)
def _language_of(
    code: str, address: tuple[str, ...], names: tuple[str, ...], phrases: tuple[str, ...], hypothetical: str
) -> Language:
    base = LANGUAGES[code]
    talk = base.talk
    return replace(
        base,
        talk=replace(talk, addressing=talk.addressing | set(words_of(" ".join(address)))),
        known_names=base.known_names | set(words_of(" ".join(names))),
        declining=(*base.declining, any_of(*map(re.escape, phrases))) if phrases else base.declining,
        hypothetical=hypothetical or base.hypothetical,
    )
