"""What finds the persona's own exchanges: its messages, its batches, and a short run."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from line_files import persona_of_lines

from chatbot.errors import MessageError, TrainingError
from chatbot.language import ENGLISH
from chatbot.library.encoders import Embedder
from chatbot.lines import Example, as_compared, read_messages, said_in
from chatbot.prompts import Message
from chatbot.tuning.matcher import MatcherData, MatcherRecipe
from chatbot.tuning.tune_matcher import matched, tune_matcher

TALK = [
    ("about-him", "Where did you live before Baker Street?", "In Montague Street.", "your first rooms in town?"),
    ("opinion", "What do you think of the violin?", "It frees the mind.", "is the fiddle any good?"),
    ("opinion", "What do you think of the piano?", "It cannot be carried.", "are pianos any good?"),
    ("farewell", "Good night, sir.", "Mind the stairs.", "I am off to bed"),
    ("farewell", "I must go home now.", "Go, then.", "time to head home"),
]
PROBABLE = [("Who killed Roylott?", "By what did the doctor die?"), ("Who was Toller?", "Whose name was Toller?")]


def lines() -> list[Example]:
    return [
        Example(kind, (Message("user", asked), Message("assistant", reply)), also=(other,))
        for kind, asked, reply, other in TALK
    ]


@pytest.fixture(scope="module")
def data(embedder: Embedder) -> MatcherData:
    return MatcherData(lines(), [(0, "and where had you digs before this?")], PROBABLE, ENGLISH, embedder)


def test_a_batch_pairs_ways_of_one_line_and_hides_what_answers_alike(data: MatcherData) -> None:
    recipe = MatcherRecipe(batch_size=12, asked=2)
    said = said_in(lines())
    of_text = {as_compared(text, ENGLISH): line for line, text in said}
    for batch in islice(data.batches(recipe, 3), 20):
        assert len(batch.questions) == 12 and len(batch.texts) >= 12
        rows = [of_text[text] for text in batch.texts[:10]]
        assert set(batch.texts[10:12]) <= {text for texts in PROBABLE for text in texts}
        for row, line in enumerate(rows):
            for column, other in enumerate(rows):
                alike = line == other or line.kind == other.kind == "farewell"
                assert row == column or not alike or (row, column) in batch.masked
        violin, piano = (
            [row for row, line in enumerate(rows) if word in line.messages[0].content] for word in ("violin", "piano")
        )
        assert not {(row, column) for row in violin for column in piano} & set(batch.masked)
    assert list(islice(data.batches(recipe, 3), 4)) == list(islice(data.batches(recipe, 3), 4))
    assert next(data.batches(recipe, 3)) != next(data.batches(recipe, 4))


def test_texts_are_written_as_in_a_chat_and_messages_are_not_wrapped(data: MatcherData) -> None:
    recipe = MatcherRecipe(batch_size=12, asked=2)
    questions = [text for batch in islice(data.batches(recipe, 3), 60) for text in batch.questions[:10]]
    longer = [text for text in questions if any(text.startswith(f"{before} ") for before in ENGLISH.talk.before)]
    assert longer and len(longer) < len(questions) / 2
    assert any(text == text.lower() for text in questions)
    assert all(len(text) < 60 for text in questions if "digs" in text)


def test_there_must_be_something_to_train_on(embedder: Embedder) -> None:
    alone = [Example(line.kind, line.messages) for line in lines()]
    with pytest.raises(TrainingError, match="no line lists `also`"):
        next(MatcherData(alone, [], [], ENGLISH, embedder).batches(MatcherRecipe(), 1))


def test_any_line_of_a_general_kind_answers_and_another_line_does_not(embedder: Embedder) -> None:
    found = matched([(3, "I must go home now"), (1, "What do you think of the piano?")], lines(), embedder, ENGLISH)
    assert (found.messages, found.first, found.few) == (2, 0.5, 1.0)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"said": "hm", "line": "Nobody says this."}, r"messages.jsonl:2: no line begins with “Nobody says this.”"),
        ({"said": "hm"}, r"messages.jsonl:2: line: Field required"),
        ({"said": "", "line": "Good night, sir."}, r"messages.jsonl:2: said: "),
    ],
)
def test_a_wrong_message_is_named_with_its_row(tmp_path: Path, row: dict[str, str], what: str) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text("\n" + json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises((MessageError, TrainingError), match=what):
        read_messages(file, lines())


@pytest.mark.slow
def test_a_short_run_is_published_with_its_card_and_finds_exchanges(tmp_path: Path, quill_home: Path) -> None:
    folder = tmp_path / "quill"
    loaded = persona_of_lines(folder, quill_home, lines())
    told = [{"said": "had you digs before this?", "line": TALK[0][1]}, {"said": "off i go", "line": TALK[3][1]}]
    (folder / "messages.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in told))
    recipe = MatcherRecipe(steps=3, batch_size=6, asked=0)
    made, before, after = tune_matcher(
        loaded, "bundled", tmp_path / "run", recipe=recipe, threads=1, command="a command"
    )
    assert made == folder / "matcher" == loaded.matcher
    assert before is not None and after is not None and before.messages == after.messages == 1
    assert "Made by `a command`." in (made / "README.md").read_text()
    assert len(Embedder(adapter=made).embed_query("Good night.")) == 384
