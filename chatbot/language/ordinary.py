"""How usual a word is in a language, from `wordfreq` (Speer, 2022): counts of subtitles, books, news and the web."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=16384)
def zipf(word: str, code: str) -> float:
    """How often a word is used, as the logarithm of its occurrences in a thousand million words; 0: never seen.

    Args:
        word: in small letters.
        code: of the language (ISO 639-1); a language that is not known knows no words.
    """
    from wordfreq import zipf_frequency

    try:
        return float(zipf_frequency(word, code))
    except LookupError:
        return 0.0
