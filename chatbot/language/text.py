"""Text: plain punctuation, sentences, words and stems."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from chatbot.language.en import ENGLISH
from chatbot.language.language import Language
from chatbot.language.letters import CAPITALS, word_pattern

_PLAIN = str.maketrans({
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "‹": "'", "›": "'",
    "—": "--", "–": "-", "…": "...",
})  # fmt: skip
_END = re.compile(rf"""([.!?]+["')\]]*)\s+(?=["'(\[]*[{CAPITALS}0-9])""")


MAX_ABBREVIATION = 40  # characters that are looked at before a full stop, and not all since the last sentence


def to_plain(text: str) -> str:
    """Curly quotes, dashes and ellipses as ASCII, letters composed (NFC), runs of white space as one space."""
    return " ".join(_composed(text).translate(_PLAIN).split())


def clean_message(text: str) -> str:
    """A user's message without control characters (line ends and tabs stay) and without space around it."""
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn")
    ).strip()


def split_sentences(text: str, language: Language = ENGLISH) -> list[str]:
    """The sentences of a paragraph, in order. Titles and initials ("Dr. J. H. Watson") do not end one."""
    sentences: list[str] = []
    start = 0
    for match in _END.finditer(text):
        before = text[max(start, match.start() - MAX_ABBREVIATION) : match.start()]
        last = before.split()[-1].strip("\"'([").lower() if before.split() else ""
        initial = len(last) == 1 and last.isalpha() and last not in language.known_names
        if match.group(1) == "." and (last in language.abbreviations or initial):
            continue
        sentences.append(text[start : match.end(1)].strip())
        start = match.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, in any script; a possessive's 's is taken off."""
    text = _composed(text).translate(_PLAIN).lower()
    return [word.removesuffix("'s") for word in word_pattern(text).findall(text)]


def meaning_words(text: str, language: Language = ENGLISH) -> list[str]:
    """The words that carry meaning, in order, repeated as they are."""
    return [word for word in words_of(text) if word not in language.stopwords]


@lru_cache(maxsize=16384)
def content_words(text: str, language: Language = ENGLISH) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(map(language.stem, meaning_words(text, language)))


def stem(word: str, language: Language = ENGLISH) -> str:
    """The stem of a word in lower case."""
    return language.stem(word)


def names_in(text: str, language: Language = ENGLISH) -> list[str]:
    """What a question names: words with a capital that do not begin a sentence."""
    return [match[1] for match in language.name_in_question.finditer(text) if match[1]]


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
