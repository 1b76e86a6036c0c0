"""Light stemmers, which join the regular forms of a word and leave the rest alone."""

from __future__ import annotations

from functools import lru_cache

from chatbot.language.normal import folded


@lru_cache(maxsize=65536)
def english_stem(word: str) -> str:
    """Harman's S-stemmer (1991) and the regular -ed and -ing: "cases" and "case" are one word, as "café" and "cafe"."""
    word = folded(word)
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


@lru_cache(maxsize=65536)
def german_stem(word: str) -> str:
    """Savoy's light stemmer for German (2006): endings of number, case and person, the umlaut with them.

    "Glocken" and "Glocke" are one word, as "Müllers" and "Müller". An s after r is an ending here, as in Snowball.
    """
    word = folded(word)
    if len(word) > 5 and word.endswith("ern"):
        word = word[:-3]
    elif len(word) > 4 and word.endswith(("em", "en", "er", "es")):
        word = word[:-2]
    elif len(word) > 3 and (word.endswith("e") or (word.endswith("s") and word[-2] in "bdfghklmnrt")):
        word = word[:-1]
    if len(word) > 5 and word.endswith("est"):
        return word[:-3]
    if len(word) > 5 and word.endswith(("er", "en")):
        return word[:-2]
    if len(word) > 4 and word.endswith("st") and word[-3] in "bdfghklmnt":
        return word[:-2]
    return word
