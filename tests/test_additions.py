"""Texts of the user's own: added, found in the next turn, replaced, taken out, and nothing lost where it goes wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import LibraryError, SourceError
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index.additions import add_text, remove_text
from chatbot.library.index.chroma import known_ids, open_chroma
from chatbot.library.index.manifest import read_manifest
from chatbot.library.search.library import Library
from chatbot.library.search.models import OpenModels
from chatbot.settings import Settings
from personas import LoadedPersona

STORY = """# The Clockmaker of Whitby

Jonas Pell kept a workshop above the harbour at Whitby, where he mended ships' chronometers.

On the night of the storm somebody filed the mainspring of the lighthouse clock. Jonas Pell found the filings under the
stair and knew the file for his own apprentice's.
"""
OTHER = STORY.replace("mainspring", "pendulum").replace("apprentice's", "brother's")
QUESTION = "Who filed the mainspring of the lighthouse clock at Whitby?"


@pytest.fixture
def folder(library: Library, tmp_path: Path) -> Path:
    """A copy of the casebook's library, to be changed."""
    copy = tmp_path / "home" / "library" / "sherlock"
    shutil.copytree(library._folder, copy)
    return copy


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def works(folder: Path, embedder: Embedder, question: str = QUESTION) -> list[str]:
    return [piece.passage.source for piece in Library(folder, OpenModels(embedder)).search(question).evidence]


def test_an_added_text_is_found_at_once_and_a_removed_one_leaves_nothing(
    folder: Path, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path
) -> None:
    before = known_ids(folder, open_chroma(folder, embedder, None))
    assert "clock.md" not in works(folder, embedder)
    added = add_text(sherlock, folder, embedder, written(tmp_path, "clock.md", STORY))
    assert added.title == "The Clockmaker of Whitby"
    assert works(folder, embedder)[0] == "clock.md"
    assert len(known_ids(folder, open_chroma(folder, embedder, None))) == len(before) + added.passages
    assert remove_text(folder, embedder, "clock.md") == added.passages
    assert known_ids(folder, open_chroma(folder, embedder, None)) == before
    assert "clock.md" not in works(folder, embedder)
    manifest = read_manifest(folder)
    assert manifest is not None and manifest.complete and "clock.md" not in manifest.sources


def test_the_same_words_are_not_taken_twice_whatever_their_format(
    folder: Path, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path
) -> None:
    add_text(sherlock, folder, embedder, written(tmp_path, "clock.md", STORY))
    plain = STORY.removeprefix("# ")
    with pytest.raises(SourceError, match=r"already, as 'clock\.md'"):
        add_text(sherlock, folder, embedder, written(tmp_path, "copy.txt", plain))


def test_a_text_of_the_same_name_takes_its_place_only_when_asked_to(
    folder: Path, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path
) -> None:
    add_text(sherlock, folder, embedder, written(tmp_path, "clock.md", STORY))
    file = written(tmp_path, "clock.md", OTHER)
    with pytest.raises(SourceError, match=r"named 'clock\.md' already"):
        add_text(sherlock, folder, embedder, file)
    add_text(sherlock, folder, embedder, file, replace_old=True)
    texts = [passage.text for passage in Library(folder, OpenModels(embedder)).passages if passage.source == "clock.md"]
    assert any("pendulum" in text for text in texts)
    assert not any("mainspring" in text for text in texts)


def test_what_cannot_be_added_or_removed_is_said_and_changes_nothing(
    folder: Path, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path
) -> None:
    own = sherlock.persona.sources[0].file
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*.json*"))}
    with pytest.raises(SourceError, match="own books"):
        add_text(sherlock, folder, embedder, written(tmp_path, own, STORY))
    for name, text in {"empty.txt": "", "picture.txt": "\x00\x01" * 100}.items():
        with pytest.raises(SourceError, match=name):
            add_text(sherlock, folder, embedder, written(tmp_path, name, text))
    with pytest.raises(SourceError, match=r"no text named 'moon\.txt'"):
        remove_text(folder, embedder, "moon.txt")
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*.json*"))} == before


class Interrupted(Exception):
    """A kill, as far as a test can have one."""


class Dying(Embedder):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise Interrupted


def test_an_addition_that_dies_leaves_the_library_as_it_was(
    folder: Path, sherlock: LoadedPersona, embedder: Embedder, tmp_path: Path
) -> None:
    file = written(tmp_path, "clock.md", STORY)
    with pytest.raises(Interrupted):
        add_text(sherlock, folder, Dying(adapter=sherlock.retriever), file)
    known = "Who was Dr. Grimesby Roylott?"
    assert Library(folder, OpenModels(embedder)).search(known).evidence
    assert add_text(sherlock, folder, embedder, file).passages > 0
    assert works(folder, embedder)[0] == "clock.md"


def test_the_command_line_adds_lists_and_removes(
    folder: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.settings import get_settings

    (tmp_path / "home" / "models").symlink_to(settings.models_dir)
    monkeypatch.setenv("BAKERSTREET_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    try:
        file = written(tmp_path, "clock.md", STORY)
        runner = CliRunner()
        added = runner.invoke(app, ["library", "add", str(file)])
        assert added.exit_code == 0, added.output
        assert "[clock.md]" in runner.invoke(app, ["library", "list"]).output
        assert runner.invoke(app, ["library", "remove", "clock.md"]).exit_code == 0
        assert "[clock.md]" not in runner.invoke(app, ["library", "list"]).output
    finally:
        get_settings.cache_clear()


def test_a_text_is_not_added_with_another_embedder_than_the_librarys(
    folder: Path, sherlock: LoadedPersona, tmp_path: Path
) -> None:
    class Other(Embedder):
        fingerprint = "other:1"  # type: ignore[assignment]

    before = read_manifest(folder)
    with pytest.raises(LibraryError, match=r"other:1.*--switch-embedder"):
        add_text(sherlock, folder, Other(), written(tmp_path, "clock.md", STORY))
    assert read_manifest(folder) == before
