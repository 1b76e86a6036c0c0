"""Visitors who tell of themselves and ask for it: what is kept of each, and how the weights of recall are made of them.

    PYTHONPATH=. python tests/recalling.py

prints the weights of `chatbot.recall_signs` and, with each visitor left out of what he is weighed by, which shares of
what was told lead and of what was not are declined, by threshold (two minutes on two cores).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatbot.drawing import drawn_from
from chatbot.language import ENGLISH, relations_told
from chatbot.library.encoders import Embedder, Reader
from chatbot.library.texts.passages import recollection
from chatbot.recall import recalled
from chatbot.recall_signs import signs_of, taken_apart
from memory import Drawn

CASES = Path(__file__).parent / "cases" / "recall"
VISITORS: list[dict[str, Any]] = json.loads((CASES / "visitors.json").read_text(encoding="utf-8"))
CHANGES: list[dict[str, Any]] = json.loads(
    (CASES / "changes.json").read_text(encoding="utf-8")
)  # with what was "stale"
OTHERS = (CASES / "others.txt").read_text(encoding="utf-8").splitlines()  # what is asked of others
EVENING = datetime(2024, 11, 5, 20, tzinfo=UTC)


def kept_of(visitor: dict[str, Any], reader: Reader | None = None, embedder: Embedder | None = None) -> list[Drawn]:
    """What counts of what a visitor told, the latest first."""
    earlier: list[Drawn] = []
    before: list[Drawn] = []
    for message in visitor["told"]:
        before = drawn_from(message, ENGLISH, earlier, before, reader=reader, embedder=embedder)
        replaced = {each.matter for each in before}
        last = {each.matter: each for each in before}
        earlier = [*(each for each in earlier if each.matter not in replaced), *last.values()]
    return earlier[::-1]


def asked_of(visitor: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every question with its answers, of which a statement that answers has one; none where nothing was told."""
    for question, answers in visitor["asked"].items():
        yield question, tuple(answers.lower().split("|"))
    for question in visitor["untold"]:
        yield question, ()


def answers(text: str, wanted: Sequence[str]) -> bool:
    """Whether a statement answers."""
    return any(answer in text.lower() for answer in wanted)


def held(
    visitors: Sequence[dict[str, Any]], reader: Reader, embedder: Embedder
) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """Every question with its answers and the statements that are given for it, the best first."""
    for visitor in visitors:
        kept = kept_of(visitor, reader, embedder)
        told = [recollection(each.text, EVENING - timedelta(minutes=at)) for at, each in enumerate(kept)]
        topics = {passage.id: each.topic for passage, each in zip(told, kept, strict=True)}
        for question, wanted in asked_of(visitor):
            found = recalled(question, told, ENGLISH, reader=reader, embedder=embedder, topics=topics)
            yield question, wanted, [piece.text for piece in found.evidence]


def _rows(reader: Reader, embedder: Embedder) -> Iterator[tuple[int, int, bool, bool, dict[str, float]]]:
    """Of every pair of a question and a statement: visitor, question, told at all, answers, signs."""
    import numpy as np

    number = 0
    for who, visitor in enumerate(VISITORS):
        kept = kept_of(visitor, reader, embedder)
        texts = [each.text for each in kept]
        relations, vectors = relations_told(texts, ENGLISH), np.asarray(embedder.embed_documents(texts))
        for question, wanted in asked_of(visitor):
            cosines, read = vectors @ np.asarray(embedder.embed_query(question)), reader.read(question, texts)
            asked = taken_apart(question, relations, ENGLISH)
            for at, each in enumerate(kept):
                signs = signs_of(
                    asked,
                    each.text,
                    each.topic,
                    relations,
                    ENGLISH,
                    logit=read[at].relevance,
                    cosine=float(cosines[at]),
                    age=at / len(kept),
                )
                yield who, number, bool(wanted), answers(each.text, wanted), signs
            number += 1


def main() -> None:
    """Print the weights and the shares."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from chatbot.settings import load_settings
    from personas import load_persona

    sherlock, models = load_persona("sherlock"), load_settings().models_dir
    reader = Reader("bundled", adapter=sherlock.folder / "reader", cache=models)
    rows = list(_rows(reader, Embedder(adapter=sherlock.retriever, cache=models)))
    who, number, told, right = (np.array([row[at] for row in rows]) for at in range(4))
    signs = np.array([list(row[4].values()) for row in rows])
    scale = signs.std(axis=0) + 1e-9
    worth = np.zeros(len(rows))
    for one in set(who):
        model = LogisticRegression(max_iter=3000).fit(signs[who != one] / scale, right[who != one])
        worth[who == one] = model.decision_function(signs[who == one] / scale)
    model = LogisticRegression(max_iter=3000).fit(signs / scale, right)
    weights = dict(zip(rows[0][4], (model.coef_[0] / scale).round(2).tolist(), strict=True))
    print(weights, model.intercept_[0].round(2))
    best = {each: np.flatnonzero(number == each)[worth[number == each].argmax()] for each in set(number.tolist())}
    of_told, of_untold = ([at for at in best.values() if told[at] == known] for known in (True, False))
    for least in (-2.5, -2.0, -1.7, -1.4, -1.2, -1.0, -0.7, 0.0, 0.5, 0.8, 1.2):
        lead = sum(right[at] and worth[at] >= least for at in of_told) / len(of_told)
        declined = sum(worth[at] < least for at in of_untold) / len(of_untold)
        print(f"{least:5.1f}: {lead:.1%} of {len(of_told)} lead, {declined:.1%} of {len(of_untold)} declined")


if __name__ == "__main__":
    main()
