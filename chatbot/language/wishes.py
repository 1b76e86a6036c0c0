"""Wishes about the form of a reply, as visitors have them, and whether a reply keeps to one."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.language.language import Language
from chatbot.language.text import split_sentences, words_of


@dataclass(frozen=True)
class FormWish:
    """One wish.

    Attributes:
        text: as it is said behind a question.
        sentences: the most that the reply may have; 0: as many as it likes.
        words: likewise.
        begins: the word that it is to begin with, in lower case; empty: any.
    """

    text: str
    sentences: int = 0
    words: int = 0
    begins: str = ""

    def kept_by(self, reply: str, language: Language) -> bool:
        """Whether a reply, which says something, keeps to it."""
        words = words_of(reply)
        return (
            bool(words)
            and (not self.sentences or len(split_sentences(reply, language)) <= self.sentences)
            and (not self.words or len(words) <= self.words)
            and (not self.begins or words[0] == self.begins)
        )


_WISHES: dict[str, tuple[FormWish, ...]] = {
    "en": (
        FormWish("Answer in a single sentence.", sentences=1),
        FormWish("Answer in no more than eight words.", words=8),
        FormWish("Begin your answer with the word Indeed.", begins="indeed"),
    ),
    "de": (
        FormWish("Antwortet in einem einzigen Satz.", sentences=1),
        FormWish("Antwortet mit höchstens acht Wörtern.", words=8),
        FormWish("Beginnt Eure Antwort mit dem Wort Fürwahr.", begins="fürwahr"),
    ),
}


def form_wishes(language: Language) -> tuple[FormWish, ...]:
    """The wishes in a language; none where nobody has written any."""
    return _WISHES.get(language.code, ())
