"""What has to be known of a language, as data: one `Language` for each, with nothing of it anywhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chatbot.language.altering import Altering
from chatbot.language.talk import Talk
from chatbot.language.telling import Telling


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: there is one object for each language and persona
class Language:
    """A language as searches and checks need it. Words are in lower case.

    Attributes:
        code: ISO 639-1.
        stem: the stem of a word in lower case.
        stopwords: words that carry no meaning of their own.
        abbreviations: words behind which a full stop does not end a sentence.
        talk: by which messages are told apart.
        telling: by which it is known what visitors tell of themselves.
        second_person: words that address the persona.
        in_third_person: patterns of such words, each with what takes its place; {name} stands for the persona's name.
        in_second_person: what a visitor says of himself as it is said to him, by words and phrases in lower case; empty
            where that takes more than other words.
        explaining: the beginning of a question for a reason or a manner.
        referring: words that point back to what was said before.
        continuing: first words that continue what was said before.
        framing: what introduces a question and says nothing ("Tell me, ...").
        joining: what joins two questions into one.
        listing: what stands between them besides, where more than two are joined.
        pairing: words of which both sides are one ("between").
        altering: how its sentences are said otherwise, for training.
        saying: verbs that tell who says something, as books have them beside a quotation.
        somebody: a pattern of how books name a speaker by no name ("our visitor").
        first_person: a pattern of the word by which a narrator names himself.
        interrogative: found in every question.
        name: a proper name, as its first group; a match without the group is none.
        name_in_question: the same, with longer words alone: not the first word of a sentence.
        known_names: capitalised words that name nobody in particular: forms of address.
        before_name: words that begin sentences as a name does, and are none: "nothing", "perhaps".
        after_name: what follows a name that begins a sentence.
        numerals: the values of words of number below a hundred, ordinals too.
        ordinals: those among them that are ordinals.
        scales: words that multiply the number before them ("hundred"), or stand for one alone ("dozen").
        linking: words that may stand within a number ("and").
        declining: patterns of which one is found in every reply that says that the answer is not known.
        hypothetical: asks a model for a made-up answer to {question}.
        restriction: added to a question whose likelihood behind a passage is measured.
        remembered: the title of what a visitor said on a {day} of a {month} and {year}.
        months: the names of the months, in order.
        visitor: what {{user}} stands for where a persona file tells of the visitor.
        friend: what {{user}} stands for where the visitor is spoken to.
        later: words of later times; a word counts that has the stem of one.
        capitals: words with a capital that are no names: days, peoples.
        places: names of countries and towns that anybody knows, in whatever books they are not.
        prefixes, suffixes: what makes a word of another.
        compound_links: what stands between the two words of a compound.
        nouns_have_capitals: whether a capital within a sentence is no sign of a name.
        hyphened_compounds: whether compounds may have a hyphen ("red-headed"); otherwise they are one word.
    """

    code: str
    stem: Callable[[str], str]
    stopwords: frozenset[str]
    abbreviations: frozenset[str]
    talk: Talk
    telling: Telling
    second_person: frozenset[str]
    in_third_person: tuple[tuple[re.Pattern[str], str], ...]
    in_second_person: Mapping[str, str]
    explaining: re.Pattern[str]
    referring: frozenset[str]
    continuing: frozenset[str]
    framing: re.Pattern[str]
    joining: re.Pattern[str]
    listing: re.Pattern[str]
    pairing: frozenset[str]
    saying: frozenset[str]
    somebody: str
    first_person: str
    interrogative: re.Pattern[str]
    name: re.Pattern[str]
    name_in_question: re.Pattern[str]
    known_names: frozenset[str]
    before_name: frozenset[str]
    after_name: re.Pattern[str]
    numerals: Mapping[str, int]
    ordinals: frozenset[str]
    scales: Mapping[str, int]
    linking: frozenset[str]
    declining: tuple[re.Pattern[str], ...]
    hypothetical: str
    restriction: str
    remembered: str
    months: tuple[str, ...]
    visitor: str
    friend: str
    later: frozenset[str]
    capitals: frozenset[str]
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    altering: Altering = field(default_factory=Altering)
    compound_links: tuple[str, ...] = ("",)
    places: frozenset[str] = frozenset()
    nouns_have_capitals: bool = False
    hyphened_compounds: bool = True


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as a text."""
    return frozenset(text.split())


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern of several, each a whole word or several, in small letters or capitals."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)
