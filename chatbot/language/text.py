"""Text: sentences, words and stems."""

from __future__ import annotations

import re
from functools import lru_cache

from chatbot.language.en import ENGLISH
from chatbot.language.language import Language
from chatbot.language.letters import SMALL, is_unspaced, pieces, word_pattern
from chatbot.language.normal import comparable, normal, with_plain_marks

# Full stops behind which a sentence may begin without a space, and those of scripts without capitals.
_END = re.compile(rf"""([.!?؟।॥۔]+["')\]]*)\s+(?=["'(\[]*[^\W_{SMALL}])|([。！？｡]+["')\]」』）]*)\s*(?=\S)""")
_RAISED = {ord(raised): f" {plain}" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "0123456789" * 2, strict=True)}
_RAISED[ord("`")] = "'"

MAX_ABBREVIATION = 40  # characters that are looked at before a full stop, and not all since the last sentence


def clean_message(text: str) -> str:
    """A visitor's message in its normal form, without space around it."""
    return normal(text).strip()


def split_sentences(text: str, language: Language = ENGLISH) -> list[str]:
    """The sentences of a paragraph, in order. Titles and initials ("Dr. J. H. Watson") do not end one."""
    sentences: list[str] = []
    start = 0
    for match in _END.finditer(text):
        before = text[max(start, match.start() - MAX_ABBREVIATION) : match.start()]
        last = before.split()[-1].strip("\"'([").lower() if before.split() else ""
        initial = len(last) == 1 and last.isalpha() and last not in language.known_names
        if match[1] == "." and (last in language.abbreviations or initial):
            continue
        sentences.append(text[start : match.end(1 if match[1] else 2)].strip())
        start = match.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, in any script; a possessive's 's is taken off.

    This is the one tokenizer: the index, the windows, the check of replies and every comparison use it. Scripts without
    spaces are divided into pairs of signs.
    """
    return [piece for word in written_words(text) for piece in pieces(word)]


def written_words(text: str) -> list[str]:
    """The words of a text as `words_of` has them, but for scripts without spaces, of which it has whole runs."""
    text = with_plain_marks(text).translate(_RAISED).lower()
    return [word.removesuffix("'s") for word in word_pattern(text).findall(text)]


def holds(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text as whole words, whatever its capitals, accents, quotation marks and dashes."""
    wanted = comparable(phrase)
    before = "" if is_unspaced(wanted[:1]) else r"(?<!\w)"
    after = "" if is_unspaced(wanted[-1:]) else r"(?!\w)"
    return bool(wanted) and bool(re.search(f"{before}{re.escape(wanted)}{after}", comparable(text)))


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
