"""Signs that a persona reads in what a visitor describes."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from chatbot.deducing import Deductions, OpenedDeductions, Sign, read_signs
from chatbot.errors import MessageError
from chatbot.language import ENGLISH
from personas import load_persona

CHALK = Sign(signs=("chalk", "cuff|sleeve"), aspect="trade", says="You teach.", says_other="The owner teaches.")
MUD = Sign(signs=("muddy", "boot"), aspect="journey", says="You walked.", says_other="Somebody walked.")
NEW = Sign(signs=("new", "boot"), aspect="history", says="You bought them.", says_other="They were bought.")
INK = Sign(signs=("ink",), aspect="trade", says="You write.", says_other="Somebody writes.")
SIGNS = Deductions([INK, CHALK, MUD, NEW], ENGLISH)


def read(message: str) -> str:
    return SIGNS.reply(message, (), ())


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("I have chalk on my sleeve and muddy boots.", "You teach. You walked."),
        ("There is chalk on both my cuffs. What can you tell?", "You teach."),
        ("My friend's sleeve has chalk on it. What does that say about him?", "The owner teaches."),
        ("I have ink and chalk on my sleeve and muddy boots.", "You teach. You walked."),  # one sentence of each aspect
        ("My boots are muddy. My hat, which my aunt gave me, and I may not say what it cost, is new.", ""),
        ("I have chalk on my sleeve.", ""),  # one sign, and nothing asked
        ("There is a lemon outside my door. What can you tell?", ""),
    ],
)
def test_signs_are_read_of_whom_they_are_told(message: str, reply: str) -> None:
    assert read(message) == reply


def test_several_signs_are_opened_and_a_single_one_is_closed() -> None:
    assert (
        SIGNS.reply("I have chalk on my sleeve and muddy boots.", ("Well.",), ("So.",))
        == "Well. You teach. You walked."
    )
    assert SIGNS.reply("Chalk on my cuff: what can you tell?", ("Well.",), ("So.",)) == "You teach. So."


def test_a_line_that_is_wrong_is_named_and_the_persona_talks_without_its_signs(
    quill_home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = Path(shutil.copytree(quill_home, tmp_path / "home"))
    quill, opened = load_persona("quill", home / "personas"), OpenedDeductions()
    assert quill.deductions is None and opened.of(quill) is None
    file = quill.folder / "deductions.jsonl"
    file.write_text(f'{INK.model_dump_json()}\n{{"signs": [], "aspect": "trade"}}\n', encoding="utf-8")
    with pytest.raises(MessageError, match=r"deductions\.jsonl:2: signs: "):
        read_signs(file)
    with caplog.at_level(logging.WARNING):
        assert opened.of(quill) is None
    assert "deductions.jsonl:2" in caplog.text
    file.write_text(f"{INK.model_dump_json()}\n", encoding="utf-8")
    known = opened.of(quill)
    assert known is not None and known.signs == [INK]
    assert opened.of(quill) is known
