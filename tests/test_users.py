"""`bakerstreet users`: accounts on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import SettingsError
from chatbot.settings import get_settings
from chatbot.web import Accounts

PASSWORD = "a red umbrella stand"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("BAKERSTREET_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_an_account_is_added_listed_and_removed_and_its_password_is_not_in_the_file(home: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["users", "add", "mary", "--owner"], input=f"{PASSWORD}\n").exit_code == 0
    assert run.invoke(app, ["users", "add", "tom"], input=f"{PASSWORD}\n").exit_code == 0
    assert run.invoke(app, ["users", "list"]).stdout.splitlines() == ["mary (owner)", "tom"]
    file = home / "users.json"
    assert file.stat().st_mode & 0o777 == 0o600 and PASSWORD not in file.read_text()
    assert Accounts(home).check("mary", PASSWORD) and not Accounts(home).check("mary", "another umbrella")
    assert run.invoke(app, ["users", "remove", "mary"]).exit_code == 0
    assert run.invoke(app, ["users", "list"]).stdout.splitlines() == ["tom"]


@pytest.mark.parametrize(
    ("words", "password", "message"),
    [
        (["add", "Mary Ann"], PASSWORD, "cannot be a name"),
        (["add", "mary"], "short", "A password has 10 to 256 characters"),
        (["remove", "mary"], "", "There is no account 'mary'"),
    ],
)
def test_what_cannot_be_done_is_said(home: Path, words: list[str], password: str, message: str) -> None:
    result = CliRunner().invoke(app, ["users", *words], input=f"{password}\n")
    assert isinstance(result.exception, SettingsError) and message in str(result.exception)
    assert Accounts(home).all() == []
