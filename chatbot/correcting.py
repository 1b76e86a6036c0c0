"""A correction put in its place: what was told before, with the value that is right in it.

"Not Leeds, Bath." makes "I live in Bath." of "I live in Leeds.": both are the visitor's words, and nothing is added.
Where the wrong value is not said again ("It's Bath now.", "Sunday it was."), it is the only value of the same kind in
what was told just before: a day for a day, a number for a number, a name for a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chatbot.language import Correction, Language, holds, words_of
from memory import Drawn

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def corrected(
    correction: Correction, earlier: Sequence[Drawn], before: Sequence[Drawn], language: Language
) -> list[tuple[Drawn, str]]:
    """What was told and is put right, each with its new text.

    Args:
        correction: what is so, and what was said in its place.
        earlier: what counts of what was told, the latest last.
        before: what was told just before the correction, the latest last.
        language: the persona's.

    Returns:
        Where the wrong value is said again, the latest that holds it, and all that do where it is a name; else the
        latest of `before` that has one value of its kind. Empty where there is none.
    """
    if not correction.old:
        found = ((old, _with_kind(old.text, correction.new, language)) for old in reversed(before))
        return [(old, text) for old, text in found if text][:1]
    right = [(old, text) for old in reversed(earlier) if (text := _with_value(old.text, correction, language))]
    return right if _is_name(correction.old, language) else right[:1]


def _with_value(text: str, correction: Correction, language: Language) -> str:
    """A text with the right value for the wrong one, which may have other small words around it; empty where it is not
    there.
    """
    old, new = correction.old, correction.new
    for was, now in _pairs(old, new, language):
        if was and now and holds(text, was) and not holds(text, now):
            return re.sub(rf"(?<!\w){re.escape(was)}(?!\w)", lambda _, now=now: now, text, flags=re.IGNORECASE)  # type: ignore[misc]
    return ""


def _pairs(old: str, new: str, language: Language) -> Iterator[tuple[str, str]]:
    """What may stand for the wrong value in a text, with what takes its place there."""
    opposites = language.altering.opposites or {}
    said = set(words_of(new))
    for word in words_of(old):  # "the left shoulder", "the right one"
        if opposites.get(word) in said:
            yield word, opposites[word]
    yield old, new
    yield _bare(old, language), _bare(new, language)
    kind = _kind(_bare(new, language), language)
    for word in _WORD.findall(old):  # "I said that she was from Cork, but it is Kinsale"
        if kind and _kind(word, language) == kind:
            yield word, _bare(new, language)


def _bare(value: str, language: Language) -> str:
    """A value without the small words before it, and without "one" behind it."""
    words = value.split()
    while words and words[0].lower() in language.telling.correcting.filler:
        words.pop(0)
    while words and words[-1].lower() in language.telling.correcting.placeholder:
        words.pop()
    return " ".join(words)


def _with_kind(text: str, new: str, language: Language) -> str:
    """A text with a value for its only one of the same kind; empty where there is none, or more than one."""
    value = _bare(new, language)
    kind = _kind(value, language)
    if not kind or not value:
        return ""
    places = [match for number, match in enumerate(_WORD.finditer(text)) if _kind(match[0], language, number) == kind]
    spans = _joined(places, text)
    if len(spans) != 1:
        return ""
    begin, end = spans[0]
    return f"{text[:begin]}{value}{text[end:]}" if text[begin:end].lower() != value.lower() else ""


def _joined(places: Sequence[re.Match[str]], text: str) -> list[tuple[int, int]]:
    """The places of values, of which words that stand together are one: "New York"."""
    spans: list[tuple[int, int]] = []
    for match in places:
        if spans and not text[spans[-1][1] : match.start()].strip():
            spans[-1] = (spans[-1][0], match.end())
        else:
            spans.append(match.span())
    return spans


def _kind(value: str, language: Language, place: int = 1) -> str:
    """Of which kind a value is: of which series of words (days, months), a number, or a name; empty: of none.

    Args:
        value: a word, or several of the same kind.
        language: the persona's.
        place: of the word in its sentence; the first has a capital whatever it is.
    """
    words = words_of(value)
    for number, series in enumerate(language.altering.series):
        if any(word in (each.lower() for each in series) for word in words):
            return f"series {number}"
    if any(word.isdigit() or word in language.numerals for word in words):
        return "number"
    return "name" if place and _is_name(value, language) else ""


def _is_name(value: str, language: Language) -> bool:
    bare = _bare(value, language)
    return (
        bool(bare)
        and all(word[0].isupper() for word in bare.split())
        and not set(words_of(bare)) & (language.capitals | language.known_names | language.talk.first_person)
    )
