"""Pairs for the retriever from the probable questions: each with other ways to ask the same, and with its sentence.

Question is searched for among questions, so the retriever has to know that two of them ask the same, and that two about
the same person do not. A follow-up is paired with what asks the same alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chatbot.language import holds
from chatbot.library.index import AskedQuestions
from chatbot.library.search import Library
from chatbot.library.texts import ProbableQuestion
from chatbot.progress import Progress
from chatbot.tuning.pairs import NEGATIVES, Pair

ASKED = "probable"  # the kind of these pairs


def asked_pairs(
    library: Library, *, use: Callable[[str], bool], on_progress: Progress = lambda done, total: None
) -> Iterator[Pair]:
    """The probable questions of a library: each with the others of its fact and with the sentence that answers.

    Args:
        library: whose they are.
        use: whether a work may be trained on.
        on_progress: told how many facts are done, of how many.
    """
    asked = library.tools.asked()
    if asked is None:
        return
    told = {question: fact for fact, _ in asked.facts for question in fact.questions}
    for number, (fact, place) in enumerate(asked.facts):
        if use(place.work):
            sentence = library.tools.sentences(place.position)[place.sentence]
            others = _others(number, asked, library)
            yield from _pairs_of(fact, place.work, f"{place.work}. {sentence}", others, told.get(fact.after))
        on_progress(number + 1, len(asked.facts))


def _pairs_of(
    fact: ProbableQuestion, work: str, sentence: str, others: tuple[str, ...], before: ProbableQuestion | None
) -> Iterator[Pair]:
    about = (ASKED, work)
    for question in fact.questions:
        same = tuple(text for text in fact.questions if text != question)
        if same:
            yield Pair(*about, question, "question", same, others, (fact.answer,))
        yield Pair(*about, question, "sentence", (sentence,), (), (fact.answer,))
    if before:
        asked = f"{before.questions[0]} {before.answer[:1].upper()}{before.answer[1:]}. {fact.then}"
        yield Pair(*about, asked, "question", fact.questions, before.questions, (fact.answer,))


def _others(number: int, asked: AskedQuestions, library: Library) -> tuple[str, ...]:
    """Questions that are like those of a fact and ask for something else."""
    fact, place = asked.facts[number]
    question = fact.questions[0]
    found = []
    for match in asked.search(question, library.tools.vector(question), 2 * NEGATIVES):
        other, there = asked.facts[match.fact]
        told = f"{other.answer} {library.tools.sentences(there.position)[there.sentence]}"
        if match.fact != number and not (there.work == place.work and holds(told, fact.answer)):
            found.append(match.question)
    return tuple(found[:NEGATIVES])
