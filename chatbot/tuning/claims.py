"""What the support check is trained on: evidence with a sentence that it supports, or with one that it does not.

Facts of the casebook are said otherwise (shortened, in the third person, as an answer to their question), and altered:
names and roles exchanged, numbers and words of a kind changed, negated, answered with what stands in the evidence and
answers something else. Evidence lacks the fact now and then. To alter true sentences is the idea of FactCC (Kryscinski
et al., "Evaluating the Factual Consistency of Abstractive Text Summarization", 2020). How sentences are altered, the
persona's `Language` says.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.language import Language, split_sentences, words_of
from chatbot.library.texts import ProbableQuestion, Section

MAX_WORDS = 120  # of evidence
ALTERED = 4  # claims of one fact that are false, at most
ABSENT_SHARE = 0.3  # of facts: evidence without the fact besides
NEIGHBOURS = (0, 1, 2)  # sentences beside the fact that evidence has too


@dataclass(frozen=True)
class Claim:
    """Evidence and a sentence.

    Attributes:
        evidence: pieces, a line each.
        sentence: of a reply; a bare answer stands behind its question.
        supported: whether the evidence holds what it says.
        group: the work, or the data set.
    """

    evidence: str
    sentence: str
    supported: bool
    group: str


@dataclass(frozen=True)
class _Page:
    """A page of the casebook: its title, its paragraphs in sentences, and the names in them."""

    title: str
    paragraphs: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]


def claims_of(
    sections: Sequence[Section],
    questions: dict[str, list[ProbableQuestion]],
    persona: str,
    language: Language,
    seed: int,
) -> list[Claim]:
    """Claims about the facts of a casebook, the same for the same casebook and seed.

    Args:
        sections: the casebook's.
        questions: its probable questions, by the name of the page's file.
        persona: the name by which others speak of him.
        language: of both.
        seed: of what is drawn.
    """
    chance = random.Random(seed)
    found: list[Claim] = []
    for name, facts in questions.items():
        own = [section for section in sections if section.source.endswith(f"/{name}.md")]
        paragraphs = tuple(tuple(split_sentences(text, language)) for section in own for text in section.paragraphs)
        if not paragraphs:
            continue
        names = tuple(sorted({name for text in paragraphs for said in text for name in names_of(said, language)}))
        maker = _Maker(_Page(own[0].work, paragraphs, names), persona, language, chance)
        for fact in facts:
            found += maker.claims(fact, [other for other in facts if other is not fact])
    return list(dict.fromkeys(found))


def names_of(sentence: str, language: Language) -> list[str]:
    """The names of a sentence, of one word or several; not the word that it begins with, which has a capital anyway."""
    none = language.stopwords | language.known_names | language.capitals
    found: list[list[re.Match[str]]] = []
    for match in language.name.finditer(sentence):
        if not match[1] or match.start(1) == 0 or match[1].lower() in none:
            continue
        if found and sentence[found[-1][-1].end(1) : match.start(1)] in (" ", ". "):
            found[-1].append(match)
        else:
            found.append([match])
    return [sentence[parts[0].start(1) : parts[-1].end(1)].removesuffix("'s") for parts in found]


class _Maker:
    """Makes the claims about the facts of one page."""

    def __init__(self, page: _Page, persona: str, language: Language, chance: random.Random) -> None:
        self._page, self._persona, self._language, self._chance = page, persona, language, chance
        self._alter = language.altering

    def claims(self, fact: ProbableQuestion, others: Sequence[ProbableQuestion]) -> Iterator[Claim]:
        """The claims about a fact; none where its sentence is not one of the page's."""
        place = next(
            ((text, text.index(fact.sentence)) for text in self._page.paragraphs if fact.sentence in text), None
        )
        if place is None:
            return
        for sentence in dict.fromkeys(self._true(fact)):
            yield self._claim(self._evidence(place), sentence, True)
        evidence = self._evidence(place)
        false = list(dict.fromkeys(self._false(fact, others, evidence)))
        self._chance.shuffle(false)
        for sentence in false[:ALTERED]:
            yield self._claim(evidence, sentence, False)
        if self._chance.random() < ABSENT_SHARE and (lacking := self._evidence(place, lacking=True)):
            yield self._claim(lacking, fact.sentence, False)

    def _claim(self, evidence: str, sentence: str, supported: bool) -> Claim:
        return Claim(evidence, sentence, supported, self._page.title)

    def _evidence(self, place: tuple[tuple[str, ...], int], *, lacking: bool = False) -> str:
        """The sentence with some of its neighbours, or these without it, and as a rule another piece of the page."""
        text, at = place
        first, last = (self._chance.choice(NEIGHBOURS) for _ in range(2))
        near = [said for number, said in enumerate(text) if at - first <= number <= at + last]
        pieces = [" ".join(said for said in near if not lacking or said != text[at])]
        other = self._chance.choice(self._page.paragraphs)
        if other is not text:
            start = self._chance.randrange(len(other))
            pieces.append(" ".join(other[start : start + 2]))
        self._chance.shuffle(pieces)
        joined = "\n".join(piece for piece in pieces if piece)
        return joined if len(joined.split()) <= MAX_WORDS else pieces[0]

    def _true(self, fact: ProbableQuestion) -> Iterator[str]:
        said, alter = fact.sentence, self._alter
        yield said
        yield f"{self._page.title}: {said}" if self._chance.random() < 0.5 else f'"{said}"'
        if other := alter.in_third_person(said, self._persona):
            yield other
        if ends := [match.start() for match in alter.clauses.finditer(said)] if alter.clauses else []:
            end = self._chance.choice(ends)
            if len(said[:end].split()) >= 4:
                yield _closed(said[:end])
        if fact.correction:
            yield _closed(fact.correction)
            return
        yield self._answered(fact, fact.answer)
        yield f"{_closed(_capital(fact.answer))} {said}"
        for question in fact.questions:
            if stated := self._stated(question, fact.answer):
                yield stated

    def _false(self, fact: ProbableQuestion, others: Sequence[ProbableQuestion], evidence: str) -> Iterator[str]:
        said, alter = fact.sentence, self._alter
        for change in (
            self._with_other_name,
            self._with_roles_exchanged,
            self._with_another_of_its_kind,
            alter.opposed,
        ):
            if (changed := change(said)) and changed != said:
                yield changed
        for question in fact.questions:
            if fact.correction and (taken := alter.premise(question)):
                yield taken
            elif (said_yes := alter.assertion(question)) and self._yes(fact.answer) is not None:
                yield said_yes if not self._yes(fact.answer) else alter.opposed(said_yes) or ""
        if fact.correction or fact.kind in ("yes-no", "why"):
            return
        # What is near at hand and answers something else is what a small model says where it goes wrong.
        here = [
            name
            for line in evidence.split("\n")
            for text in split_sentences(line, self._language)
            for name in names_of(text, self._language)
        ]
        here += [other.answer for other in others if other.kind == fact.kind]
        asked = set(words_of(" ".join((fact.answer, *fact.questions))))
        if wrong := [answer for answer in here if not asked & set(words_of(answer))]:
            yield self._answered(fact, self._chance.choice(wrong))
            yield f"{_closed(_capital(self._chance.choice(wrong)))} {said}"
            for question in fact.questions:
                if stated := self._stated(question, self._chance.choice(wrong)):
                    yield stated

    def _stated(self, question: str, answer: str) -> str | None:
        return self._alter.statement(question, answer)

    def _answered(self, fact: ProbableQuestion, answer: str) -> str:
        return f"{self._chance.choice(fact.questions)} {_closed(_capital(answer))}"

    def _yes(self, answer: str) -> bool | None:
        """Whether an answer says yes; None where it says neither."""
        first = (words_of(answer) or [""])[0]
        return True if first in self._alter.yes else False if first in self._alter.no else None

    def _with_other_name(self, said: str) -> str | None:
        if not (own := names_of(said, self._language)):
            return None
        name = self._chance.choice(own)
        others = [other for other in self._page.names if not set(other.split()) & set(said.replace("'s", "").split())]
        return said.replace(name, self._chance.choice(others), 1) if others else None

    def _with_roles_exchanged(self, said: str) -> str | None:
        names = list(dict.fromkeys(names_of(said, self._language)))
        first = next((name for name in self._page.names if said.startswith(name)), None)
        names = [first, *names] if first else names
        if len(names) < 2 or names[0] in names[1] or names[1] in names[0]:
            return None
        one, other = names[:2]
        return re.sub(f"{re.escape(one)}|{re.escape(other)}", lambda match: other if match[0] == one else one, said)

    def _with_another_of_its_kind(self, said: str) -> str | None:
        """One word of a series, or one that has an opposite, for another."""
        found: list[tuple[re.Match[str], str]] = []
        for match in re.finditer(r"\w+", said):
            for series in self._alter.series:
                if match[0] in series:
                    found.append((match, self._chance.choice([word for word in series if word != match[0]])))
            if match[0] in (self._alter.opposites or {}):
                found.append((match, (self._alter.opposites or {})[match[0]]))
            if match[0].isdigit():
                found.append((match, str(int(match[0]) + self._chance.choice((1, 2, 4, 10)))))
        if not found:
            return None
        match, instead = self._chance.choice(found)
        return said[: match.start()] + instead + said[match.end() :]


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text.rstrip(',; ')}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
