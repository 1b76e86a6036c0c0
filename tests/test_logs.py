"""Logging: quiet by default, where it is sent by the setting and by `--verbose`, and without a word of a visitor's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEngine

from chatbot.bot import Bot, Question
from chatbot.errors import BakerStreetError, SettingsError
from chatbot.library.search import Library
from chatbot.logs import FILE, PACKAGES, set_up_logging
from chatbot.resources import Resources
from chatbot.settings import Settings


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The handlers and levels of the packages, put back afterwards."""
    loggers = [logging.getLogger(package) for package in PACKAGES]
    kept = [(logger.handlers[:], logger.level) for logger in loggers]
    for logger in loggers:
        logger.handlers = []
    yield
    for logger, (handlers, level) in zip(loggers, kept, strict=True):
        for handler in logger.handlers:
            handler.close()
        logger.handlers = handlers
        logger.setLevel(level)


def log(level: int = logging.WARNING) -> None:
    logging.getLogger("chatbot.somewhere").log(level, "a line")


def test_by_default_warnings_go_to_a_file_that_is_made_with_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("", tmp_path)
    log(logging.INFO)
    assert list(tmp_path.iterdir()) == []
    log()
    assert "WARNING chatbot.somewhere: a line" in (tmp_path / FILE).read_text()
    assert capsys.readouterr() == ("", "")


def test_a_home_that_cannot_be_written_disturbs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("", tmp_path / "missing")
    log()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("setting", "verbose", "shown", "kept"),
    [
        ("info", False, True, False),
        ("", True, True, False),
        ("info:{file}", False, False, True),
        ("error", False, False, False),
    ],
)
def test_the_setting_and_the_option_say_where_information_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, verbose: bool, shown: bool, kept: bool
) -> None:
    file = tmp_path / "log"
    set_up_logging(setting.replace("{file}", str(file)), tmp_path, verbose=verbose)
    log(logging.INFO)
    assert ("INFO chatbot.somewhere: a line" in capsys.readouterr().err) == shown
    assert file.exists() == kept


def test_a_level_that_there_is_not_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'loud' is none\. Levels: debug, info"):
        set_up_logging("loud:/tmp/x", tmp_path)


def test_what_a_visitor_writes_is_not_logged(
    settings: Settings, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="chatbot")
    engine = FakeEngine(ValueError("broken"))
    bot = Bot(Resources(settings, engine=engine))
    bot.reply(Question("Where is the marzipan?", mode="rag"))
    with pytest.raises(BakerStreetError):
        bot.reply(Question("Where is the marzipan?", mode="standard"))
    assert [record for record in caplog.records if record.name.startswith("chatbot")]
    assert "marzipan" not in caplog.text
