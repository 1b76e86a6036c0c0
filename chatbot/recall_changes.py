"""What a visitor told of the same later: he keeps bees, and now he has sold them.

Both statements stand among what he told, and the first is often worded nearer to his question. The later one counts
where it says that something is otherwise now, and speaks of what was asked or of what the first one answers with.
"""

from __future__ import annotations

from collections.abc import Mapping

from chatbot.language import (
    SUBJECT,
    Language,
    alike,
    content_words,
    is_of_change,
    names_in,
    persons_in,
    relations_told,
    words_of,
)
from chatbot.recall_signs import WEIGHTS, Asked

# By how much less a later statement may be worth than the one whose place it takes, chosen on the development visitors
# (tests/recalling.py): they ask in the words of the first.
OF_THE_ANSWER = 9.0  # one that has the answer of the first in it: "Whisky died", of the cat Whisky
OF_THE_QUESTION = 6.0  # one that only speaks of what was asked
UNSAID = 5.0  # less, where it does not say in so many words that it is otherwise now
LEAST = -4.5  # what is worth less does not answer, whatever it speaks of


def _may_be_his(asked: Asked, later: str, relations: Mapping[str, frozenset[str]], language: Language) -> bool:
    """Whether a statement begins with the visitor, with his people or with what is asked for: not with "a man"."""
    begins = words_of(later)[:SUBJECT]
    first = {language.stem(word) for word in begins}
    return bool(
        set(begins) & (language.talk.first_person | language.talk.third_person | relations.keys())
        or persons_in(begins, language)
        or first & {language.stem(word) for word in content_words(asked.text, language)}
        or any(first & {language.stem(each) for each in alike(word, language)} for word in asked.things)
    )


def change_of(
    asked: Asked,
    earlier: str,
    answer: str,
    later: str,
    relations: Mapping[str, frozenset[str]],
    language: Language,
) -> float:
    """By how much less than an earlier statement a later one may be worth to take its place; 0: it takes it not.

    Args:
        asked: the question.
        earlier: what answers it.
        answer: the words of `earlier` that do; empty where nobody read them.
        later: what he told after that.
        relations: who his people are (`language.relations_told`).
        language: the persona's.
    """
    if not _may_be_his(asked, later, relations, language):
        return 0.0
    before = {*names_in(earlier, language)}
    names = {*names_in(later, language)} - before
    if asked.named and before and not names and not relations_told([later], language):
        return 0.0  # a name is answered by a name
    words = set(words_of(later))
    of = frozenset().union(*(relations[name] for name in words & relations.keys()))
    said = {language.stem(word) for word in words | of}
    wanted = {*asked.persons, *asked.things, *asked.names}
    of_it = any(language.stem(each) in said for word in wanted for each in alike(word, language))
    if content_words(answer, language) & said:
        gap = OF_THE_ANSWER
    elif of_it or content_words(asked.text, language) & said:
        gap = OF_THE_QUESTION
    else:
        return 0.0
    more = WEIGHTS["named"] if asked.named else 0.0  # "I've a gelding now, Sultan" does not say "is called"
    return more + gap - (0.0 if is_of_change(later, language) else UNSAID)
