"""A persona's own exchanges, found by the sense of what a visitor says.

The nearest go into the prompt as examples for this turn, as in ChatHaruhi (Li et al., arXiv 2308.09597), and where one
fits almost exactly its reply may be said as it stands. What rests on the books is left to the search: short answers and
reasons are not among them.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot import line_kinds
from chatbot.errors import BakerStreetError
from chatbot.files import file_stamp
from chatbot.grounding import unsupported_terms
from chatbot.language import (
    Language,
    content_words,
    holds,
    is_about_visitor,
    is_own_matter,
    language_of,
    names_in,
    questions_in,
    sentences_of_message,
    spelled_out,
    words_of,
)
from chatbot.lines import Example, as_compared, said_in, talk_of
from chatbot.selecting import Found, Selector
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.index import Vectors
    from chatbot.search_models import SearchModels

logger = logging.getLogger(__name__)

VECTORS = "exchanges.npz"
# Of 285 messages that some line is near to, 251 of which one answers (tests/cases/exchanges.jsonl), the nearest that
# Sherlock's matcher finds is right in 218 of 222 from here on; with the embedder of the library in 94 of 94.
SAID = 0.80
WILL_DO = 0.62
# `WILL_DO` of a matcher, whose cosines tell more. Of 250 messages in words that no line has, read one by one, its
# nearest line answers 49 of 57 from 0.75 on, 26 of 32 from 0.70 to there, 33 of 59 from 0.65 and 16 of 52 from 0.60.
LEARNED = 0.65
LEARNED_OF_OTHERS = 0.70  # where somebody is named and he is not spoken to: of questions for the books 1 in 8 below
# The same of a selector, which tells how likely a line answers a message: of those 285 messages the likeliest line is
# said to 234 from `SURE` on, and answers 219 (strictly read).
SURE = 0.7
LIKELY = 0.25
READ = 12  # of the nearest lines, which it reads
MUCH_THE_SAME = 0.75
# Without a matcher, from here on what is asked about him is the same, whatever its words: "the piano" is no "violin".
SURELY = 0.87
WAYS = 6  # to say the same that a line may list
USUAL = 4  # of the lines that tell a case, how many ask for it with the same word
OF_THE_SORT = 0.5  # the cosine from which on something said is of the sort of a general line, where nothing is asked
_CLAUSE_ENDS = re.compile(r"[,;:.!?]+\s|\s[-\u2013\u2014]+\s")


@dataclass(frozen=True)
class NearExchange:
    """An exchange of the persona's that is like what was said.

    Attributes:
        user: what a visitor says in it.
        reply: what the persona answers.
        kind: of the line.
        cosine: between `user` and what was said.
        fits: whether the reply may be said as it stands.
        will_do: whether it may be said where there is nothing else to say but that he does not know.
        likely: that the reply answers, by the selector; None where there is none.
    """

    user: str
    reply: str
    kind: str
    cosine: float
    fits: bool
    will_do: bool = False
    likely: float | None = None

    @property
    def margin(self) -> float:
        """How far it is above the least for which it will do, as a cosine or a probability."""
        return self.cosine - WILL_DO if self.likely is None else self.likely - LIKELY


class Exchanges:
    """The first exchange of every line that is talk, a case told, a list or an opinion; in memory.

    Args:
        lines: each has an exchange at least.
        vectors: unit vectors of what a visitor may say first, in the order of `said_in`, of shape (texts, dimensions).
        embed: gives the vector of a text, by the same embedder.
        language: the persona's.
        learned: whether the embedder was trained on these lines, so that its cosines tell more than those of another.
        selector: reads a message and each of the nearest lines together; None: their cosines decide.
    """

    def __init__(
        self,
        lines: Sequence[Example],
        vectors: Vectors,
        embed: Callable[[str], Sequence[float]],
        language: Language,
        *,
        learned: bool = False,
        selector: Selector | None = None,
    ) -> None:
        self.selector = selector
        self._said = said_in(lines)
        self._vectors = vectors
        self._embed = embed
        self._language = language
        self._learned = learned
        asked = Counter(
            word
            for line in lines
            if line.kind == line_kinds.STORY
            for word in content_words(line.messages[0].content, language)
        )
        self._of_kind: dict[str, list[int]] = {}
        self._ways: dict[int, list[int]] = {}  # to say each line, by its identity
        for at, (line, _) in enumerate(self._said):
            self._of_kind.setdefault(line.kind, []).append(at)
            self._ways.setdefault(id(line), []).append(at)
        self._telling = {word for word, times in asked.items() if times >= USUAL}  # "tell", "case", "affair"
        self._telling |= {language.stem(word) for word in language.talk.telling}

    def __len__(self) -> int:
        return len(self._said)

    def nearest(self, text: str, number: int, kinds: frozenset[str] = frozenset()) -> list[NearExchange]:
        """The exchanges that are most like what was said, those that answer most likely first.

        Args:
            text: what a visitor says.
            number: how many at most.
            kinds: of the lines; empty: all.
        """
        import numpy as np

        if not self._said:
            return []
        cosines = self.cosines(text)
        some = sorted(at for kind in kinds for at in self._of_kind.get(kind, ())) if kinds else range(len(self._said))
        near = np.asarray(some, dtype=int)
        read = READ if self.selector else number
        order = near[np.argsort(-cosines[near], kind="stable")[: WAYS * read]]
        told = self._of_kind.get(line_kinds.STORY, ()) if not kinds or line_kinds.STORY in kinds else ()
        cases = [at for at in told if self._asks_for_the_case(text, self._said[at][0])]
        cases.sort(key=lambda at: -cosines[at])
        chosen: dict[str, int] = {}  # of several ways to say the same, the nearest
        for at in (*cases, *map(int, order)):
            chosen.setdefault(self._said[at][0].messages[1].content, at)
        found = list(chosen.values())[:read]
        likely = self._likely(text, found, cosines)
        found.sort(key=lambda at: (at not in cases, -(likely[at] or 0.0)))  # without a selector as they are
        return [self._near(text, *self._said[at], float(cosines[at]), likely[at]) for at in found[:number]]

    def _likely(self, text: str, found: Sequence[int], cosines: Vectors) -> dict[int, float | None]:
        """How likely each of these lines answers what was said; None for each where no selector tells."""
        if self.selector is None:
            return dict.fromkeys(found)
        lines = [
            Found(self._said[at][1], line.messages[1].content, cosines[self._ways[id(line)]].tolist())
            for at in found
            for line in [self._said[at][0]]
        ]
        return dict(
            zip(found, self.selector.likely(as_compared(text, self._language), lines, self._language), strict=True)
        )

    def cosines(self, text: str) -> Vectors:
        """Between a text and everything that a visitor may say first, shape (texts,)."""
        import numpy as np

        return self._vectors @ np.asarray(self._embed(as_compared(text, self._language)), dtype=np.float32)

    def _near(self, text: str, line: Example, user: str, cosine: float, likely: float | None) -> NearExchange:
        reply = line.messages[1].content
        case = self._asks_for_the_case(text, line)
        if likely is not None and line.kind not in line_kinds.OF_JUST_THAT:
            may = not (line.kind == line_kinds.STORY and self._asks_for_a_fact(text)) and (
                not self._takes_up_another(text, line, user)
                and (line.kind in line_kinds.GENERAL or self._may_answer(text, line, user))
            )
            fits, will_do = case or (may and likely >= SURE), case or (may and likely >= LIKELY)
            return NearExchange(user, reply, line.kind, cosine, fits, will_do, likely)
        said = spelled_out(user, self._language)
        same = (
            case
            or line.kind in line_kinds.GENERAL
            or self._speaks_of_the_same(text, said, f"{line.work} {reply}", line.kind)
        )
        if line.kind in line_kinds.OF_THE_BOOKS and cosine < MUCH_THE_SAME:
            same = same and self._in_words_of(text, user, f"{line.work} {reply}")
        surely = line.kind == line_kinds.ABOUT_HIM and not self._learned and not self._in_words_of(text, user, reply)
        close = cosine >= (SURELY if surely else SAID)
        fits = case or (same and close)
        will_do = (same and cosine >= WILL_DO) or (self._learned and self._is_much_the_same(text, line, user, cosine))
        return NearExchange(user, reply, line.kind, cosine, fits, will_do, likely)

    def _is_much_the_same(self, text: str, line: Example, user: str, cosine: float) -> bool:
        """Whether an exchange that a matcher found is near enough, although its own way to say it has more particulars.

        "Your judgment upon Monsieurs Dupin and Lecoq?" has a word more than "what do you make of Dupin and Lecoq?".
        """
        language, names = self._language, names_in(text, self._language)
        of_the_books = names and not language.second_person & set(words_of(text))  # "Which judge sent Moriarty"
        return (
            cosine >= (LEARNED_OF_OTHERS if of_the_books else LEARNED)
            and line.kind not in line_kinds.OF_JUST_THAT
            and self._may_answer(text, line, user)
        )

    def _takes_up_another(self, text: str, line: Example, user: str) -> bool:
        """Whether a reply takes up what was not said: it calls Rachel "Clara", or speaks of a clock not named."""
        language, reply = self._language, line.messages[1].content
        own = f"{user} {line.messages[0].content}"
        if any(holds(reply, name) and not holds(text, name) for name in names_in(own, language)):
            return True
        taken_up = content_words(own, language) & content_words(reply, language)  # what is asked about has many names
        return line.kind in line_kinds.OF_WHAT_IS_SAID and bool(
            taken_up - content_words(text, language) - language.talk.light
        )

    def _may_answer(self, text: str, line: Example, user: str) -> bool:
        """Whether nothing that a model of sense is blind to speaks against a line: who is asked, and of whom."""
        language = self._language
        own = [language.talk.framed.sub("", each, count=1) for each in sentences_of_message(text, language)]
        names = [name for each in own for name in names_in(each, language)]  # not of "Kevin says you are a machine"
        return (
            not is_about_visitor(text, language)
            and not self._asks_of_another(text, user)
            and (
                (line.kind in line_kinds.OF_THE_VISITOR and is_own_matter(text, language))
                or all(holds(f"{user} {line.work} {line.messages[1].content}", name) for name in names)
            )
        )

    def _asks_for_the_case(self, text: str, line: Example) -> bool:
        """Whether a case is told in a line, and a message, or a clause of it that wants something told, has its title.

        "Tell me about the Priory School, which I have not read" asks for no more than the clause before the comma.
        """
        if line.kind != line_kinds.STORY or not line.work:
            return False
        title, clauses = _title_words(line.work, self._language), _clauses(text, self._language)
        whole = frozenset[str]().union(*clauses)
        return title <= whole <= title | self._telling or any(
            title <= asked <= title | self._telling and asked & self._telling - title for asked in clauses
        )

    def _asks_for_a_fact(self, text: str) -> bool:
        """Whether a message asks something without any of the words by which a case is asked for."""
        asked = questions_in(text, self._language)
        return bool(asked) and not content_words(" ".join(asked), self._language) & self._telling

    def _speaks_of_the_same(self, text: str, user: str, reply: str, kind: str) -> bool:
        """Vectors of two messages that differ in a name alone lie close together, so names and numbers are compared."""
        language = self._language
        asked = content_words(text, language)
        his_own = kind in line_kinds.OF_THE_VISITOR and is_own_matter(text, language)
        return not (
            is_about_visitor(text, language)  # what he has told is in the conversation, and in no line
            or unsupported_terms(user, [text], language)
            or (not his_own and unsupported_terms(text, [user, reply], language))
            or (kind not in line_kinds.OF_THE_VISITOR and self._asks_of_another(text, user))
            or (kind in line_kinds.OF_PARTICULARS and not content_words(user, language) <= asked)
        )

    def _asks_of_another(self, text: str, user: str) -> bool:
        """Whether one speaks of others where the other speaks to the persona: "What does he do?", "What do you do?"."""
        language, texts = self._language, ({*words_of(text)}, {*words_of(user)})
        others, you = (
            [bool(words & each) for each in texts] for words in (language.talk.third_person, language.second_person)
        )
        return others[0] != others[1] and you[0] != you[1]

    def _in_words_of(self, text: str, user: str, reply: str) -> bool:
        """Whether an exchange has every word of meaning of what was said."""
        return content_words(text, self._language) <= content_words(f"{user} {reply}", self._language)


class OpenedExchanges:
    """The exchanges of a process's personas, each opened when it is first asked for."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[object, Exchanges]] = {}

    def of(
        self,
        loaded: LoadedPersona,
        folder: Path,
        embedder: Callable[[], Embedder],
        models: SearchModels | None = None,
    ) -> Exchanges | None:
        """The exchanges of a persona; opened again when its file, its lines or its library's embedder were changed.

        Args:
            loaded: the persona.
            folder: of its library, where the vectors are kept.
            embedder: gives that of its library.
            models: give what was trained to find its lines, which goes before the embedder, and to choose among them.

        Returns:
            None where it has no lines, or where they or its library cannot be read; the log then says why.
        """
        from chatbot.library.index import kept_vectors

        if not loaded.lines.is_file():
            return None
        try:
            trained, reads = (models.matcher(), models.selector()) if models else (None, None)
            model = trained or embedder()
            stamp = (loaded, file_stamp(loaded.lines), model.fingerprint, reads)
            known = self._opened.get(loaded.id)
            if known is None or known[0] != stamp:
                talk, language = talk_of(loaded), language_of(loaded.persona)
                said = [as_compared(text, language) for _, text in said_in(talk)]
                vectors = kept_vectors(said, folder / VECTORS, model)
                known = (
                    stamp,
                    Exchanges(talk, vectors, model.embed_query, language, learned=trained is not None, selector=reads),
                )
                self._opened[loaded.id] = known
        except BakerStreetError as error:
            logger.warning("The lines of %s are not used in talk: %s", loaded.persona.name, error)
            return None
        return known[1]


@lru_cache(maxsize=16)  # of one message: hundreds of ways to ask for a case are held against it
def _clauses(text: str, language: Language) -> tuple[frozenset[str], ...]:
    """The words of meaning of each clause."""
    return tuple(content_words(clause, language) for clause in _CLAUSE_ENDS.split(text))


_title_words = lru_cache(maxsize=1024)(content_words)
