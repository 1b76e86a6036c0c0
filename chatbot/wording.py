"""What is said without the model: the persona's own lines, and an answer that was read, as it stands."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chatbot.drafts import alike
from chatbot.grounding import best_sentence
from chatbot.language import (
    as_written,
    comparable,
    content_words,
    holds,
    in_second_person,
    is_about_persona,
    is_question,
    language_of,
    sentences_of_message,
    tells_of_self,
    to_plain,
)
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import CASEBOOK
from chatbot.templates import fill_in
from personas import Persona

DETAIL = 0.5  # of the leading piece's score: what a sentence must have to be told beside it
EXPLAINED = 2  # sentences that are told beside a reason or a manner


@dataclass(frozen=True)
class Wording:
    """The lines for one question.

    Attributes:
        persona: whose lines.
        question: chooses among them: the same question gets the same line.
        attempt: 0 for the first answer; a retry gets another line.
    """

    persona: Persona
    question: str
    attempt: int = 0

    def line(self, lines: Sequence[str]) -> str:
        """One of several lines."""
        return self.in_turn(lines)[0]

    def with_quote(self, lines: Sequence[str], best: Evidence) -> str:
        """One of several lines around the sentence that bears most on the question."""
        sentence = best.key or best_sentence(self.question, [best.text], language_of(self.persona))
        return fill_in(self.line(lines), {"quote": quotable(sentence)})

    def without_model(self, found: Found | None, voice: bool, *, his_own: bool = False) -> tuple[str, ...]:
        """The replies where the model would have to invent one, the one to take first; none where it may answer.

        A word that occurs nowhere in the books is from outside the persona's world. To what asks for nothing the tuned
        voice finds words of its own, where the persona has none; the plain model would invent.

        Args:
            found: what a search found; None where nothing was looked up.
            voice: whether the tuned voice would answer.
            his_own: whether the message is of the visitor's own matters, so that nothing found answers it.
        """
        persona, language = self.persona, language_of(self.persona)
        if found is None or not (found.weak or his_own):
            return ()
        asks = any(is_question(sentence, language) for sentence in sentences_of_message(self.question, language))
        if found.unknown and not his_own and (asks or not tells_of_self(self.question, language)):
            named = [word for word in found.unknown if not word.isdecimal()]
            if not named and persona.to_come:
                return self.in_turn(persona.to_come)
            word = as_written((named or found.unknown)[0], self.question)
            return tuple(fill_in(line, {"word": word}) for line in self.in_turn(persona.strangers))
        if not asks:
            return self.in_turn(persona.listening or ([] if voice else persona.declines))
        if language.talk.asks_advice.search(self.question):
            return self.in_turn(persona.counsel or persona.declines)
        about_persona = is_about_persona(self.question, language)
        return self.in_turn((about_persona and persona.undecided) or persona.declines)

    def in_turn(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Lines in the order in which they are said: begun by the question, one further for each attempt."""
        if not lines:
            return ()
        start = (random.Random(self.question).randrange(len(lines)) + self.attempt) % len(lines)
        return (*lines[start:], *lines[:start])

    def opening(self, used: Sequence[Evidence]) -> str:
        """How a reply with notes begins: with the answer that was read in them, or the correction of what was asked.

        A small model picks the answer out of three notes less often than the reader does, but goes on well enough from
        where it stands. Empty where nothing was read for sure.
        """
        lead = used[0] if used else None
        if lead is None or not lead.said or self.says_it(lead):
            return ""
        return sentence_of(lead.correction) if lead.correction else capitalised(lead.answer.rstrip(" .;,"))

    def recalled(self, used: Sequence[Evidence], earlier: Collection[str] = ()) -> str:
        """What the visitor told, given back to him in the second person, in words that no `earlier` reply had; word for
        word where the language has no second person. The first piece alone, unless he asks for whatever he told.
        """
        language = language_of(self.persona)
        everything = language.telling.everything.search(to_plain(self.question))
        parts = []
        for piece in used if everything else used[:1]:
            told = in_second_person(piece.key, language) or f'"{quotable(piece.key)}"'
            parts.append(sentence_of(told) if told[-1:] != '"' else told)
        given = {"told": " ".join(parts)}
        return unsaid([fill_in(line, given) for line in self.in_turn(self.persona.recalled)], earlier)

    def again(self, reply: str) -> str:
        """What was said before, once more."""
        return fill_in(self.line(self.persona.repeated), {"reply": reply})

    def says_it(self, lead: Evidence) -> bool:
        """Whether the persona's own sentence holds the answer, every word of meaning, so that it is the reply."""
        if lead.passage.kind != CASEBOOK or lead.correction or not lead.said:
            return False
        language = language_of(self.persona)
        words = content_words(lead.said, language)
        # "No, it was Ryder" is not said by "Ryder did it": what begins it has no word of meaning.
        begins = content_words(lead.said.partition(",")[0], language)
        all_there = bool(words and begins) and words <= content_words(lead.key, language)
        return all_there or holds(lead.key, lead.said)

    def noted(self, lead: Evidence) -> str:
        """What is said where nothing was read for sure: the sentence that comes nearest. The persona's own notes it
        says; what somebody else tells in a book it reads out.
        """
        if lead.passage.kind != CASEBOOK:
            return self.with_quote(self.persona.readings, lead)
        return sentence_of(lead.key or best_sentence(self.question, [lead.text], language_of(self.persona)))

    def details(self, used: Sequence[Evidence], reply: str) -> str:
        """The next of the persona's own sentences that bear on the question nearly as much as the one that leads: what
        he adds to a short reply, and the answer itself where the reader took the second best for the best. One, or two
        where a reason or a manner is asked for.

        Args:
            used: the evidence, the best first.
            reply: what is said already.

        Returns:
            An empty string where there is none about the same work.
        """
        lead, *others = used
        more: list[str] = []
        for piece in others:
            sentence = sentence_of(piece.key or piece.text)
            near = piece.score >= DETAIL * lead.score and piece.passage.work == lead.passage.work
            own = piece.passage.kind == CASEBOOK and not piece.correction
            if near and own and not any(alike(sentence, said) for said in (reply, *more)):
                more.append(sentence)
        wanted = EXPLAINED if language_of(self.persona).explaining.match(self.question) else 1
        return " ".join(more[:wanted])

    def composed(self, lead: Evidence, opening: str) -> str:
        """A reply without the model: the opening, and the sentence that holds the answer."""
        key = lead.key or best_sentence(self.question, [lead.text], language_of(self.persona))
        if comparable(opening) == comparable(sentence_of(key)) or not opening:
            return sentence_of(key)
        return f"{sentence_of(opening)} {sentence_of(key)}"


def unsaid(lines: Sequence[str], earlier: Collection[str]) -> str:
    """The first line that was not said earlier, since the same words twice are a machine's; or the first of all."""
    return next((line for line in lines if line not in earlier), lines[0])


def capitalised(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def sentence_of(text: str) -> str:
    """A text as a sentence of its own: with a capital, an end, and no quotation mark that is open."""
    text = capitalised(text.strip())
    if text.count('"') % 2:
        text = text.replace('"', "").strip()
    return text if text.endswith((".", "!", "?", '."', '!"', '?"')) else f"{text.rstrip(' ,;:')}."


def quotable(sentence: str) -> str:
    """A sentence as it stands between quotation marks."""
    return " ".join(sentence.replace('"', "'").split()).strip("' ")
