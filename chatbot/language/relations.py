"""Who is who among those of whom a visitor told: "my sister Clara" makes Clara his sister, and her work not his."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from chatbot.language.language import Language
from chatbot.language.normal import to_plain
from chatbot.language.text import words_of


def relations_told(texts: Iterable[str], language: Language) -> Mapping[str, frozenset[str]]:
    """What those are to a visitor whom he named, by the name in small letters.

    Args:
        texts: his statements, in any order.
        language: the persona's.
    """
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        for name, of in _related(text, language).items():
            found[name] = found.get(name, frozenset()) | of
    return found


@lru_cache(maxsize=8192)
def _related(text: str, language: Language) -> Mapping[str, frozenset[str]]:
    plain = to_plain(text)
    found: dict[str, frozenset[str]] = {}
    for pattern in language.telling.relations.named:
        for match in pattern.finditer(plain):
            groups = match.groupdict()
            of = groups.pop("of").lower()
            names = {word for name in groups.values() if name for word in words_of(name)}
            if of in language.stopwords | language.telling.relations.naming:
                continue
            for name in names - language.stopwords - language.capitals:
                found[name] = found.get(name, frozenset()) | {of}
    return found


@lru_cache(maxsize=8192)
def spoken_of(text: str, language: Language) -> frozenset[str]:
    """The words by which a visitor speaks of somebody or something of his: "my late wife's brother" has all three."""
    return frozenset(
        word
        for match in language.telling.relations.his.finditer(to_plain(text))
        for word in words_of(match["of"])
        if word not in language.stopwords
    )


def alike(word: str, language: Language) -> frozenset[str]:
    """A word with those that may be said of the same person or animal: "doctor" with "physician"."""
    return frozenset({word}) | language.telling.relations.alike.get(word, frozenset())


def persons_in(words: Iterable[str], language: Language) -> frozenset[str]:
    """Those of some words that are said of persons and animals: "sister", "horse"."""
    return frozenset(word for word in words if language.telling.relations.persons.fullmatch(word))
