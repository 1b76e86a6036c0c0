"""English sentences said otherwise."""

from __future__ import annotations

import re

from chatbot.language.altering import Altering, both_ways

_SUBJECT = r"(you|he|she|they|it|(?:the|your|his|her) \w+|[A-Z][\w.']+(?: [A-Z][\w.']+)*)"
_BE = "was|were|is|are"
_AUXILIARY = rf"{_BE}|had|have|has|did|do|does|would|will|can|could"

ENGLISH_ALTERING = Altering(
    negated=re.compile(r"\b(?:not|never) "),
    negatable=re.compile(rf"\b(?:{_AUXILIARY}|am)\b(?! (?:not|never|no|nothing|only)\b)(?=.{{4}})"),
    negation=" not",
    opposites=both_ways(
        """left right, before after, always never, old young, elder younger, rich poor, alive dead, innocent guilty,
        husband wife, brother sister, father mother, son daughter, uncle aunt, nephew niece, black white, red green,
        blue yellow, tall short, large small, open shut, north south, east west, late early, bought sold, loved hated,
        refused accepted, won lost, found lost, first last, true false, best worst, good bad, man woman, men women,
        boy girl, with without, over under, hot cold, strong weak, friend enemy, remembered forgot, gold silver,
        brown grey, day night, thin stout, gave took, knife revolver, letter telegram, murderer victim, master servant,
        killed saved, stole returned, hid showed, entered left"""
    ),
    series=(
        tuple("January February March April May June July August September October November December".split()),
        tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
        tuple("morning evening afternoon".split()),
        tuple("first second third fourth fifth sixth".split()),
        tuple(
            """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen eighteen
            twenty thirty forty fifty sixty seventy eighty ninety""".split()
        ),
        tuple("hundred thousand million".split()),
    ),
    clauses=re.compile(r",? (?:because|while|although|when)\b|, (?:and|but|for|so|which|who|where|as|with)\b"),
    third_person=(
        (re.compile(r"\bI am\b"), "{name} is"),
        (re.compile(r"\bI have\b"), "{name} has"),
        (re.compile(r"\bI\b"), "{name}"),
        (re.compile(r"\bmyself\b"), "himself"),
        (re.compile(r"\bmy\b"), "his"),
        (re.compile(r"\bMy\b"), "{name}'s"),
        (re.compile(r"\bme\b"), "him"),
        (re.compile(r"\bour\b"), "their"),
        (re.compile(r"\bus\b"), "them"),
        (re.compile(r"\bwe\b"), "they"),
        (re.compile(r"\bWe\b"), "They"),
    ),
    pronouns=frozenset({"He", "She"}),
    statements=(
        (re.compile(rf"who (?!(?:{_AUXILIARY})\b)([a-z].*)\?"), r"{answer} \1."),
        (re.compile(rf"who ({_BE}) (.+)\?"), r"\2 \1 {answer}."),
        (re.compile(rf"(?:what|where|when|how|whom) did {_SUBJECT} ([a-z].*)\?"), r"\1 did \2 {answer}."),
        (
            re.compile(rf"(?:what|where|when) ({_BE}|had) {_SUBJECT} (\w+(?:ed|en|nd|ld|ft|ot)|seen|made|put)\?"),
            r"\2 \1 \3 {answer}.",
        ),
    ),
    assertions=((re.compile(rf"({_AUXILIARY}) {_SUBJECT} (.+)\?"), r"\2 \1 \3."),),
    premises=((re.compile(rf"(?:why|how|when|where) did {_SUBJECT} ([a-z].*)\?"), r"\1 did \2."),),
    answered=(
        (re.compile(r"^you were\b"), "I was"),
        (re.compile(r"^you are\b"), "I am"),
        (re.compile(r"^you\b"), "I"),
        (re.compile(r"\byour\b"), "my"),
        (re.compile(r"\byou\b"), "me"),
    ),
    yes=frozenset({"yes"}),
    no=frozenset({"no"}),
)
