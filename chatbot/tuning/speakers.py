"""Who says what in a book: quotations with a tag of speech beside them ("... ," said Holmes), and the narration.

The rule errs on the side of silence: a paragraph whose tags name nobody, both the persona and another, or which quotes
within a quotation, is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.language import Language, split_sentences, to_plain
from chatbot.library.texts import Section

Speaker = Literal["persona", "speaker", "narrator", "assistant"]

LINE_WORDS = 25  # sentences of one speech are put together until they have so many
LEAST_WORDS = 6
ALTERNATING = 4  # paragraphs of nothing but speech that are taken to alternate behind a tag

_SPEECH = re.compile(r'"([^"]*)(?:"|$)')


@dataclass(frozen=True)
class Line:
    """Something said or told.

    Attributes:
        text: a few sentences.
        speaker: the persona, another speaker of the books, their narrator, or a plain assistant.
        group: the work; of lines that are in no book, what they answer.
        tagged: whether a tag of speech beside it says so; otherwise it follows from what stands before.
    """

    text: str
    speaker: Speaker
    group: str
    tagged: bool = True


def lines_of(sections: Sequence[Section], names: frozenset[str], language: Language) -> list[Line]:
    """The lines of a book's sections whose speaker is known.

    Args:
        sections: of a book.
        names: of the persona, each a word with a capital.
        language: of the book.
    """
    tags = _tags(language)
    found: list[Line] = []
    for section in sections:
        for text, speaker, tagged in _said(section, names, tags, language):
            found += [Line(part, speaker, section.work, tagged) for part in parts_of(text, language)]
    return found


def parts_of(text: str, language: Language) -> list[str]:
    """A text in lines of about `LINE_WORDS`; what is shorter than `LEAST_WORDS` is left out."""
    parts: list[list[str]] = [[]]
    for sentence in split_sentences(text, language):
        if sum(len(said.split()) for said in parts[-1]) >= LINE_WORDS:
            parts.append([])
        parts[-1].append(sentence)
    joined = (" ".join(part) for part in parts)
    return [part for part in joined if len(part.split()) >= LEAST_WORDS]


def _tags(language: Language) -> re.Pattern[str]:
    """Who says something: a name with a capital or "I", before a verb of saying or behind one."""
    verbs = "|".join(sorted(language.saying, key=len, reverse=True))
    who = rf"((?i:{language.first_person}|{language.somebody})|[^\W\d_a-z][\w'-]+(?: [^\W\d_a-z][\w'-]+)*)"
    return re.compile(rf"\b(?:{verbs}) (?:\w{{2,4}}\. )?{who}\b|\b{who}(?: \w+)? (?:{verbs})\b")


def _said(
    section: Section, names: frozenset[str], tags: re.Pattern[str], language: Language
) -> Iterator[tuple[str, Speaker, bool]]:
    """Text, speaker and whether a tag names him, for each paragraph where one is known."""
    told_by_persona = bool(names & set(section.narrator.split()))
    chain: list[Speaker] = []  # who spoke last, since a tag
    last: Speaker | None = None
    is_open = False
    for paragraph in section.paragraphs:
        plain = to_plain(paragraph)
        speeches = [speech.strip() for speech in _SPEECH.findall(plain)]
        rest = _SPEECH.sub(" ", plain)
        goes_on, is_open = is_open and plain.startswith('"'), plain.count('"') % 2 == 1
        if not speeches:
            chain, last = [], None
            yield plain, "persona" if told_by_persona else "narrator", True
            continue
        speaker = _speaker(rest, names, tags, told_by_persona, language)
        tagged = speaker is not None
        bare = not rest.strip()
        if tagged:
            chain = [speaker] if speaker else []
        elif goes_on:
            speaker = last
            tagged = speaker is not None
        elif bare and chain and len(chain) < ALTERNATING and chain[0] == "persona":
            speaker = "speaker" if chain[-1] == "persona" else "persona"
            chain.append(speaker)
        else:
            chain = []
        last = speaker
        text = " ".join(speeches)
        if speaker is not None and not re.search(r"(?:^|\s)'\w", text):
            yield text, speaker, tagged


def _speaker(
    rest: str, names: frozenset[str], tags: re.Pattern[str], told_by_persona: bool, language: Language
) -> Speaker | None:
    """Whom the tags beside a speech name; None: nobody, or more than one."""
    found: set[Speaker] = set()
    for match in tags.finditer(rest):
        who = match[1] or match[2]
        own = (
            told_by_persona
            if re.fullmatch(language.first_person, who, re.IGNORECASE)
            else bool(names & set(who.split()))
        )
        found.add("persona" if own else "speaker")
    return found.pop() if len(found) == 1 else None
