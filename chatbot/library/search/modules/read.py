"""The reader: reads question and text together, orders the candidates, and points at the answer in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot.library.search.confidence import sigmoid
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.models import TextReader
from chatbot.library.search.modules.base import Module, reordered
from chatbot.library.search.tools import Tools, sentences_of
from chatbot.progress import counted

# A logistic model of whether a candidate holds an accepted answer: the weights of the reader's logit and of a fact's
# cosine, and the bias. Fitted on Sherlock's validation.jsonl (235 plain questions, 58 follow-ups; nine books). Of the
# plain ones the first candidate then answers 68.9% (five-fold); by the cosine alone 58.7%, and by the logit alone,
# which takes windows for better than they are, 56.2%.
WINDOW = (0.44, 0.0, -1.31)
FACT = (0.47, 4.47, -3.00)
AGREEING = 4  # candidates whose works are compared: what answers a question is mostly about one
NO_FACT = -5.0  # the logit where no fact was read


@dataclass(frozen=True)
class Read(Module):
    """The first windows, and all sentences that probable questions brought, read by the reader: how likely each is to
    answer becomes its score. Does nothing where a persona has no reader.

    Attributes:
        number: how many windows are read.
    """

    name = "read"
    reranks = True
    number: int = 8

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Read, and order."""
        reader = tools.models.reader()
        if reader is None or not inquiry.candidates:
            return inquiry, "no reader" if reader is None else ""
        windows = [candidate for candidate in inquiry.candidates if not candidate.asked]
        known = [candidate for candidate in inquiry.candidates if candidate.asked]
        number = max(1, self.number // inquiry.shares)
        some, rest = [*known, *windows[:number]], windows[number:]
        question = inquiry.main.text if inquiry.context else inquiry.question
        read, scores, fact = _read(question, some, reader, tools)
        # What was not read counts for less than anything that was.
        least = min(scores)
        unread = [replace(candidate, score=least * candidate.score) for candidate in rest]
        ordered = reordered(self.name, read, scores)
        best = max(scores)
        first = [candidate.passage.work for candidate in ordered[:AGREEING]]
        done = replace(inquiry, candidates=(*ordered, *unread)).measured(
            read=best, works=first.count(first[0]) / len(first), fact=fact
        )
        return done, f"{counted(len(some), 'text')} read, the best {best:.2f}"


def _read(
    question: str, candidates: Sequence[Candidate], reader: TextReader, tools: Tools
) -> tuple[list[Candidate], list[float], float]:
    """The candidates with their answers, how likely each is to answer, and the reader's best logit of a fact."""
    texts = [text_for_reader(candidate) for candidate in candidates]
    titles = [len(candidate.passage.titled("")) for candidate in candidates]
    done, scores = [], []
    reads = reader.read(question, texts, titles)
    for candidate, text, said in zip(candidates, texts, reads, strict=True):
        likely = _likely(said.relevance, candidate)
        if not candidate.asked:
            answer, key = _pointed_at(candidate, text, said.begin, said.end, tools)
            candidate = replace(candidate, answer=answer, key=key or candidate.key)
            likely_answer = likely * said.probability
        else:
            likely_answer = likely
        done.append(replace(candidate, answer_confidence=round(likely_answer, 4)))
        scores.append(likely)
    facts = [said.relevance for candidate, said in zip(candidates, reads, strict=True) if candidate.asked]
    return done, scores, max(facts, default=NO_FACT)


def _likely(relevance: float, candidate: Candidate) -> float:
    """How likely a candidate is to answer, by the reader's logit and, of a fact, the likeness of the two questions."""
    logit, cosine, bias = FACT if candidate.asked else WINDOW
    return sigmoid(logit * relevance + cosine * candidate.score + bias)


def text_for_reader(candidate: Candidate) -> str:
    """A candidate as the reader is shown it: its work, the probable question with its answer where one brought it, its
    text.
    """
    known = f"{candidate.asked} {candidate.correction or candidate.answer}. " if candidate.asked else ""
    return candidate.passage.titled(f"{known}{candidate.text}")


def _pointed_at(candidate: Candidate, text: str, begin: int, end: int, tools: Tools) -> tuple[str, str]:
    """The answer that the reader points at, and the sentence of the candidate that holds it."""
    answer = text[begin:end].strip(" ,;:.\"'")
    if not answer:
        return "", ""
    place, end = begin - (len(text) - len(candidate.text)), 0
    for sentence in sentences_of(candidate.text, tools.language):
        end = candidate.text.find(sentence, end) + len(sentence)
        if place < end:
            return answer, sentence
    return answer, ""
