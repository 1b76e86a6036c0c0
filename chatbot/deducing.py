"""What the persona reads from details that a visitor describes: of himself, of somebody else, of a thing.

Each sign is written down with what it tells (`deductions.jsonl`), and a reply joins those of the signs that a message
has: nothing is concluded that the persona does not know how to read.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from chatbot.errors import MessageError
from chatbot.files import file_stamp
from chatbot.json_text import JsonTextError, models_in, numbered_rows
from chatbot.language import Language, Text, language_of, tells_of_self, words_of
from personas import LoadedPersona

logger = logging.getLogger(__name__)

MOST = 3  # signs that one reply reads
REACH = 8  # words between the first and the last word of one sign
ENOUGH = 2  # signs from which on nobody need ask for a deduction


class Sign(BaseModel):
    """One detail, and what it tells.

    Attributes:
        signs: words that a message must have, all of them; of those with a stroke between them, one.
        aspect: what it tells of: trade, journey, mood ...; a reply has one sentence of each.
        says: what it tells of the visitor.
        says_other: what it tells of somebody else, or of the owner of a thing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    signs: tuple[Text, ...] = Field(min_length=1)
    aspect: Text
    says: Text
    says_other: Text


@dataclass(frozen=True)
class Deductions:
    """The signs that a persona can read, in its language."""

    signs: Sequence[Sign]
    language: Language

    @cached_property
    def _stems(self) -> list[tuple[Sign, list[set[str]]]]:
        """Each sign with the stems of its words, of which one of each set must stand in a message."""
        stem = self.language.stem
        return [(sign, [{stem(word) for word in each.split("|")} for each in sign.signs]) for sign in self.signs]

    def of(self, message: str) -> list[Sign]:
        """The signs that a message has, those with the most words first; one of each aspect, at most `MOST`.

        The words of a sign must stand near each other: in "muddy boots and a new hat" there are no new boots.
        """
        places: dict[str, list[int]] = {}
        for at, word in enumerate(words_of(message)):
            places.setdefault(self.language.stem(word), []).append(at)
        found = [(sign, read) for sign, stems in self._stems if (read := _read(stems, places))]
        chosen: dict[str, Sign] = {}
        used = set[int]()
        for sign, read in sorted(found, key=lambda each: -len(each[1])):
            if sign.aspect not in chosen and not used & read:
                chosen[sign.aspect] = sign
                used |= read
        return list(chosen.values())[:MOST]

    def _is_of_the_visitor(self, message: str) -> bool:
        """Whether it is himself that a visitor describes: "I have", "my sleeve", and neither "he" nor "my friend's"."""
        words, talk = set(words_of(message)), self.language.talk
        return tells_of_self(message, self.language) and not (
            words & talk.third_person or self.language.talk.of_others.search(message)
        )

    def reply(self, message: str, openings: Sequence[str], closings: Sequence[str]) -> str:
        """What the persona reads from a message; empty where there is nothing that it can read, or that was asked.

        Args:
            message: what the visitor wrote.
            openings: sentences that may stand before it.
            closings: those that may stand behind it.
        """
        signs = self.of(message)
        if not signs or (len(signs) < ENOUGH and not self.language.talk.asks_deduction.search(message)):
            return ""
        chance = random.Random(message)
        of_him = self._is_of_the_visitor(message)
        said = [sign.says if of_him else sign.says_other for sign in signs]
        opening = [chance.choice(openings)] if openings and len(said) > 1 else []
        closing = [chance.choice(closings)] if closings and len(said) == 1 else []
        return " ".join((*opening, *said, *closing))


def _read(stems: Sequence[set[str]], places: Mapping[str, Sequence[int]]) -> set[int]:
    """Where the words of a sign stand in a message; empty where one is missing, or they stand apart.

    Args:
        stems: of its words.
        places: where each stem of the message stands.
    """
    stand = [sorted(at for stem in each & places.keys() for at in places[stem]) for each in stems]
    return next(
        ({*where} for where in product(*stand) if max(where) - min(where) <= REACH and len({*where}) == len(where)),
        set(),
    )


def read_signs(file: Path) -> list[Sign]:
    """The signs of a file: JSONL, one sign a line.

    Raises:
        MessageError: it cannot be read, or a line is wrong; its number is named.
    """
    try:
        rows = numbered_rows(file)
    except JsonTextError as error:
        raise MessageError(f"The signs in {file} cannot be read: it {error}.") from error
    return [sign for _, sign in models_in(file, rows, Sign)]


class OpenedDeductions:
    """The signs of a process's personas, each file read when it is first asked for and again when it was changed."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[object, Deductions]] = {}

    def of(self, loaded: LoadedPersona) -> Deductions | None:
        """What a persona can read; None where it has no such file, or it cannot be read: the log then says why."""
        if loaded.deductions is None:
            return None
        stamp = (loaded, file_stamp(loaded.deductions))
        known = self._opened.get(loaded.id)
        if known is None or known[0] != stamp:
            try:
                known = (stamp, Deductions(read_signs(loaded.deductions), language_of(loaded.persona)))
            except MessageError as error:
                logger.warning("%s", error)
                return None
            self._opened[loaded.id] = known
        return known[1]
