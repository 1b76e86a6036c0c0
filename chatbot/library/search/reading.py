"""How a question is read: misspelt words of the books are mended, and what is strange to the books is told apart.

A word that occurs nowhere in the books may be an ordinary one, a misspelt one, a name, or a word of later times. The
last two are strange: whoever asks about them asks about another world. What stands beside a question is no part of it:
"I saw it on TV. Who painted the dog?" is of a dog, and a visitor who says where he lives asks nothing of the place.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.language import (
    RARE,
    Language,
    as_written,
    distance,
    is_later,
    is_ordinary,
    points_back,
    questions_in,
    written_words,
    zipf,
)

if TYPE_CHECKING:
    from chatbot.library.index import Passages

MIN_LETTERS = 5  # of a word that is mended by one letter
MIN_LETTERS_TWO = 8  # of one that is mended by two
MAX_LETTERS = 30  # of a word that is looked at closely
MAX_WORDS = 20  # that are not in the books and are looked at, of one question
NEAR = 200  # passages that are looked through for a word that is meant

_BEGINNING = re.compile(r"""(?:^|[.!?:;(\["]|(?<![^\W\d_])')\s*["'(\[]*$""")
_NUMBER = re.compile(r"\d+[^\W\d_]{0,2}")  # 1871, 14th, 1880s, 221b


@dataclass(frozen=True)
class Reading:
    """A question as it is searched for.

    Attributes:
        question: with misspelt words mended.
        strange: its strange words in small letters, in order, each once.
        taken_for: misspelt words as they were written, each with what it was taken for.
    """

    question: str
    strange: tuple[str, ...] = ()
    taken_for: tuple[tuple[str, str], ...] = ()


def read(question: str, passages: Passages, language: Language) -> Reading:
    """Read a question.

    Args:
        question: as it was asked.
        passages: of the books.
        language: of both.
    """
    mended, strange, taken = question, [], []
    asking = questions_in(question, language)
    asked = set(written_words(" ".join(asking) or question))
    points = any(points_back(sentence, language) for sentence in asking)
    told_by_capitals = _capitals_tell(question, language)
    for word in passages.lexical.unknown(question)[:MAX_WORDS]:
        written = as_written(word, question)
        name = told_by_capitals and _is_name(written, question, language)
        if (word in asked or points) and is_later(word, language):
            strange.append(word)
        elif meant := _meant(word, name, passages, language):
            taken.append((written, meant))
            mended = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", meant, mended)
        elif word in asked and ((name and asking) or not _is_ordinary(word, passages, language)):
            strange.append(word)
    return Reading(mended, tuple(strange), tuple(taken))


def _capitals_tell(question: str, language: Language) -> bool:
    """Whether capitals tell names from other words: not where all words have one, or all nouns."""
    small = [word for word in re.findall(r"[^\W\d_]+", question)[1:] if word.lower() in language.stopwords]
    titled = bool(small) and all(word[0].isupper() for word in small)
    return not (titled or question.isupper() or language.nouns_have_capitals)


def _is_name(written: str, question: str, language: Language) -> bool:
    """Whether a word has the capitals of a name, where a sentence does not begin with it."""
    if written.lower() in language.capitals | language.known_names | language.places:
        return False
    parts = written.split("-")
    if any(part[1:] != part[1:].lower() for part in parts):
        return True
    if not any(part[:1].isupper() for part in parts):
        return False
    place = question.find(written)
    return place < 0 or not _BEGINNING.search(question[:place])


def _is_ordinary(word: str, passages: Passages, language: Language) -> bool:
    """Whether a word that is not written as a name is one of the language; numbers are."""
    if word in language.known_names | language.capitals | language.places:
        return True
    if len(word) > MAX_LETTERS:
        return False
    if any(letter.isdecimal() for letter in word):
        return bool(_NUMBER.fullmatch(word))
    parts = [part for part in re.split(r"[-']", word) if part]
    return all(
        part in language.stopwords or not passages.lexical.unknown(part) or is_ordinary(part, language)
        for part in parts
    )


def _meant(word: str, name: bool, passages: Passages, language: Language) -> str:
    """The word of the books that a word was meant to be, as the books write it; empty where it was not.

    A name was meant to be a name. What is usual in the language is not misspelt.
    """
    if not MIN_LETTERS <= len(word) <= MAX_LETTERS or not word.isalpha() or zipf(word, language.code) >= RARE:
        return ""
    if not name and (word in language.known_names or zipf(word, language.code)):
        name = True  # an uncommon word is more likely itself than another ordinary one
    for letters in (1, 2) if len(word) >= MIN_LETTERS_TWO else (1,):
        found = _near(word, letters, name, passages, language)
        if found:
            return found
    return ""


def _near(word: str, letters: int, name: bool, passages: Passages, language: Language) -> str:
    seen: Counter[str] = Counter()
    forms: Counter[str] = Counter()
    for position in passages.lexical.near(word, letters, NEAR):
        text = passages[position].text
        near = [other for other in written_words(text) if other.isalpha() and distance(word, other, letters) <= letters]
        seen.update(near)
        forms.update(as_written(other, text) for other in near)
    written = {form.lower(): form for form, _ in reversed(forms.most_common())}
    # The first letter is seldom wrong (Pollock and Zamora, "Automatic spelling correction", 1984).
    fitting = [
        other for other in seen if (letters == 1 or other[0] == word[0]) and (not name or not written[other].islower())
    ]
    return written[max(fitting, key=lambda other: (other[0] == word[0], seen[other]))] if fitting else ""
