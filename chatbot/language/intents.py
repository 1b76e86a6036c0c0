"""What a message is: small talk, a question of its own, a follow-up, or something about the visitor.

All of it is decided here, from the message and what was said before it; which words and phrases decide, the language
says. Small talk is recognised by what it is, never by the absence of something else: a message in words that nobody
knows is a question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from chatbot.language.language import Language
from chatbot.language.normal import to_plain
from chatbot.language.text import content_words, meaning_words, names_in, words_of
from chatbot.language.told import OTHER, PLAN, correction_in, is_idle, topic_of, wish_to_forget

Kind = Literal[
    "small talk", "told by the visitor", "about the visitor", "about the persona", "going on", "follow-up", "question"
]
Exchanges = Sequence[tuple[str, str]]

WITHOUT_BOOKS: frozenset[Kind] = frozenset({"small talk", "told by the visitor", "about the visitor"})
IN_CONTEXT: frozenset[Kind] = frozenset({"going on", "follow-up"})
SHORT = 4  # words; a question of so few seldom stands alone
SMALL_TALK_WORDS = 20  # a longer message is no small talk, whatever its words
OTHER_WORDS = 1  # words of meaning in a courteous statement that are not the usual ones
OTHER_WORDS_TO_YOU = 3  # the same, where the visitor speaks of himself and the persona: "I am indebted to you"
REACH = 2  # exchanges that a follow-up refers back to at most

_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_END = re.compile(r"""(?<=[.!?])["')\]]*\s+|(?<=[。！？؟।])|\n+""")


def kind_of(message: str, language: Language, history: Exchanges = ()) -> Kind:
    """What kind of message a visitor wrote.

    Args:
        message: as it was written.
        language: the persona's.
        history: the exchanges before it as (question, reply), the oldest first.
    """
    if is_about_visitor(message, language):
        return "about the visitor"
    before = last_matter(history, language)
    if before and _goes_on(message, language, before[-1]):
        return "going on"
    if is_small_talk(message, language):
        return "small talk"
    if _tells_of_visitor(message, language) or _goes_on_telling(message, language, history):
        return "told by the visitor"
    if before and is_follow_up(message, language) and _goes_back(message, language):
        return "follow-up"
    return "about the persona" if is_about_persona(message, language) else "question"


def is_small_talk(message: str, language: Language) -> bool:
    """Whether a message that nothing was said before holds nothing that a book could answer.

    Each of its sentences is made of courtesies and the words that go with them ("Good evening, how are you?"), or is a
    statement of nobody else in which hardly a word of meaning is another ("What a lovely room you have"). A message
    without a word is small talk too.
    """
    return len(words_of(message)) <= SMALL_TALK_WORDS and all(
        _is_courteous(sentence, language) for sentence in sentences_of_message(message, language)
    )


def is_about_visitor(message: str, language: Language) -> bool:
    """Whether visitors ask about themselves or what they said before ("What is my name?", "Have we met?")."""
    return any(_asks_of_himself(sentence, language) for sentence in sentences_of_message(message, language))


def is_perhaps_about_visitor(message: str, language: Language) -> bool:
    """Whether a message may ask for something that the visitor told: "Do I eat meat?" does, "Am I in danger?" does not.

    Only what he told can say which; `is_about_visitor` needs no more than the message.
    """
    left, _ = _without_asides(message, language)
    return is_question(message, language) and bool(language.talk.perhaps_of_himself.match(left))


def speaks_to(message: str, language: Language) -> bool:
    """Whether a message speaks to the persona: "you", "you're", "your"."""
    return bool(language.second_person & {word.partition("'")[0] for word in words_of(message)})


def is_about_persona(message: str, language: Language) -> bool:
    """Whether a message speaks to the persona of the persona, and of nobody who has a name."""
    return bool(language.second_person & set(words_of(message))) and not names_in(message, language)


