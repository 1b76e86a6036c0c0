"""The questions of a message: "Who was X, and where did he live?" asks two."""

from __future__ import annotations

import re

from chatbot.language.intents import is_about_visitor, is_question, is_small_talk, sentences_of_message
from chatbot.language.language import Language
from chatbot.language.text import names_in, words_of

MOST = 4  # questions that are told apart; what follows goes with the last
FEWEST_WORDS = 3  # of what stands before a second question within one sentence

_COUNTED = ([str(number) for number in range(1, 20)], list("abcdefgh"))
_NUMBER = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2}|[a-h])[.):]\s+", re.MULTILINE)
_BULLET = re.compile(r"^\s*[-*•]\s+", re.MULTILINE)


def sub_questions(message: str, language: Language) -> tuple[str, ...]:
    """The questions that a message asks at once, in order; the message itself alone where it is one, or none.

    They are told apart however they are joined: as sentences, within one sentence, in lines, as items of a list. A
    statement stays with the question behind it, courtesies with none. What stands before a colon goes with each.
    """
    head, items = _items(message, language)
    asked: list[str] = []
    told: list[str] = []
    for item in items:
        for sentence in sentences_of_message(item, language):
            if len(items) == 1 and not is_question(sentence, language):
                told += [] if is_small_talk(sentence, language) else [sentence]
            elif not is_small_talk(sentence, language):
                first, *others = _joined(sentence, language)
                asked += [" ".join((*told, first)), *others]
                told = []
    if len(asked) < 2:
        return _of_his(message, language)
    asked = [*asked[: MOST - 1], " ".join(asked[MOST - 1 :])] if len(asked) > MOST else asked
    asked[-1] = " ".join((asked[-1], *told))
    return tuple(f"{head}{question}" for question in asked)


def _of_his(message: str, language: Language) -> tuple[str, ...]:
    """Of a visitor's question for two things of his, a question for each: "Do you recall my name and my trade?"."""
    found = language.talk.of_two_of_his.match(message)
    if not found or not is_about_visitor(message, language):
        return (message,)
    return tuple(f"{found['ask']}{found[each]}?" for each in ("one", "other"))


def _items(message: str, language: Language) -> tuple[str, list[str]]:
    """What goes with every question, and the items of a list; the whole message where it is none."""
    marks = list(_NUMBER.finditer(message))
    if not marks or [mark[1] for mark in marks] not in [counted[: len(marks)] for counted in _COUNTED]:
        marks = list(_BULLET.finditer(message))
    if len(marks) < 2:
        return "", [message]
    ends = [*(mark.start() for mark in marks[1:]), len(message)]
    items = [message[mark.end() : end].strip(" \t\n,;") for mark, end in zip(marks, ends, strict=True)]
    before = message[: marks[0].start()].strip()
    return (f"{before} " if names_in(before, language) else ""), [item for item in items if item]


def _joined(sentence: str, language: Language) -> list[str]:
    """The questions that are joined within one sentence; what stands before a colon goes with each."""
    head, colon, rest = sentence.rpartition(": ")
    cuts = list(language.joining.finditer(rest))
    if cuts:  # "..., who was ..." is another question in a list alone
        cuts = sorted((*cuts, *language.listing.finditer(rest)), key=lambda cut: cut.start())
    parts: list[str] = []
    start = 0
    for cut in cuts:
        before = rest[start : cut.start()]
        if cut.start() < start or not _stands(before, language, first=not parts):
            continue
        parts.append(before.strip())
        start = cut.end()
    parts.append(rest[start:].strip())
    return [f"{head}{colon}{part}" for part in parts]


def _stands(part: str, language: Language, *, first: bool) -> bool:
    """Whether what stands before a joint is a question that is complete."""
    said = words_of(part)
    complete = len(said) >= FEWEST_WORDS and any(is_question(clause, language) for clause in part.split(", "))
    return (complete or not first) and not (language.interrogative.fullmatch(said[-1]) or language.pairing & set(said))
