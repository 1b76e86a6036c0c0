"""Small, shared dealings with English text: sentences, words that carry meaning, plain quotation marks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PLAIN = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "—": "--", "–": "-", "…": "...", " ": " "})

# A full stop behind these does not end a sentence.
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr st col capt prof rev hon sen jr sr esq lt sgt gen maj messrs mme mlle no vol p pp etc viz inst ult
    co bros""".split()
)

_END = re.compile(r"""([.!?]+["')\]]*)\s+(?=["'(\[]*[A-Z0-9])""")

STOPWORDS = frozenset(
    """a an and are as at be been but by can could did do does doing done for from had has have having he her hers him
    his how i if in into is it its just me more most my no nor not of off on once only or other our out over own
    shall she should so some such than that the their them then there these they this those through to too under
    until up upon us very was we were what when where which while who whom whose why will with would you your
    yours ever please tell about know say said mr mrs am also any get got let may might much must""".split()
)

_WORD = re.compile(r"[A-Za-z0-9]+(?:['-][A-Za-z0-9]+)*")


def to_plain(text: str) -> str:
    """Curly quotes, dashes and ellipses as ASCII; runs of white space as one space."""
    return " ".join(text.translate(_PLAIN).split())


def clean_message(text: str) -> str:
    """A user's message without control characters (line ends and tabs stay) and without space around it."""
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn")
    ).strip()


def split_sentences(text: str) -> list[str]:
    """The sentences of a paragraph, in order. Titles and initials ("Dr. J. H. Watson") do not end one."""
    sentences: list[str] = []
    start = 0
    for match in _END.finditer(text):
        before = text[start : match.start()]
        last = before.split()[-1].strip("\"'([").lower() if before.split() else ""
        if match.group(1) == "." and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last != "i")):
            continue
        sentences.append(text[start : match.end(1)].strip())
        start = match.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; a possessive's 's is taken off."""
    return [word.removesuffix("'s") for word in _WORD.findall(text.translate(_PLAIN).lower())]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A light stem (Harman's S-stemmer, 1991, and the regular -ed and -ing): "cases" and "case" are one word."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and any(vowel in root for vowel in "aeiouy"):
            if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
                root = root[:-1]
            return root.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


def meaning_words(text: str) -> list[str]:
    """The words that carry meaning, in order, repeated as they are."""
    return [word for word in words_of(text) if word not in STOPWORDS]


@lru_cache(maxsize=16384)
def content_words(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(map(stem, meaning_words(text)))
