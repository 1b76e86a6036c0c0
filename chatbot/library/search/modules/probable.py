"""Probably asked questions: a question that somebody thought of before brings its sentence and its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.language import names_in
from chatbot.library.index import AskedQuestions, Match
from chatbot.library.search.evidence import Reason
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools
from chatbot.progress import counted

FEW = 2  # facts like the exchange before a follow-up whose works it is taken to be about
GRANTED = 0.85  # the share of the words of a question with a false premise that another must hold to have it too


@dataclass(frozen=True)
class ProbableQuestions(Module):
    """The facts whose probable questions are like this one (PAQ; Lewis et al., 2021), each as a window of the sentence
    that holds it. Does nothing where a persona has no such questions.

    Attributes:
        number: how many facts at most.
        cosine: the least likeness, in sense, of the two questions.
        sure: the likeness from which on a false premise is taken to be the same.
    """

    name = "probable-questions"
    reranks = True
    number: int = 10
    cosine: float = 0.45
    sure: float = 0.65

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Add candidates."""
        asked = tools.asked()
        if asked is None or not len(asked):
            return inquiry, "none written"
        matches = self._matches(inquiry, asked, tools)
        nearest = max((match.cosine for match in matches), default=0.0)
        found: list[Candidate] = []
        for rank, match in enumerate(matches, 1):
            fact, place = asked.facts[match.fact]
            if match.cosine < self.cosine:
                continue
            sentence = tools.sentences(place.position)[place.sentence]
            same = self._asks_no_more(match, sentence, inquiry, tools)
            whole = tools.candidate(place.position, match.cosine, [Reason(self.name, rank, round(match.cosine, 4))])
            found.append(
                replace(
                    whole,
                    first=place.sentence,
                    last=place.sentence,
                    text=sentence,
                    key=sentence,
                    asked=match.question,
                    answer=asked.answer(fact, inquiry.question, same=same) or sentence,
                    correction=fact.correction if self._takes_it_for_granted(match, inquiry, tools) else "",
                )
            )
        note = f"{counted(len(found), 'question')} like it, the nearest {nearest:.2f}"
        done = replace(inquiry, candidates=(*inquiry.candidates, *found))
        return done.measured(asked=nearest), note

    @staticmethod
    def _asks_no_more(match: Match, sentence: str, inquiry: Inquiry, tools: Tools) -> bool:
        """Whether every word of meaning of a question stands in the one that it is like, or in what answers that."""
        return set(tools.terms(inquiry.question)) <= set(tools.terms(f"{match.question} {sentence}"))

    def _takes_it_for_granted(self, match: Match, inquiry: Inquiry, tools: Tools) -> bool:
        """Whether the question is so like one with a false premise that it takes the same for granted."""
        wanted, asked = set(tools.terms(match.question)), set(tools.terms(inquiry.question))
        return match.cosine >= self.sure and len(wanted & asked) >= GRANTED * len(wanted)

    def _matches(self, inquiry: Inquiry, asked: AskedQuestions, tools: Tools) -> list[Match]:
        """What is like the question; of a follow-up what is like it behind the exchange before it.

        That is looked for in the works of the exchange, unless the follow-up names somebody or something itself.
        """
        text, works = inquiry.main.text if inquiry.context else inquiry.question, inquiry.works
        if inquiry.context and not names_in(inquiry.question, tools.language):
            before = asked.search(inquiry.context, tools.vector(inquiry.context), FEW)
            found = frozenset(asked.facts[match.fact][1].work for match in before)
            works = asked.works_named(inquiry.context) or found or works
        return asked.search(text, tools.vector(text), max(1, self.number // inquiry.shares), works)
