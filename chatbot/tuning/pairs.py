"""What the search is trained on: questions, texts that answer them, and hard negatives.

The search embeds whole passages and single sentences, and hands over windows of neighbouring sentences; so a question
is paired with texts of each of these forms, written as the index writes them ("Work. text"). Hard negatives are texts
that BM25 finds for the question and that lack the answer (Karpukhin et al., "Dense Passage Retrieval", 2020).

Of the works of the dev split some are kept for validation. Neither their questions nor their passages are trained on,
nor those of the test split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from chatbot.evaluation import DEV_SHARE, KnownQuestion, share, split_of
from chatbot.evaluation.retrieval import Judge, same_work
from chatbot.language import content_words
from chatbot.library.index import Lexical
from chatbot.library.search import Evidence, in_context, windows_of
from chatbot.library.texts import TEXT, CountTokens, Passage, Section, cut
from chatbot.tuning.comprehension import ReadingQuestion, read_stories, title_of

Form = Literal["question", "sentence", "window", "passage"]

FORMS: tuple[Form, ...] = get_args(Form)
TEXTS: tuple[Form, ...] = FORMS[1:]  # what the index holds of a passage
VALIDATION_SHARE = 0.2  # of the works of the dev split: settings are chosen on them
ANSWERS = 0.8  # a text of a story that holds this share of an answer's words answers
MAY_ANSWER = 0.4  # one that holds this share is no negative
MAX_ANSWER_WORDS = 8
POSITIVES = 4  # of one form: those that share most words with the question
NEGATIVES = 8  # of one form: BM25's best
DEPTH = 40  # windows that BM25 is asked for


@dataclass(frozen=True)
class Pair:
    """A question with texts of one form that answer it and hard negatives.

    Attributes:
        kind: where it comes from: reading, canon or follow-up.
        group: the title of the story or work; texts of one group may answer one another's questions.
        answers: a text that holds one of them may answer.
    """

    kind: str
    group: str
    question: str
    form: Form
    positives: tuple[str, ...]
    negatives: tuple[str, ...]
    answers: tuple[str, ...]

    def may_answer(self, text: str) -> bool:
        """Whether a text that is in a batch for another question must not count as a negative of this one."""
        if self.form == "question":
            return text == self.question or text in self.positives
        title = f"{self.group}. "
        if not text.startswith(title):
            return False
        return text in self.positives or covered(self.answers, text[len(title) :]) >= MAY_ANSWER


@dataclass(frozen=True)
class Unit:
    """A sentence, the window around it and the passage it stands in."""

    passage: Passage
    sentence: str
    window: str

    def text(self, form: Form) -> str:
        """As the index writes it."""
        if form == "passage":
            return self.passage.indexed()
        return self.passage.titled(self.window if form == "window" else self.sentence)


class WindowIndex:
    """Passages cut into units, with a BM25 index over their windows."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.units = [Unit(passage, *cut_) for passage in passages for cut_ in windows_of(passage)]
        self._lexical = Lexical.build([unit.window for unit in self.units]) if self.units else None

    def search(self, question: str, number: int = DEPTH) -> list[Unit]:
        """The units that BM25 finds for a question, best first."""
        if self._lexical is None:
            return []
        return [self.units[at] for at, _ in self._lexical.search(question, number)]


def covered(answers: Sequence[str], text: str) -> float:
    """The largest share of an answer's words that a text holds, over all answers; 1 where none has words."""
    held = content_words(text)
    wanted = [words for words in map(content_words, answers) if words]
    return max((len(words & held) / len(words) for words in wanted), default=1.0)


# ---------------------------------------------------------------------- stories


def reading_pairs(folder: Path, count: CountTokens, limit: int, splits: Sequence[str] = ("train", "val")) -> list[Pair]:
    """Pairs of FairytaleQA's questions with texts of their stories.

    Args:
        folder: as `read_stories` reads it.
        count: the embedder's tokens of a text.
        limit: the most tokens of a passage.
        splits: some of train, val and test.

    Raises:
        TrainingError: the folder holds no reading comprehension set.
    """
    sections, questions = read_stories(folder, splits)
    passages: dict[str, dict[str, list[Passage]]] = {}
    asked = {question.story for question in questions}
    for (story, number), text in sections.items():
        if story in asked:
            section = Section(TEXT, story, title_of(story), number, "", (text,))
            passages.setdefault(story, {})[number] = list(cut(section, count, limit))
    by_story: dict[str, list[ReadingQuestion]] = {}
    for question in questions:
        by_story.setdefault(question.story, []).append(question)
    pairs: list[Pair] = []
    for story, members in by_story.items():
        parts = passages.get(story, {})
        index = WindowIndex([passage for held in parts.values() for passage in held])
        for question in members:
            pairs += _reading_pairs(question, index)
    return pairs


