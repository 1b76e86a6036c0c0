"""What the reader is trained on: questions, each with texts of which it is known whether they answer, and where.

From the persona's own world: known questions and the wordings of the probable ones, each with what the search finds for
it, so that the reader learns from the mistakes that the search makes. From foreign sets: passages cut into windows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.evaluation import KnownQuestion, split_of
from chatbot.evaluation.retrieval import same_work
from chatbot.json_text import JsonTextError, numbered_rows, parse_object
from chatbot.language import content_words, holds, split_sentences, to_plain
from chatbot.library.search import CANDIDATES, Candidate, Library, in_context, text_for_reader
from chatbot.library.texts import ProbableQuestion
from chatbot.progress import Progress
from chatbot.tuning.comprehension import read_stories, title_of

RIGHT, WINDOWS, FACTS = 4, 4, 7  # texts of one question: that answer; windows that do not; facts that do not
WINDOW = 80  # words
KNOWN_ALONE = 0.35  # how often the fact that was asked for is hidden, so that a window has to answer
SILENT = 0.12  # how often all that answers is hidden
# From this cosine of two questions on, another fact may answer the same in other words, so it is no negative: as the
# denoised hard negatives of RocketQA (Qu et al., NAACL 2021), with the retriever as the judge.
MAY_BE_THE_SAME = 0.82
NOWHERE = (-1, -1)


@dataclass(frozen=True)
class Shown:
    """A text and what is known of it.

    Attributes:
        text: as the reader is shown it.
        skip: characters at its beginning that are no place for an answer.
        answers: whether it answers.
        span: where, in characters; `NOWHERE` where that is not known.
        known: whether a probable question brought it.
    """

    text: str
    skip: int
    answers: bool
    span: tuple[int, int] = NOWHERE
    known: bool = False


@dataclass(frozen=True)
class ReadingGroup:
    """A question with its texts, those that answer first.

    Attributes:
        kind: where it comes from.
        group: the work or source.
    """

    kind: str
    group: str
    question: str
    shown: tuple[Shown, ...]


# ---------------------------------------------------------------------- the persona's world


def known_groups(
    questions: Sequence[KnownQuestion],
    library: Library,
    *,
    use: Callable[[str], bool],
    on_progress: Progress = lambda done, total: None,
) -> Iterator[ReadingGroup]:
    """The known questions of the dev split about one work or about nothing in the books, with what is found for them.

    Args:
        questions: all there are; those of the test split are skipped.
        library: where it is searched.
        use: whether a work may be trained on.
        on_progress: told how many questions are done, of how many.
    """
    chosen = [
        known
        for known in questions
        if split_of(known) == "dev" and len(known.targets) < 2 and all(use(target.work) for target in known.targets)
    ]
    for done, known in enumerate(chosen, 1):
        shown: list[Shown] = []
        for candidate in library.candidates(known.question, CANDIDATES, known.history):
            target = known.targets[0] if known.targets else None
            right = target is not None and same_work(candidate.passage.work, target.work)
            text = text_for_reader(candidate)
            said = f"{candidate.answer} {candidate.text}" if candidate.asked else candidate.text
            if target is None or not target.answered_by(said):
                shown.append(Shown(text, _skip(candidate), answers=False, known=bool(candidate.asked)))
            elif right:
                shown.append(_shown(text, candidate, target.answers))
        asked = in_context(known.question, known.history)
        if group := _group("known", known.work if known.targets else "none", asked, shown):
            yield group
        on_progress(done, len(chosen))


def probable_groups(
    library: Library,
    *,
    use: Callable[[str], bool],
    seed: int,
    wordings: int = 3,
    on_progress: Progress = lambda done, total: None,
) -> Iterator[ReadingGroup]:
    """Wordings of the probable questions, each searched as if it were not among them.

    Args:
        library: whose they are.
        use: whether a work may be trained on.
        seed: of what is hidden.
        wordings: of one fact at most, the last ones first: they stand alone best.
        on_progress: told how many facts are done, of how many.
    """
    asked = library.tools.asked()
    chance = random.Random(seed)
    if asked is None:
        return
    facts = [
        (fact, place, library.tools.passages[place.position].work)
        for fact, place in asked.facts
        if use(library.tools.passages[place.position].work)
    ]
    for done, (fact, place, work) in enumerate(facts, 1):
        found = library.candidates(fact.questions[-1], CANDIDATES)  # much the same for the others
        for question in fact.questions[-wordings:]:
            hidden, silent = chance.random() < KNOWN_ALONE, chance.random() < SILENT
            sentence = library.tools.sentences(place.position)[place.sentence]
            shown = list(_of_fact(fact, question, sentence, work, found, hidden=hidden or silent))
            if silent:
                shown = [item for item in shown if not item.answers]
            if group := _group("probable", work, question, shown):
                yield group
        on_progress(done, len(facts))


def _of_fact(
    fact: ProbableQuestion, question: str, sentence: str, work: str, found: Sequence[Candidate], *, hidden: bool
) -> Iterator[Shown]:
    for candidate in found:
        if candidate.asked == question:  # asked word for word; another wording of the fact may stand for it
            others = [text for text in fact.questions if text != question]
            if not others:
                continue
            candidate = replace(candidate, asked=others[0])
        text = text_for_reader(candidate)
        same_fact = candidate.asked in fact.questions
        holds_it = same_fact or (not candidate.asked and sentence in candidate.text)
        if same_fact and hidden:
            continue
        if holds_it:
            yield _shown(text, candidate, (fact.answer,))
        elif candidate.asked and candidate.score > MAY_BE_THE_SAME:
            continue
        elif candidate.passage.work != work or not holds(f"{candidate.answer} {candidate.text}", fact.answer):
            yield Shown(text, _skip(candidate), answers=False, known=bool(candidate.asked))
        # Else another text of the same work that holds the words of the answer: it may answer, or not.


def _shown(text: str, candidate: Candidate, answers: Sequence[str]) -> Shown:
    skip = _skip(candidate)
    return Shown(text, skip, True, _span(text, skip, answers), known=bool(candidate.asked))


def _skip(candidate: Candidate) -> int:
    return len(candidate.passage.titled(""))


def _group(kind: str, group: str, question: str, shown: Sequence[Shown]) -> ReadingGroup | None:
    """Of the texts that do not answer, some of each form: or the form alone would tell."""
    shown = tuple(dict.fromkeys(shown))
    right = [item for item in shown if item.answers]
    windows = [item for item in shown if not item.answers and not item.known]
    facts = [item for item in shown if not item.answers and item.known]
    kept = (*right[:RIGHT], *facts[:FACTS], *windows[:WINDOWS])
    return ReadingGroup(kind, group, question, kept) if windows or facts else None


def _span(text: str, skip: int, answers: Sequence[str]) -> tuple[int, int]:
    """The first place of the longest answer that stands word for word in a text, as whole words, ignoring case."""
    for answer in sorted(answers, key=len, reverse=True):
        wanted = answer.lower().strip(" .")
        for words in filter(None, (wanted, _bare(wanted))):
            if found := re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE).search(text, skip):
                return found.span()
    return NOWHERE


_SMALL = ("a ", "an ", "the ", "his ", "her ", "their ", "in ", "on ", "at ", "by ", "to ", "from ", "because ", "for ")


def _bare(answer: str) -> str:
    """An answer without the small words that it begins with."""
    while answer.startswith(_SMALL):
        answer = answer.partition(" ")[2]
    return answer


# ---------------------------------------------------------------------- foreign sets


def foreign_groups(folder: Path, seed: int, share: dict[str, float] | None = None) -> Iterator[ReadingGroup]:
    """Questions of reading comprehension sets with windows of their passages.

    Args:
        folder: `sections.jsonl` and `questions.jsonl` as `read_stories` reads them, and where it is there
            `passages.jsonl` (source, licence, passage, questions).
        seed: of the choice.
        share: of the questions of a source whose name begins so, how many are used; default: all.

    Raises:
        TrainingError: the folder holds no reading comprehension set.
    """
    chance = random.Random(seed)
    sections, questions = read_stories(folder, ("train", "val"))
    for question in questions:
        text = [part for section in question.sections for part in split_sentences(sections[question.story, section])]
        story = (
            [
                sentence
                for (name, _), part in sections.items()
                if name == question.story
                for sentence in split_sentences(part)
            ]
            if len(text) < 12
            else text
        )
        title = title_of(question.story)
        if made := _foreign("FairytaleQA", title, question.text, question.answers, story, chance):
            yield made
    for row in _passages(folder / "passages.jsonl"):
        part = next((value for name, value in (share or {}).items() if row["source"].startswith(name)), 1.0)
        sentences = split_sentences(to_plain(row["passage"]))
        for item in row["questions"]:
            if chance.random() < part:
                answers = tuple(item["answers"]) if item["answerable"] else ()
                if made := _foreign(row["source"], "", to_plain(item["question"]), answers, sentences, chance):
                    yield made


def _passages(file: Path) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        return
    try:
        for _, row in numbered_rows(file):
            yield parse_object(row)
    except JsonTextError as error:
        raise TrainingError(f"{file} cannot be read: it {error}.") from error


def _foreign(
    source: str, title: str, question: str, answers: Sequence[str], sentences: Sequence[str], chance: random.Random
) -> ReadingGroup | None:
    """Windows of a passage: those that hold an answer, and others that share words with the question."""
    windows = list(_windows(sentences, chance))
    start = f"{title}. " if title else ""
    asked = content_words(question)
    shown = []
    for window in sorted(windows, key=lambda window: -len(asked & _words(window))):
        text = f"{start}{window}"
        span = _span(text, len(start), answers)
        if span != NOWHERE:
            shown.append(Shown(text, len(start), True, span))
        elif not answers or not any(_words(answer) and _words(answer) <= _words(window) for answer in answers):
            shown.append(Shown(text, len(start), answers=False))
    right = [item for item in shown if item.answers]
    wrong = [item for item in shown if not item.answers]
    if answers and not right:
        return None
    kept = (*right[:1], *wrong[:4])
    return ReadingGroup(source, title or source, question, kept) if kept else None


def _windows(sentences: Sequence[str], chance: random.Random) -> Iterator[str]:
    held: list[str] = []
    size, limit = 0, chance.choice((25, 50, WINDOW))
    for sentence in sentences:
        words = len(sentence.split())
        if held and size + words > limit:
            yield " ".join(held)
            held, size = [], 0
        held.append(sentence)
        size += words
    if held:
        yield " ".join(held)


_words = lru_cache(maxsize=100_000)(content_words.__wrapped__)


def counted_by_kind(groups: Iterable[ReadingGroup]) -> dict[str, int]:
    """How many questions there are of each kind."""
    found: dict[str, int] = {}
    for group in groups:
        found[group.kind] = found.get(group.kind, 0) + 1
    return dict(sorted(found.items()))
