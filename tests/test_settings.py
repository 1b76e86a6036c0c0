"""Settings: the environment over the file over the defaults, and mistakes named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatbot.errors import SettingsError
from chatbot.settings import FILE, load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment that says nothing."""
    for name in list(os.environ):
        if name.upper().startswith("BAKERSTREET_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_file_and_environment_the_defaults_apply(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    settings = load_settings()
    assert (settings.port, settings.host, settings.model) == (7860, "127.0.0.1", "bundled")
    assert settings.home == folder / ".bakerstreet"


def test_the_file_overrides_the_defaults(folder: Path) -> None:
    (folder / FILE).write_text('port = 8001\nuser = "ada"\n')
    assert (load_settings().port, load_settings().user) == (8001, "ada")


def test_the_environment_overrides_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / FILE).write_text('port = 8001\nuser = "ada"\n')
    monkeypatch.setenv("BAKERSTREET_PORT", "8002")
    assert (load_settings().port, load_settings().user) == (8002, "ada")


def test_an_argument_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERSTREET_PORT", "8002")
    assert load_settings(port=8003).port == 8003


def test_everything_is_stored_under_home(folder: Path) -> None:
    settings = load_settings(home=folder)
    assert {settings.models_dir.parent, settings.library_dir.parent, settings.runs_dir.parent} == {folder}
    assert settings.memory_url == f"sqlite:///{folder / 'memory.sqlite3'}"


def test_a_database_url_overrides_the_database_under_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERSTREET_DATABASE_URL", "postgresql+psycopg://ada@db/memory")
    assert load_settings().memory_url == "postgresql+psycopg://ada@db/memory"


def test_there_is_one_thread_per_core_unless_a_number_is_given() -> None:
    assert load_settings().cpu_threads() == os.cpu_count()
    assert load_settings(threads=3).cpu_threads() == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "soon"),
        ("port", "70000"),
        ("device", "abacus"),
        ("context_tokens", "12"),
        ("user", ""),
        ("cache_mb", "9" * 30),
        ("home", ""),
        ("personas", "/nowhere"),
        ("texts", __file__),
    ],
)
def test_an_invalid_value_is_reported_with_the_setting_and_the_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"BAKERSTREET_{name.upper()}", value)
    with pytest.raises(SettingsError, match=rf"(?m)^  {name}: .*\(given: '{value}'\)$"):
        load_settings()


def test_a_wrong_value_is_shown_in_part_where_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERSTREET_USER", "x" * 100_000)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "(100,002 characters)" in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_home_that_is_a_file_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("BAKERSTREET_HOME", str(folder / "file"))
    with pytest.raises(SettingsError, match="home: there is no such folder"):
        load_settings()


def test_all_invalid_values_are_reported_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / FILE).write_text("batch_size = 0\n")
    monkeypatch.setenv("BAKERSTREET_PORT", "soon")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "  port: " in str(raised.value)
    assert "  batch_size: " in str(raised.value)


def test_an_unknown_key_in_the_file_is_reported(folder: Path) -> None:
    (folder / FILE).write_text("prot = 8001\n")
    with pytest.raises(SettingsError, match=rf"(?s){FILE}:\n.*  prot: "):
        load_settings()


@pytest.mark.parametrize(
    "content", [b"port = = 8001\n", b'user = "\xff"\n', b"port = 1\nport = 2\n", b"port = " + b"[" * 100_000]
)
def test_a_file_that_is_not_toml_is_reported_with_its_folder(folder: Path, content: bytes) -> None:
    (folder / FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=f"{FILE} in {folder} cannot be read"):
        load_settings()
