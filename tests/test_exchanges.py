"""A persona's own exchanges: which are near to what is said, which replies fit as they stand, and what is kept."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from kettles import Counting

from chatbot.exchanges import VECTORS, Exchanges, OpenedExchanges
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index import kept_vectors
from chatbot.library.search import Library
from chatbot.resources import Resources
from chatbot.settings import Settings
from personas import LoadedPersona, load_persona

CASES = Path(__file__).parent / "cases" / "exchanges.jsonl"
LINE = {
    "kind": "small-talk",
    "messages": [{"role": "user", "content": "Good day."}, {"role": "assistant", "content": "And to you, {{user}}."}],
}


@pytest.fixture(scope="module")
def exchanges(sherlock: LoadedPersona, settings: Settings, library: Library) -> Exchanges:
    opened = Resources(settings).exchanges("sherlock")
    assert opened is not None
    return opened


@pytest.mark.slow
def test_what_fits_is_right_and_most_of_what_a_line_answers_fits(exchanges: Exchanges) -> None:
    cases = [json.loads(row) for row in CASES.read_text("utf-8").splitlines()]
    said = [(near, case) for case in cases if (near := exchanges.nearest(case["said"], 1)[0]).fits]
    wrong = [(case["said"], near.user) for near, case in said if near.user not in case["right"]]
    assert len(wrong) <= 0.07 * len(said), wrong
    assert len(said) - len(wrong) > 0.8 * sum(bool(case["right"]) for case in cases)


def test_the_nearest_come_first_and_none_is_left_to_the_books(exchanges: Exchanges) -> None:
    near = exchanges.nearest("How are you today, Mr. Holmes?", 2)
    likely = [found.likely for found in near if found.likely is not None]
    assert len(likely) == 2 and likely == sorted(likely, reverse=True)
    assert {found.kind for found in near} <= {"small-talk", "how-are-you"}
    assert near[0].margin > 0 and near[0].fits and near[0].reply
    story, *_ = exchanges.nearest("tell me the story of the red-headed league", 1)
    assert story.kind == "story" and story.fits and "Jabez Wilson" in story.reply
    assert all(found.kind not in ("fact", "why") for found in exchanges.nearest("Who was Irene Adler's husband?", 20))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("What do you think of Stanley Baldwin?", "How do you regard the commissionaire Peterson?"),  # another name
        ("I have mud on my right boot.", "I have mud on my left boot only."),  # another particular
        ("what is my name?", "What is my name?"),  # he may have told it
        ("What did you have for dinner on 7 March 1889?", "What did you have for dinner on 5 March 1889?"),
    ],
)
def test_a_reply_to_something_else_does_not_fit_however_near(exchanges: Exchanges, text: str, near: str) -> None:
    found, *_ = exchanges.nearest(text, 1)
    assert (found.user, found.fits) == (near, False)


def write(folder: Path, rows: list[object]) -> None:
    (folder / "lines.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_lines_are_read_again_when_they_change_and_vectors_are_kept(quill_home: Path, tmp_path: Path) -> None:
    shutil.copytree(quill_home, tmp_path / "home")
    quill, folder = load_persona("quill", tmp_path / "home" / "personas"), tmp_path / "home" / "library" / "quill"
    counting, opened = Counting(), OpenedExchanges()
    assert opened.of(quill, folder, lambda: counting) is None
    write(quill.folder, [LINE, {**LINE, "kind": "fact"}])
    first = opened.of(quill, folder, lambda: counting)
    assert first is not None and len(first) == counting.embedded == 1
    assert opened.of(quill, folder, lambda: counting) is first
    OpenedExchanges().of(quill, folder, lambda: counting)
    assert counting.embedded == 1  # from the file
    (folder / VECTORS).write_bytes(b"PK damaged")
    OpenedExchanges().of(quill, folder, lambda: counting)
    assert counting.embedded == 2
    write(quill.folder, [LINE, {**LINE, "kind": "advice"}])
    second = opened.of(quill, folder, lambda: counting)
    assert second is not None and len(second) == 2
    assert "{" not in second.nearest("Good day!", 1)[0].reply


def test_another_way_to_say_it_brings_the_same_reply_once_and_it_alone_is_embedded(
    quill_home: Path, tmp_path: Path
) -> None:
    shutil.copytree(quill_home, tmp_path / "home")
    quill, folder = load_persona("quill", tmp_path / "home" / "personas"), tmp_path / "home" / "library" / "quill"
    counting = Counting()
    for lines, embedded in (([LINE], 1), ([{**LINE, "also": ["How do you do?"]}], 2)):
        write(quill.folder, lines)
        opened = OpenedExchanges().of(quill, folder, lambda: counting)
        assert counting.embedded == embedded
    assert opened is not None
    (near,) = opened.nearest("How do you do?", 3)
    assert (near.user, near.fits) == ("How do you do?", True) and near.reply.startswith("And to you")


def test_vectors_are_made_where_they_cannot_be_kept(embedder: Embedder, tmp_path: Path) -> None:
    vectors = kept_vectors(["one", "two"], tmp_path / "missing" / VECTORS, embedder)
    assert vectors.shape == (2, len(embedder.embed_query("one")))
    assert kept_vectors([], tmp_path / VECTORS, embedder).shape == (0, 0)


def test_lines_that_cannot_be_read_are_logged_and_talk_goes_on(
    quill_home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(quill_home, tmp_path / "home")
    resources = Resources(Settings(home=tmp_path / "home", personas=tmp_path / "home" / "personas"))
    write(resources.persona("quill").folder, [{"kind": "small-talk"}])
    with caplog.at_level(logging.WARNING):
        assert resources.exchanges("quill") is None
    assert "lines.jsonl:1: is not a conversation" in caplog.text
    write(resources.persona("quill").folder, [LINE])
    found = resources.exchanges("quill")
    assert found is not None and found is resources.exchanges("quill")
    resources.close()
