"""Lines of JSON that people write: a bad one is named with its number, and nothing of a good one is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.cli.common import FileQuestion, read_questions
from chatbot.errors import MessageError
from chatbot.evaluation import read_known_questions
from chatbot.json_text import JsonTextError, numbered_rows, parse_object
from chatbot.settings import load_settings

GOOD = '{"question": "Who was it?", "work": "A Tale", "answers": ["the miller"]}'


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{", "not JSON"),
        ("[1]", "no object"),
        ("null", "no object"),
        ('{"question": "a", "question": "b"}', "'question' twice"),
        ('{"question": {"a": 1, "a": 2}}', "'a' twice"),
        ('{"question": "\\ud800"}', "half a character"),
        ('{"question": ' + "[" * 200_000, "too deep"),
        ('{"question": ' + "9" * 5_000 + "}", "digits"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(JsonTextError, match=why):
        parse_object(row)
    file = tmp_path / "questions.jsonl"
    file.write_text(f"{GOOD}\n\n{row}\n", encoding="utf-8")
    for read in (read_questions, read_known_questions):
        with pytest.raises(MessageError, match=r"questions\.jsonl:3: "):
            read(file)


def test_the_files_beside_a_persona_file_are_checked_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = Path(__file__).parent / "personas"
    shutil.copytree(cards / "mechthild", tmp_path / "mechthild")
    monkeypatch.setattr("chatbot.settings.get_settings", lambda: load_settings(personas=tmp_path))
    folder = tmp_path / "mechthild"
    (folder / "lines.jsonl").write_text("\nHello\n", encoding="utf-8")
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as questions:
        questions.write('{"question": "Wer?", "question": "Wie?"}\n')
    (folder / "casebook" / "note.md").write_text("---\ntitle: A\ntitle: B\n---\n", encoding="utf-8")
    checked = CliRunner().invoke(app, ["personas", "check", "mechthild"])
    assert checked.exit_code == 1
    note, line, question = checked.output.splitlines()
    assert "note.md: the head of this casebook entry cannot be read: line 2: title: stands here and in line 1" in note
    assert "lines.jsonl:2: " in line
    assert f"questions.jsonl:{len((folder / 'questions.jsonl').read_text('utf-8').splitlines())}: " in question


def test_characters_that_end_a_line_elsewhere_end_none_here(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('\ufeff{"a": "x\u2028y\x85z"}\r\n\n{"b": 1}', encoding="utf-8")
    assert [(number, parse_object(row)) for number, row in numbered_rows(file)] == [
        (1, {"a": "x\u2028y\x85z"}),
        (3, {"b": 1}),
    ]


@pytest.mark.parametrize(
    "data", [b'{"question": "Who?"}\n{"question": "\xe9"}', '{"question": "Who?"}'.encode("utf-16")]
)
def test_a_file_of_another_encoding_is_named(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_bytes(data)
    with pytest.raises(MessageError, match=r"questions\.jsonl cannot be read: it is not UTF-8 in line \d"):
        read_questions(file)


def test_plain_questions_stand_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_text("Who was it?\n\n  Where did he live? \n{not json}\n", encoding="utf-8")
    assert read_questions(file) == [
        FileQuestion("Who was it?"),
        FileQuestion("Where did he live?"),
        FileQuestion("{not json}"),
    ]


def test_in_a_file_of_json_a_plain_line_is_a_mistake(tmp_path: Path) -> None:
    for name, rows in (("asked.txt", '{"question": "Who?"}\nWhy?'), ("asked.jsonl", "Who?\nWhy?")):
        file = tmp_path / name
        file.write_text(rows, encoding="utf-8")
        with pytest.raises(MessageError, match=rf"{name}:\d: is not "):
            read_questions(file)
