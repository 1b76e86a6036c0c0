"""Whether a text gives an answer: as whole words, its numbers in words or in figures, and its compounds either way."""

from __future__ import annotations

import re

from chatbot.language.en import ENGLISH
from chatbot.language.language import Language
from chatbot.language.letters import is_unspaced
from chatbot.language.normal import comparable
from chatbot.language.numbers import numbers_in


def gives(text: str, answer: str, language: Language = ENGLISH) -> bool:
    """Whether a text holds an answer as `holds` has it, or written otherwise.

    "thirty-nine" is 39, "5,000" is "five thousand", and "dressing gown" is "dressing-gown". Numbers are compared where
    the answer has one alone.
    """
    if _stands(comparable(answer), comparable(text)):
        return True
    return any(numbers_in(answer, language)) and _stands(_in_figures(answer, language), _in_figures(text, language))


def _stands(wanted: str, said: str) -> bool:
    """Whether one comparable text stands in another as whole words; a hyphen is a space."""
    before = "" if is_unspaced(wanted[:1]) else r"(?<!\w)"
    after = "" if is_unspaced(wanted[-1:]) else r"(?!\w)"
    loose = re.sub(r"\\[ -]", "[ -]", re.escape(wanted))
    return bool(wanted) and bool(re.search(f"{before}{loose}{after}", said))


def _in_figures(text: str, language: Language) -> str:
    """A text as it is compared, with its numbers in figures."""
    for number in sorted(numbers_in(text, language), key=lambda one: -len(one.text)):
        text = re.sub(rf"(?<!\w){re.escape(number.text)}(?!\w)", number.value, text)
    return comparable(text)
