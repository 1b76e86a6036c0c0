"""Probably asked questions: a question that somebody thought of before brings its sentence and its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.library.index import AskedQuestions, Match
from chatbot.library.search.evidence import Reason
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools
from chatbot.progress import counted

GRANTED = 0.6  # the share of the words of a question with a false premise that another must hold to have it too
FEW = 3  # matches and windows whose works a follow-up is taken to be about


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
            whole = tools.candidate(place.position, match.cosine, [Reason(self.name, rank, round(match.cosine, 4))])
            found.append(
                replace(
                    whole,
                    first=place.sentence,
                    last=place.sentence,
                    text=sentence,
                    key=sentence,
                    asked=match.question,
                    answer=asked.answer(fact, inquiry.question),
                    correction=fact.correction if self._takes_it_for_granted(match, inquiry, tools) else "",
                )
            )
        note = f"{counted(len(found), 'question')} like it, the nearest {nearest:.2f}"
        done = replace(inquiry, candidates=(*inquiry.candidates, *found))
        return done.measured(asked=nearest), note

    def _takes_it_for_granted(self, match: Match, inquiry: Inquiry, tools: Tools) -> bool:
        """Whether the question is so like one with a false premise that it takes the same for granted."""
        wanted, asked = set(tools.terms(match.question)), set(tools.terms(inquiry.question))
        return match.cosine >= self.sure and len(wanted & asked) >= GRANTED * len(wanted)

    def _matches(self, inquiry: Inquiry, asked: AskedQuestions, tools: Tools) -> list[Match]:
        """What is like the question; of a follow-up also what is like it by itself in the works that it is about."""
        number = max(1, self.number // inquiry.shares)
        if not inquiry.context:
            return asked.search(inquiry.question, tools.vector(inquiry.question), number, inquiry.works)
        text = inquiry.main.text
        whole = asked.search(text, tools.vector(text), number, inquiry.works)
        found = [asked.facts[match.fact][1].work for match in whole[:FEW]]
        works = {*found, *(candidate.passage.work for candidate in inquiry.candidates[:FEW])}
        alone = asked.search(inquiry.question, tools.vector(inquiry.question), number // 2, works)
        known = {match.fact for match in alone}
        return [*alone, *(match for match in whole if match.fact not in known)]
