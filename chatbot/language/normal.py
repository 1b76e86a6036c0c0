"""The one form of text: what comes in, a source, a question, a persona's file, is brought to it before anything else.

`normal` changes nothing that a reader sees. `to_plain` is one line with the marks of a keyboard: how sources are kept
and how texts are compared. `folded` is how words are searched for: without accents.
"""

from __future__ import annotations

import re
import unicodedata

# Signs of another shape for letters and digits that have a form of their own (UAX 15, table 4): ligatures, full and
# half width, Arabic letters by their place in a word. Superscripts and fractions are not: 10² is not 102.
_SHAPES = ("<wide>", "<narrow>", "<small>", "<noBreak>", "<initial>", "<medial>", "<final>", "<isolated>")
_VISIBLE_FORMATS = (*range(0x600, 0x606), 0x6DD, 0x70F, 0x8E2)  # signs around numbers, "formats" in name only
_SELECTORS = (0x34F, *range(0xFE00, 0xFE0F), *range(0xE0100, 0xE01F0))  # variants of a sign; FE0F makes emoji
_JOINERS = "\u200c\u200d"
# Joiners change how Persian and Hindi words and emoji are written. Elsewhere they are dirt.
_JOINED = "\u0590-\u1dff\u2190-\u2bff\ua800-\uabff\ufe0f\U00010a00-\U0001faff"
_LOOSE_JOINER = re.compile(rf"(?<![{_JOINED}])[{_JOINERS}]+|[{_JOINERS}]+(?![{_JOINED}{_JOINERS}])")

_PLAIN = str.maketrans({
    **dict.fromkeys("“”„‟«»″〝〞〟", '"'),
    **dict.fromkeys("‘’‚‛‹›′´ʼ", "'"),
    **dict.fromkeys("‐‒–−", "-"),
    **dict.fromkeys("—―⸺⸻", "--"),
    "…": "...",
})  # fmt: skip
_LETTERS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
            "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ς": "σ"}  # fmt: skip
# What accents, points of vowels and the like are, over Latin, Greek, Cyrillic, Hebrew and Arabic letters; vowel signs
# of other scripts make another word. й, ў and ї are letters of their own.
_ACCENTS = re.compile(
    "(?<![иИуУ])\u0306|(?<![іІ])\u0308|[\u0300-\u0305\u0307\u0309-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\ufe0f\u200c\u200d]"
)


class _Forms(dict[int, str | None]):
    """For `str.translate`: what stands for a character, found out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        self[code] = found = _form(chr(code))
        return found


def _form(char: str) -> str | None:
    kind, code = unicodedata.category(char), ord(char)
    if char in "\x0b\x0c\r\x85\u2028\u2029":
        return "\n"
    if char in f"\n\t{_JOINERS}" or code in _VISIBLE_FORMATS:
        return char
    no_character = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code < 0xFDF0  # others without a category are only too new
    if kind in ("Cc", "Cf", "Cs", "Co") or no_character or code in _SELECTORS:
        return None
    if kind == "Zs":
        return " "
    tag = unicodedata.decomposition(char).split(" ")[0]
    if tag in _SHAPES or char == "ſ" or (tag == "<compat>" and "LIGATURE" in unicodedata.name(char, "")):
        shaped = unicodedata.normalize("NFKC", char)
        return shaped if " " not in shaped else char
    return char


_FORMS = _Forms()


def normal(text: str) -> str:
    """The form of every text that comes in: it reads as before, and what reads alike is alike.

    Letters are composed (NFC); ligatures and letters of another width become plain letters; soft hyphens, zero-width
    and control characters go; every kind of space is a space and every line end `\\n`.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    if text.isascii():
        return text.translate(_FORMS)
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_FORMS))
    return _LOOSE_JOINER.sub("", composed)


def with_plain_marks(text: str) -> str:
    """A text in its normal form with the quotation marks and dashes of a keyboard."""
    return normal(text).translate(_PLAIN)


def to_plain(text: str) -> str:
    """A text in its normal form on one line, with curly quotes, dashes and ellipses as ASCII."""
    return " ".join(with_plain_marks(text).split())


def folded(word: str) -> str:
    """A word without accents and points: "zoë" -> "zoe", "straße" -> "strasse"; digits of every script as ASCII."""
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", "".join(_LETTERS.get(char, char) for char in word)))
    return "".join(
        char if char.isascii() or not char.isdecimal() else str(unicodedata.decimal(char))
        for char in unicodedata.normalize("NFC", bare)
    )


def comparable(text: str) -> str:
    """The form in which two texts are compared: plain, in small letters, without accents."""
    return folded(to_plain(text).lower())
