"""Light stemmers, which join the regular forms of a word and leave the rest alone."""

from __future__ import annotations

from functools import lru_cache

from chatbot.language.letters import without_accents


@lru_cache(maxsize=65536)
def english_stem(word: str) -> str:
    """Harman's S-stemmer (1991) and the regular -ed and -ing: "cases" and "case" are one word, as "café" and "cafe"."""
    word = without_accents(word)
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
    """Savoy's minimal stemmer for German (2006), which takes the endings of number and case off nouns and adjectives:
    "Glocken" and "Glocke" are one word, as "Mühlen" and "Mühle".
    """
    word = without_accents(word.replace("ß", "ss"))
    if len(word) < 5:
        return word
    if len(word) > 6 and word.endswith("nen"):
        return word[:-3]
    if len(word) > 5 and word.endswith(("en", "se", "es", "er")):
        return word[:-2]
    return word[:-1] if word[-1] in "nesr" else word
