"""How people write in a chat: its spelling, the question within a longer message, and what a message does.

What a message *does* (it greets, takes leave, thanks) is told by the patterns of its language. The persona's lines have
the same names as their kinds, so that a farewell is answered by a farewell, whatever else stands beside it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chatbot.language.intents import (
    asks_of_somebody,
    is_about_persona,
    is_own_matter,
    is_question,
    is_small_talk,
    points_back,
    sentences_of_message,
    speaks_to,
    tells_of_self,
)
from chatbot.language.language import Language
from chatbot.language.normal import to_plain
from chatbot.language.text import meaning_words, names_in, words_of

MOST_TOLD = 2  # of the sentences that stand before a question, and are looked up with it
LEAST_WORDS = 3  # of meaning in a statement that a question behind it may be about


def spelled_out(text: str, language: Language) -> str:
    """A message in the usual spelling: "u" becomes "you", "whos" becomes "who's"."""
    spellings = language.talk.spellings
    found = _spellings(language)
    if found is None:
        return text
    return found.sub(lambda each: _like(each[0], spellings[(each.lastindex or 1) - 1][1]), text)


@lru_cache(maxsize=16)
def _spellings(language: Language) -> re.Pattern[str] | None:
    """All spellings of chats as one pattern, each a group: thousands of lines are read with it when a chat opens."""
    spellings = language.talk.spellings
    groups = "|".join(f"({found})" for found, _ in spellings)
    return re.compile(rf"(?<![\w'])(?:{groups})(?![\w'])", re.IGNORECASE) if spellings else None


def _like(written: str, usual: str) -> str:
    return usual[:1].upper() + usual[1:] if written[:1].isupper() else usual


def unaddressed(text: str, language: Language) -> str:
    """A message without the name and title by which the persona is addressed: "Hello, Mr Holmes!" becomes "Hello!".

    As it was where nothing else would be left. Without a comma, a name is an address in a greeting or a farewell alone:
    "Who is Mr Holmes?" asks for him.
    """
    behind, anywhere = _addresses(language)
    said = behind.sub("", text)
    if anywhere.search(said) and act_of(text, language):
        said = anywhere.sub("", said, count=1)
    return said.strip(" ,") if words_of(said) else text


@lru_cache(maxsize=16)
def _addresses(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """An address set off by a comma, and one that is not."""
    named = "|".join(sorted(map(re.escape, language.known_names | language.talk.addressing), key=len, reverse=True))
    name = rf"(?:{named})\b\.?(?: (?:{named})\b\.?)*"
    end = r"(?=\s*(?:[,.!?;:]|$))"
    set_off = "|".join([name, *sorted(map(re.escape, language.talk.endearing))])
    return re.compile(rf"^{name}, |, (?:{set_off}){end}", re.IGNORECASE), re.compile(rf" {name}{end}", re.IGNORECASE)


def asked_for(message: str, language: Language) -> str:
    """What a message asks, without what stands around it: the question that is to be looked up.

    "She wants to know who owned the dog." -> "Who owned the dog."; "I have read it twice. Why did he do it?" stays as
    it is, since the question points back to what stands before it. So does a message without a question.
    """
    sentences = sentences_of_message(message, language)
    asking = [at for at, sentence in enumerate(sentences) if is_question(sentence, language)]
    if len(asking) != 1 or is_own_matter(message, language):
        return message
    at = asking[0]
    if language.talk.asks_agreement.match(sentences[at]):  # "Kevin says that you are a machine. Is he right?"
        said = [each for each in sentences[:at] if speaks_to(each, language) and language.talk.framed.match(each)]
        if said:
            return language.talk.framed.sub("", said[-1], count=1)
    if _is_of_what_was_told(sentences[at], language):
        return message
    question = _unframed(sentences[at], language)
    before = [
        sentence
        for sentence in sentences[:at]
        if not is_small_talk(sentence, language) and not language.talk.introducing.match(sentence)
    ]
    needed = points_back(question, language) or not (
        names_in(question, language) or is_about_persona(question, language)
    )
    told = [sentence for sentence in before if len(meaning_words(sentence, language)) >= LEAST_WORDS]
    return " ".join((*told[-MOST_TOLD:], question)) if needed else question


def _is_of_what_was_told(question: str, language: Language) -> bool:
    """Whether a question asks nothing without what stands before it: "What would you do?", "Who did it?"."""
    plain = to_plain(question)
    if language.talk.asks_advice.search(plain):
        return not asks_of_somebody(question, language)
    return bool(language.talk.asks_deduction.search(plain)) and len(meaning_words(question, language)) <= 1


def stands_alone(message: str, language: Language) -> bool:
    """Whether a message holds what its question points back to, so that nothing that was said before is needed."""
    sentences = sentences_of_message(message, language)
    return (
        len(sentences) > 1
        and is_question(sentences[-1], language)
        and bool(names_in(" ".join(sentences[:-1]), language))
        and not tells_of_self(" ".join(sentences[:-1]), language)
    )


def _unframed(question: str, language: Language) -> str:
    """A question without what introduces it; as it was where nothing that asks would be left."""
    framed = language.talk.framed.match(question)
    rest = question[framed.end() :].strip() if framed else ""
    return rest[:1].upper() + rest[1:] if rest and is_question(rest, language) else question


def act_of(message: str, language: Language) -> str:
    """What a message does, as a kind of line: "farewell", "greeting" ...; empty where no pattern tells.

    The first kind of the language's list that one of its sentences is of.
    """
    sentences = sentences_of_message(message, language)
    for kind, pattern in language.talk.acts.items():
        if any(pattern.search(sentence) for sentence in sentences):
            return kind
    return ""
