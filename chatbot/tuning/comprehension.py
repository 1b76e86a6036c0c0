"""Reading comprehension: questions on stories, turned into short evidence and replies that begin with the answer.

A small model that has only learned a manner of speech invents its facts. Questions whose answer is in a sentence
or two of the prompt teach it to look there. They are FairytaleQA (Xu et al., "Fantastic Questions and Where to Find
Them: FairytaleQA", ACL 2022; Apache-2.0), read from a folder and not part of this project.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.language import content_words, split_sentences, to_plain
from chatbot.lines import Example
from chatbot.prompts import Message, render_turn
from chatbot.wording import sentence_of
from personas import Persona

SILENT_SHARE = 0.14  # examples whose notes do not hold the answer
MARKED_SHARE = 0.85  # examples whose answer is marked, as that of a reader is
MIN_COVERED = 0.75  # the share of an answer's words that its sentence must hold
MAX_QUOTE_WORDS = 26
MAX_ANSWER_WORDS = 9


@dataclass(frozen=True)
class ReadingQuestion:
    """A question on a story, the sections that hold its answer, and the accepted answers, the usual one first."""

    story: str
    sections: tuple[str, ...]
    text: str
    answers: tuple[str, ...]


def read_stories(
    folder: Path, splits: Sequence[str] = ("train",)
) -> tuple[dict[tuple[str, str], str], list[ReadingQuestion]]:
    """The sections by (story, section), and the questions of `splits` whose answers are in the text.

    Args:
        folder: holds `sections.jsonl` (story, section, text) and `questions.jsonl` (split, story, sections, question,
            answers, explicit).
        splits: some of train, val and test.

    Raises:
        TrainingError: the folder does not hold the two files, or they have another form.
    """
    try:
        sections = {
            (row["story"], str(row["section"])): to_plain(row["text"]) for row in _rows(folder / "sections.jsonl")
        }
        questions = [
            ReadingQuestion(
                row["story"],
                tuple(str(section) for section in row["sections"]),
                to_plain(row["question"]).strip(),
                tuple(to_plain(answer).strip().rstrip(".") for answer in row["answers"]),
            )
            for row in _rows(folder / "questions.jsonl")
            if row["split"] in splits and row["explicit"] and row["answers"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{folder} holds no reading comprehension set (sections.jsonl and questions.jsonl): {error!r}. Name "
            "another folder with --reading, or train without it: --no-reading."
        ) from error
    return sections, questions


def reading_examples(folder: Path, persona: Persona, number: int, seed: int) -> list[Example]:
    """At most `number` reading examples in the persona's words, the same for the same seed.

    Args:
        folder: as `read_stories` reads it.
        persona: whose prompts and declines are used.
        number: the most examples.
        seed: of the choice, the wording and the notes.

    Raises:
        TrainingError: the folder does not hold the two files, or they have another form.
    """
    sections, questions = read_stories(folder)
    by_story: dict[str, list[str]] = {}
    for (story, _), text in sections.items():
        by_story.setdefault(story, []).extend(split_sentences(text))
    chance = random.Random(seed)
    chance.shuffle(questions)
    examples: list[Example] = []
    for question in questions:
        if len(examples) >= number:
            break
        text = " ".join(sections.get((question.story, section), "") for section in question.sections)
        made = _example(question, split_sentences(text), by_story.get(question.story, []), persona, chance)
        if made:
            examples.append(made)
    return examples


def _example(
    question: ReadingQuestion, near: list[str], story: Sequence[str], persona: Persona, chance: random.Random
) -> Example | None:
    place = _place(question, near)
    if place is None:
        return None
    quote = _quotation(near[place], question.answers[0])
    if quote is None:
        return None
    title = title_of(question.story)
    window = _window(near, place, chance)
    silent = chance.random() < SILENT_SHARE
    notes = [(title, text) for text in _distractors(question, window, story, chance)]
    if not silent:
        notes.insert(0, (title, window))
    if not notes:
        return None
    marked = not silent and chance.random() < MARKED_SHARE
    answer = question.answers[0]
    prompt = render_turn(question.text, notes, persona.prompts, answer if marked else "")
    if silent:
        return _exchange("reading-silent", prompt, chance.choice(persona.declines))
    return _exchange("reading", prompt, f"{sentence_of(answer)} {quote}")


def _exchange(kind: str, prompt: str, reply: str) -> Example:
    return Example(kind, (Message("user", prompt), Message("assistant", reply)))


def _place(question: ReadingQuestion, sentences: Sequence[str]) -> int | None:
    """The sentence that holds the answer, and best fits the question."""
    wanted = content_words(question.answers[0])
    if not wanted or len(question.answers[0].split()) > MAX_ANSWER_WORDS:
        return None
    asked = content_words(question.text)
    best, best_score = None, 0.0
    for index, sentence in enumerate(sentences):
        words = content_words(sentence)
        covered = len(wanted & words) / len(wanted)
        if covered < MIN_COVERED:
            continue
        score = covered + len(asked & words) / max(len(asked), 1)
        if score > best_score:
            best, best_score = index, score
    return best


def _quotation(sentence: str, answer: str) -> str | None:
    """The sentence, or the clauses of it around the answer when it is long; None where that fails."""
    plain = sentence.replace('"', "").strip(" '")
    if len(plain.split()) <= MAX_QUOTE_WORDS:
        return _closed(plain) if len(plain.split()) >= 3 else None
    wanted = content_words(answer)
    clauses = re.split(r"(?<=[,;:])\s+", plain)
    for length in range(1, len(clauses) + 1):
        for start in range(len(clauses) - length + 1):
            span = " ".join(clauses[start : start + length])
            words = len(span.split())
            if words > MAX_QUOTE_WORDS or words < 5:
                continue
            if wanted <= content_words(span):
                return _closed(span)
    return None


def _closed(span: str) -> str:
    """A quotation that begins where a reader would begin it, and ends with a stop."""
    span = re.sub(r"^(?:and|but|so|for|then|or)\s+", "", span.rstrip(",;:- "), flags=re.IGNORECASE)
    return span if span.endswith((".", "!", "?")) else f"{span}."


def _window(sentences: Sequence[str], place: int, chance: random.Random) -> str:
    before = chance.choice((0, 0, 1))
    after = chance.choice((0, 1))
    window = " ".join(sentences[max(0, place - before) : place + after + 1])
    words = window.split()
    return window if len(words) <= 90 else sentences[place]


def _distractors(question: ReadingQuestion, holding: str, story: Sequence[str], chance: random.Random) -> list[str]:
    """One or two other places of the story that share words with the question but lack the answer."""
    asked, wanted = content_words(question.text), content_words(question.answers[0])
    scored = []
    for index, sentence in enumerate(story):
        words = content_words(sentence)
        if sentence in holding or len(wanted & words) / len(wanted) > 0.3 or not 6 <= len(sentence.split()) <= 45:
            continue
        scored.append((len(asked & words) + chance.random(), index))
    scored.sort(reverse=True)
    return [story[index] for _, index in scored[: chance.choice((1, 2, 2))]]


def title_of(story: str) -> str:
    """The title of a story, made of its file's name."""
    return story.replace("-", " ").capitalize()


def _rows(file: Path) -> Iterable[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        for row in stream:
            if row.strip():
                yield json.loads(row)
