"""Questions that the small model makes of passages, and the few of them that can be used.

A small model asks poor questions, so each has to find its way back: BM25 must find the passage among its first, the
question must not be a copy of it, and must name nobody who is not in it (Alberti et al., "Synthetic QA Corpora
Generation with Roundtrip Consistency", 2019). What was asked is kept, so that it is asked once.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from chatbot.engines import Engine, Request, Sampling
from chatbot.errors import TrainingError
from chatbot.language import content_words, words_of
from chatbot.library.index import Lexical
from chatbot.library.search import windows_of
from chatbot.library.texts import Passage
from chatbot.prompts import Message

TOGETHER = 16  # requests handed to the engine at once
FOUND_AMONG = 10  # BM25's first
MOST_SHARED = 0.9  # of the question's words with the passage
LEAST_WORDS = 3  # that carry meaning
MOST_WORDS = 24
LEAST_WINDOW_WORDS = 25
SAMPLING = Sampling(max_new_tokens=32, temperature=0.0, presence_penalty=0.0)

INSTRUCTION = "Read the passage and ask one short question that it answers."
EXCHANGES = (
    (
        "The miller kept his savings in a blue jar under the third stair, and told no one but his sister Agnes.",
        "Where did the miller hide his savings?",
    ),
    (
        '"It was raining when Mr. Harding left the inn," said the ostler. "He took the grey mare, for his own horse '
        'had gone lame the night before."',
        "Why did Mr. Harding ride the grey mare?",
    ),
    (
        "Captain Lowe lost two fingers of his left hand at sea, and had worn a black glove upon it ever since.",
        "What injury did Captain Lowe cover with a black glove?",
    ),
)


def make_questions(
    engine: Engine,
    passages: Sequence[Passage],
    number: int,
    file: Path,
    *,
    seed: int = 7,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[tuple[str, str]]:
    """The usable ones of `number` questions as (passage id, question).

    Args:
        engine: the base model is asked.
        passages: what questions are made of; the choice among them is the same for the same seed.
        number: how many passages are asked about; no more than there are.
        file: keeps what was asked (JSONL), usable or not.
        seed: of the choice.
        on_progress: told how many were asked, of how many.

    Raises:
        TrainingError: the file cannot be read or written.
        EngineError: the engine failed.
    """
    chance = random.Random(seed)
    windows: dict[str, tuple[Passage, str]] = {}
    for passage in chance.sample(passages, len(passages)):
        long = [window for _, window in windows_of(passage) if len(window.split()) >= LEAST_WINDOW_WORDS]
        if long and len(windows) < number:
            windows[passage.id] = (passage, chance.choice(long))
    try:
        asked = _read(file)
        missing = [id_ for id_ in windows if id_ not in asked]
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            for start in range(0, len(missing), TOGETHER):
                on_progress(len(windows) - len(missing) + start, len(windows))
                ids = missing[start : start + TOGETHER]
                under_way = [engine.submit(_request(windows[id_][1])) for id_ in ids]
                for id_, generation in zip(ids, under_way, strict=True):
                    asked[id_] = " ".join(generation.completion.text.split("\n")[0].split())
                    stream.write(json.dumps({"passage": id_, "question": asked[id_]}, ensure_ascii=False) + "\n")
                stream.flush()
        on_progress(len(windows), len(windows))
    except OSError as error:
        raise TrainingError(f"The questions in {file} cannot be kept: {error}. Free some disk.") from error
    lexical = Lexical.build([passage.indexed() for passage in passages])
    return [
        (id_, asked[id_])
        for id_, (passage, _) in windows.items()
        if is_usable(asked[id_], passage) and _finds_back(asked[id_], passage, passages, lexical)
    ]


def is_usable(question: str, passage: Passage) -> bool:
    """Whether it is one question, in words of its own, about somebody or something that stands in the passage."""
    words = content_words(question)
    if not question.endswith("?") or re.search(r"[.?!]\s", question.replace("Mr. ", "").replace("Dr. ", "")):
        return False
    if len(words) < LEAST_WORDS or len(question.split()) > MOST_WORDS:
        return False
    held = content_words(passage.indexed())
    if len(words & held) / len(words) > MOST_SHARED:
        return False
    known = set(words_of(passage.indexed()))
    named = {word for name in re.findall(r"(?<!^)\b[A-Z][\w'-]+", question) for word in words_of(name)}
    return named <= known


def _finds_back(question: str, passage: Passage, passages: Sequence[Passage], lexical: Lexical) -> bool:
    return any(passages[at].id == passage.id for at, _ in lexical.search(question, FOUND_AMONG))


def _request(window: str) -> Request:
    messages = [Message("system", INSTRUCTION)]
    for text, question in EXCHANGES:
        messages += [Message("user", f"Passage: {text}"), Message("assistant", question)]
    return Request((*messages, Message("user", f"Passage: {window}")), sampling=SAMPLING)


def _read(file: Path) -> dict[str, str]:
    asked: dict[str, str] = {}
    if not file.is_file():
        return asked
    for row in file.read_text(encoding="utf-8").splitlines():
        try:
            data = json.loads(row)
            asked[data["passage"]] = data["question"]
        except (ValueError, KeyError, TypeError):
            continue  # the last row of a run that was killed
    return asked