def is_own_matter(message: str, language: Language, history: Exchanges = ()) -> bool:
    """Whether a message tells of the visitor, or asks what he should do: no book holds an answer to that.

    Whoever names somebody in a question, or goes on with what was said before, may mean the books.
    """
    if not tells_of_self(message, language):
        return False
    sentences = sentences_of_message(message, language)
    asked = [sentence for sentence in sentences if is_question(sentence, language)]
    if asked and language.talk.asks_advice.search(to_plain(message)) and not asks_of_somebody(message, language):
        told = any(tells_of_self(each, language) for each in sentences if each not in asked)
        return told or kind_of(message, language, history) not in IN_CONTEXT
    return not asked and kind_of(message, language, history) not in IN_CONTEXT


def asks_of_somebody(message: str, language: Language) -> bool:
    """Whether a question of a message names somebody: in "I owe Kevin money. Should I pay?" none does."""
    names = {name.lower() for sentence in questions_in(message, language) for name in names_in(sentence, language)}
    return bool(names - language.places - language.capitals - language.known_names)


def questions_in(message: str, language: Language) -> list[str]:
    """The sentences of a message that ask something, in order."""
    return [sentence for sentence in sentences_of_message(message, language) if is_question(sentence, language)]


def is_question(sentence: str, language: Language) -> bool:
    """Whether a sentence asks something, with or without a question mark ("tell me who did it")."""
    plain = to_plain(sentence).lstrip("\"'(")
    return plain.rstrip("\"')").endswith(("?", "？", "؟")) or bool(language.talk.asking.match(plain))


def is_follow_up(question: str, language: Language) -> bool:
    """Whether a question seems to need the exchange before it: it points back, or is very short."""
    words = words_of(question)
    return bool(words) and (len(words) <= SHORT or points_back(question, language))


def _goes_back(message: str, language: Language) -> bool:
    """Whether a message that points back wants something of what was said: "She says you are brave" does not."""
    words = words_of(message)
    return is_question(message, language) or len(words) <= SHORT or words[0] in language.continuing


def points_back(question: str, language: Language) -> bool:
    """Whether a question points back to what was said before: "he", "there", "and"."""
    words = words_of(question)
    return bool(words) and (words[0] in language.continuing or any(word in language.referring for word in words))


def last_matter(history: Exchanges, language: Language) -> Exchanges:
    """What a follow-up refers back to: the last exchange that was no small talk.

    With the one before it, where its question has no words of its own ("Who was he?").
    """
    for last in range(len(history) - 1, -1, -1):
        question, reply = history[last]
        if _asks(reply) or not is_small_talk(question, language):
            first = last
            while first and last - first < REACH - 1 and not meaning_words(history[first][0], language):
                first -= 1
            return history[first : last + 1]
    return ()


@lru_cache(maxsize=8192)  # a visitor's earlier messages are looked through again and again
def statements(message: str, language: Language) -> str:
    """What a message tells: its sentences without questions and courtesies; an empty string where it tells nothing."""
    return " ".join(
        sentence
        for sentence in sentences_of_message(message, language)
        if not is_question(sentence, language)
        and not is_about_visitor(sentence, language)
        and not is_small_talk(sentence, language)
    )


def told_statements(message: str, language: Language) -> list[str]:
    """The sentences of a message in which somebody may tell of himself; see `told_in`.

    Of courtesies, those that a rule of the language knows: "I am married" is one, "I am late" is none.
    """
    if wish_to_forget(message, language):
        return []
    return [
        sentence
        for sentence in sentences_of_message(message, language)
        if not is_question(sentence, language)
        and not is_about_visitor(sentence, language)
        and not _only_talks(sentence, language)
    ]


def _only_talks(sentence: str, language: Language) -> bool:
    """Whether a sentence is small talk in which no rule finds anything told, and every word is light."""
    topic = topic_of(sentence, language)[0]
    if topic not in (OTHER, PLAN) or not is_small_talk(sentence, language):
        return False
    light, words = language.talk.light, set(words_of(sentence))
    speaks_to_him = bool(language.second_person & words) and topic == OTHER
    return speaks_to_him or not language.talk.first_person & words or content_words(sentence, language) <= light


def tells_of_self(text: str, language: Language) -> bool:
    """Whether somebody speaks of himself: "I", "my"."""
    return bool(language.talk.first_person & set(words_of(text)))