def _reading_pairs(question: ReadingQuestion, index: WindowIndex) -> Iterator[Pair]:
    answers = tuple(
        answer for answer in question.answers if content_words(answer) and len(answer.split()) <= MAX_ANSWER_WORDS
    )
    if not answers:
        return
    here = [unit for unit in index.units if unit.passage.chapter in question.sections]
    yield from _pairs_of(
        ("reading", title_of(question.story), question.text, answers),
        here,
        index.search(question.text),
        holds=lambda text: covered(answers, text) >= ANSWERS,
        lacks=lambda text: covered(answers, text) < MAY_ANSWER,
    )


# ---------------------------------------------------------------------- books


def in_dev_split(work: str, questions: Iterable[KnownQuestion]) -> bool:
    """Whether a work belongs to the dev split under each of the names that questions know it by."""
    names = {target.work for question in questions for target in question.targets if same_work(target.work, work)}
    return all(share(name) < DEV_SHARE for name in (work, *names))


def is_validation(work: str) -> bool:
    """Whether a work of the dev split is kept for validation."""
    return share(f"held out: {work.removeprefix('The ')}") < VALIDATION_SHARE  # the prefix makes the draw its own


def trained_passages(passages: Sequence[Passage], questions: Sequence[KnownQuestion]) -> list[Passage]:
    """The passages of the works that are trained on."""
    works = {passage.work for passage in passages}
    used = {work for work in works if in_dev_split(work, questions) and not is_validation(work)}
    return [passage for passage in passages if passage.work in used]


def validation_questions(questions: Sequence[KnownQuestion]) -> list[KnownQuestion]:
    """The plain questions about the validation works."""
    return [
        question
        for question in questions
        if question.kind == "plain" and split_of(question) == "dev" and is_validation(question.work)
    ]


def known_pairs(questions: Sequence[KnownQuestion], passages: Sequence[Passage]) -> list[Pair]:
    """Pairs of the known questions of the dev split with texts of the library.

    A question about two works is paired with places in those of its works that are trained on. A follow-up is
    searched as in a chat: after the exchange that it refers to.

    Args:
        questions: all there are; those of the test split and those about validation works are skipped.
        passages: the library's.
    """
    index = WindowIndex(trained_passages(passages, questions))
    judge = Judge(passages)
    pairs: list[Pair] = []
    for known in questions:
        if split_of(known) != "dev":
            continue
        asked = in_context(known.question, known.history)
        found = index.search(asked)
        for number, target in enumerate(known.targets):
            here = [unit for unit in index.units if same_work(unit.passage.work, target.work)]
            pairs += _known_pairs(known, number, asked, here, found, judge)
    return pairs


def _known_pairs(
    known: KnownQuestion, number: int, asked: str, here: Sequence[Unit], found: Sequence[Unit], judge: Judge
) -> Iterator[Pair]:
    if not here:
        return
    answering = [unit for unit in here if known.targets[number].answered_by(unit.passage.text)]
    gold = {unit for unit in answering if number in judge.judge(known, _evidence(unit)).gold}
    yield from _pairs_of(
        (
            "follow-up" if known.history else "canon",
            here[0].passage.work,
            asked,
            tuple(answer for target in known.targets for answer in target.answers),
        ),
        # Short answers occur in many places of a book; only the gold passages surely answer.
        [unit for unit in answering if unit in gold] or answering,
        found,
        holds=known.targets[number].answered_by,
        lacks=lambda text: not any(target.answered_by(text) for target in known.targets),
    )


# ---------------------------------------------------------------------- both


def _pairs_of(
    about: tuple[str, str, str, tuple[str, ...]],
    here: Sequence[Unit],
    found: Sequence[Unit],
    *,
    holds: Callable[[str], bool],
    lacks: Callable[[str], bool],
) -> Iterator[Pair]:
    """A pair for each form that has both an answering text and a negative; `holds` and `lacks` see the text alone."""
    kind, group, question, answers = about
    for form in TEXTS:
        positives = _texts(_nearest([unit for unit in here if holds(_bare(unit, form))], question, form), form)
        negatives = _texts([unit for unit in found if lacks(_bare(unit, form))], form)
        negatives = tuple(text for text in negatives if text not in positives)
        if positives and negatives:
            yield Pair(kind, group, question, form, positives[:POSITIVES], negatives[:NEGATIVES], answers)


def _nearest(units: Sequence[Unit], question: str, form: Form) -> list[Unit]:
    asked = content_words(question)
    return sorted(units, key=lambda unit: -len(asked & _words(_bare(unit, form))))


def _texts(units: Iterable[Unit], form: Form) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit.text(form) for unit in units))


def _bare(unit: Unit, form: Form) -> str:
    return unit.passage.text if form == "passage" else unit.window if form == "window" else unit.sentence


def _evidence(unit: Unit) -> Evidence:
    return Evidence(unit.passage, unit.passage.text, 0.0, ())


_words = lru_cache(maxsize=200_000)(content_words.__wrapped__)
