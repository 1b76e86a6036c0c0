"""What replies are measured by, as a persona has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.judges import CharacterJudge, ToneMeter
from chatbot.language import language_of
from chatbot.resources import Resources


@dataclass(frozen=True)
class Yardsticks:
    """What replies are measured by.

    Attributes:
        character: tells what breaks character.
        tone: the persona's meter; None: there is no tone to measure.
        embed: gives unit vectors, shape (texts, dimensions).
        limit: a claim that is less likely to be supported than that is unsupported; None: nobody tells.
    """

    character: CharacterJudge
    tone: ToneMeter | None
    embed: Callable[[list[str]], list[list[float]]]
    limit: float | None


def yardsticks(resources: Resources, persona: str) -> Yardsticks:
    """Those of a persona; its library has to be there.

    Raises:
        BakerStreetError: there is no such persona or no library, or a model of it cannot be used.
    """
    models = resources.models(persona)
    support = models.support()
    limit = support.threshold.limit if support else None
    return Yardsticks(character_judge(resources, persona), models.tone(), resources.embedder.embed_documents, limit)


def character_judge(resources: Resources, persona: str) -> CharacterJudge:
    """The judge of a persona's character, which knows the words of its books.

    Raises:
        BakerStreetError: as `yardsticks`.
    """
    unknown = resources.library(persona).tools.lexical.unknown
    language = language_of(resources.persona(persona).persona)
    return CharacterJudge(language, resources.models(persona).tone(), lambda word: not unknown(word))