def sentences_of_message(message: str, language: Language) -> list[str]:
    """The sentences and lines of a message, in which nobody need begin a sentence with a capital."""
    sentences: list[str] = []
    start = 0
    for end in _END.finditer(message):
        part = message[start : end.start()]
        last = part.split()[-1] if part.split() else ""
        shortened = last.strip(".(\"'").lower() in language.abbreviations or _INITIALS.fullmatch(last)
        if "\n" not in end[0] and last.endswith(".") and shortened:
            continue
        sentences.append(part.strip())
        start = end.end()
    sentences.append(message[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _asks_of_himself(sentence: str, language: Language) -> bool:
    talk, plain = language.talk, to_plain(sentence)
    if talk.wants_recalled.search(plain):
        return True
    if not is_question(sentence, language):
        return False
    left, had_asides = _without_asides(sentence, language)
    return bool(
        talk.about_visitor.search(plain)
        or (talk.of_himself.match(left) and not talk.asks_advice.search(left))
        or (had_asides and talk.named_of_himself.match(left))
    )


def _without_asides(sentence: str, language: Language) -> tuple[str, bool]:
    """A question without what stands around it, and whether anything did."""
    plain = to_plain(sentence)
    around = language.talk.asides.match(plain)
    return (plain[around.end() :], True) if around else (plain, False)


def _asks(reply: str) -> bool:
    return to_plain(reply).rstrip("\"')").endswith("?")


def _tells_of_visitor(message: str, language: Language) -> bool:
    """Whether a message says who the visitor is, or what a rule knows of him, and asks nothing."""
    sentences = sentences_of_message(to_plain(message), language)
    if any(is_question(sentence, language) or language.interrogative.search(sentence) for sentence in sentences):
        return False
    return any(
        language.talk.introducing.match(sentence)
        or (topic_of(sentence, language)[0] != OTHER and not is_idle(sentence, language))
        for sentence in sentences
    )


def _goes_on_telling(message: str, language: Language, history: Exchanges) -> bool:
    """Whether a message goes on with what the visitor told in the one before, or puts it right, and asks nothing."""
    if not history or is_question(message, language):
        return False
    first = words_of(message)[:1]
    goes_on = bool(set(first) & language.talk.third_person) or any(
        correction_in(sentence, language) for sentence in sentences_of_message(message, language)
    )
    *before, (said, _) = history
    return goes_on and (_tells_of_visitor(said, language) or _goes_on_telling(said, language, before))


def _is_courteous(sentence: str, language: Language) -> bool:
    def light(word: str) -> bool:
        return language.stem(word) in language.talk.light or word in language.talk.addressing

    words = words_of(sentence)
    if not words:
        return True
    left = _without(language.talk.courtesies, words).split()
    if (len(left) < len(words) or any(map(light, left))) and all(
        light(word) or word in language.talk.fillers for word in left
    ):
        return True
    if not _without((*language.talk.going_on, *language.talk.accepting), words):
        return True
    if is_question(sentence, language) or language.talk.third_person & set(words):
        return False
    said = words_of(_without(language.talk.going_on, words))
    without_meaning = language.stopwords | language.talk.first_person
    other = [word for word in said if word not in without_meaning and not light(word)]
    named = [word for name in names_in(sentence, language) for word in words_of(name) if not light(word)]
    if named:
        return False
    if language.talk.first_person & set(words) and language.second_person & set(words):
        return len(other) <= OTHER_WORDS_TO_YOU
    return any(map(light, said)) and len(other) <= OTHER_WORDS


def _without(phrases: tuple[str, ...], words: Sequence[str]) -> str:
    return _one_of(phrases).sub(" ", " ".join(words)).strip()


@lru_cache(maxsize=64)
def _one_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(phrases, key=len, reverse=True))})(?!\S)")


def _goes_on(message: str, language: Language, before: tuple[str, str]) -> bool:
    """Whether a message says no more than that what was said before is to go on: "yes", "and then?", "?"."""
    words = [word for word in words_of(message) if word not in language.talk.addressing]
    if not words:
        return "?" in message
    asked = language.talk.accepting if _asks(before[1]) else ()
    return not _without((*language.talk.going_on, *asked), words)
