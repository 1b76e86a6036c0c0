"""What is longer than anybody needs is refused in one sentence, before anything is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeEngine

from chatbot.bot import Bot, Question
from chatbot.errors import BakerStreetError, MemoryStoreError, MessageError, SettingsError, SourceError
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index import add_text
from chatbot.library.search import Library
from chatbot.library.texts import read_text_file
from chatbot.limits import MAX_TITLE, message_limit
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.visitors import Visitor
from memory import Memory
from personas import LoadedPersona, check_persona


def short(error: BakerStreetError) -> str:
    """The message, which does not repeat all that was too long."""
    assert len(str(error)) < 300
    return str(error)


def test_a_message_of_half_a_megabyte_is_refused_before_it_is_searched(settings: Settings) -> None:
    resources = Resources(settings, engine=FakeEngine())
    limit = message_limit(settings.context_tokens)
    with pytest.raises(MessageError) as caught:
        Bot(resources).reply(Question("Who? " * 100_000, mode="rag"))
    assert f"has 500,000 characters; at most {limit:,} can be read. Shorten it" in short(caught.value)


def test_a_users_name_of_a_hundred_thousand_letters_is_refused(tmp_path: Path) -> None:
    memory = Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")
    try:
        with pytest.raises(MemoryStoreError) as caught:
            memory.start("x" * 100_000, "sherlock")
        assert "has 100,000 characters; at most 64" in short(caught.value)
        assert memory.conversations() == []
    finally:
        memory.close()
    with pytest.raises(SettingsError) as refused:
        Visitor("x" * 100_000)
    short(refused.value)


def test_a_personas_name_of_three_hundred_letters_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "persona.yaml").write_text("name: " + "x" * 300, encoding="utf-8")
    names = [mistake for mistake in check_persona(tmp_path) if mistake.field == "name"]
    assert [mistake.line for mistake in names] == [1]
    assert "at most 80 characters" in names[0].message


def test_a_texts_name_is_refused_and_its_title_cut(
    tmp_path: Path, settings: Settings, library: Library, embedder: Embedder, sherlock: LoadedPersona
) -> None:
    file = tmp_path / "mill.md"
    file.write_text(f"# {'Mill ' * 1000}\n\nThe miller kept a parrot.\n", encoding="utf-8")
    assert len(read_text_file(file).title) <= MAX_TITLE
    with pytest.raises(SourceError) as caught:
        add_text(sherlock, settings.library_dir / "sherlock", embedder, file, name="x" * 10_000)
    assert "has 10,000 characters" in short(caught.value)
