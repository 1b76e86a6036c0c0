"""From bytes to text: byte order marks, UTF-8, UTF-16, a declared character set, and the old 8-bit ones."""

from __future__ import annotations

import codecs
import re
import unicodedata

from chatbot.errors import SourceError
from chatbot.library.texts.readers.limits import FORMATS

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""<meta\b[^>]{0,500}?charset\s*=\s*["']?\s*([\w-]+)|<\?xml[^>]{0,200}encoding=["']([\w-]+)""")
# Python has codecs that are not character sets (idna, unicode_escape); a file must not choose one of them.
_CHARACTER_SETS = ("ascii", "cp", "iso", "koi8", "mac", "shift", "euc", "gb", "big5", "hz", "utf-8", "johab", "tis")
# Windows-1252 is tried alone and first: beside others that fit as well, the guess is often wrong.
_GUESSES = (
    ["cp1252"],
    [
        *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "mac_roman"),
        *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
    ],
)
_SAMPLE = 65_536  # characters or bytes that are looked at
_MAX_CONTROLS = 0.005  # share of control characters in a text
_FEW_CONTROLS = 3  # so many say nothing, however short it is
_TERMINAL = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")  # a colour or a movement of a terminal (ECMA-48, CSI)


def decode(data: bytes, name: str, *, markup: bool = False) -> str:
    """The text in `data`.

    Args:
        data: the whole file.
        name: the file's name, for the message.
        markup: whether a character set may be declared in the text itself, as HTML does.

    Raises:
        SourceError: it is not text but something binary.
    """
    text = _decoded(data, name, markup)
    sample = text[:_SAMPLE]
    controls = sum(unicodedata.category(char) == "Cc" and char not in "\t\n\r\f\v\x1a\x1b" for char in sample)
    if controls > max(_FEW_CONTROLS, _MAX_CONTROLS * len(sample)):
        raise _binary(name)
    return _TERMINAL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, name: str, markup: bool) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if wide := _utf16_without_mark(data[:4096]):
        return data.decode(wide, errors="replace")
    try:
        text = data.decode("utf-8")
        if not text.isascii():
            return text
    except UnicodeDecodeError:
        text = ""
    declared = _declared(data) if markup else None
    if declared:
        try:
            return data.decode(declared)
        except (LookupError, ValueError):
            pass  # the page does not hold what it declares
    return text or _damaged_utf8(data) or _eight_bit(data)


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:4096])
    if not match:
        return None
    try:
        encoding = codecs.lookup((match[1] or match[2]).decode("ascii")).name
    except (LookupError, UnicodeDecodeError):
        return None
    if encoding in ("iso8859-1", "ascii"):
        return "cp1252"  # as browsers do (WHATWG Encoding Standard, section 4.2)
    return encoding if encoding.startswith(_CHARACTER_SETS) else None


def _utf16_without_mark(sample: bytes) -> str | None:
    """In UTF-16, every second byte of a text in Latin letters is zero."""
    half = len(sample) // 2
    if not half:
        return None
    even, odd = sample[: half * 2 : 2].count(0) / half, sample[1 : half * 2 : 2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 in which a few bytes are broken, for example a file cut off in the middle of a character."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    whole = sum(ord(char) > 127 for char in text) - broken
    return text if whole >= 10 * broken else None


def _eight_bit(data: bytes) -> str:
    """A text in one of the old character sets, which is guessed from the lines that are not ASCII."""
    from charset_normalizer import from_bytes

    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE]
    guesses = (from_bytes(telling, cp_isolation=encodings).best() for encodings in _GUESSES)
    encoding = next((guess.encoding for guess in guesses if guess), "cp1252")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _binary(name: str) -> SourceError:
    return SourceError(f"{name} is not a text but a binary file. Add a file of one of these formats: {FORMATS}.")
