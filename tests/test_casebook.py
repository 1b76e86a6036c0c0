"""Sherlock's casebook and example lines: complete, well formed, and in words of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from chatbot.errors import SourceError
from chatbot.language import words_of
from chatbot.library.texts.casebook import casebook_sections
from chatbot.library.texts.passages import CASEBOOK, Section
from chatbot.lines import Example, read_lines
from personas import LoadedPersona

RUN = 12  # words in a row that may not be another's


@pytest.fixture(scope="module")
def sections(sherlock: LoadedPersona) -> list[Section]:
    return casebook_sections(sherlock.casebook, "Holmes")


@pytest.fixture(scope="module")
def lines(sherlock: LoadedPersona) -> list[Example]:
    return read_lines(sherlock.lines)


def works_of(persona: LoadedPersona) -> set[str]:
    return {work for source in persona.persona.sources for work in source.works or [source.title]}


def replies(lines: Iterable[Example]) -> Iterator[str]:
    return (message.content for line in lines for message in line.messages if message.role == "assistant")


def runs(text: str) -> Iterator[tuple[str, ...]]:
    words = words_of(text)
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def test_each_of_the_sixty_works_has_a_file_of_its_own(sherlock: LoadedPersona, sections: list[Section]) -> None:
    works = works_of(sherlock)
    pairs = {(section.work, section.source) for section in sections if section.work in works}
    assert {work for work, _ in pairs} == works
    assert len(works) == len(pairs) == len({file for _, file in pairs}) == 60


def test_there_are_a_dozen_subjects_besides_the_works(sherlock: LoadedPersona, sections: list[Section]) -> None:
    assert len({section.work for section in sections} - works_of(sherlock)) >= 12


def test_every_file_is_read_and_has_headings(sherlock: LoadedPersona, sections: list[Section]) -> None:
    files = {f"casebook/{file.name}" for file in sherlock.casebook.glob("*.md")}
    assert {section.source for section in sections} == files
    for file in files:
        assert any(section.chapter for section in sections if section.source == file), file


def test_each_work_has_at_least_350_words(sherlock: LoadedPersona, sections: list[Section]) -> None:
    lengths = dict.fromkeys(works_of(sherlock), 0)
    for section in sections:
        if section.work in lengths:
            lengths[section.work] += sum(len(paragraph.split()) for paragraph in section.paragraphs)
    assert {work: words for work, words in lengths.items() if words < 350} == {}


def test_the_casebook_is_plain_ascii(sherlock: LoadedPersona) -> None:
    strange = {file.name for file in sherlock.casebook.glob("*.md") if not file.read_bytes().isascii()}
    assert strange == set()


def test_sections_carry_title_heading_narrator_and_running_paragraph_numbers(tmp_path: Path) -> None:
    text = "---\ntitle: The Lamp\n---\n# The Lamp\n\n## Who\nAda kept it.\n\nShe was old.\n## Where\n\nAt Ness.\n"
    (tmp_path / "lamp.md").write_text(text, encoding="utf-8")
    assert casebook_sections(tmp_path, "Ada") == [
        Section(CASEBOOK, "casebook/lamp.md", "The Lamp", "Who", "Ada", ("Ada kept it.", "She was old."), 1),
        Section(CASEBOOK, "casebook/lamp.md", "The Lamp", "Where", "Ada", ("At Ness.",), 3),
    ]


@pytest.mark.parametrize("head", ["No head at all.", "---\nkind: case\n---\nText.", "---\ntitle: [\n---\nText."])
def test_a_file_whose_head_cannot_be_read_is_named(tmp_path: Path, head: str) -> None:
    (tmp_path / "lamp.md").write_text(head, encoding="utf-8")
    with pytest.raises(SourceError, match=r"lamp\.md: the head of this casebook entry"):
        casebook_sections(tmp_path, "Ada")


@pytest.mark.canon
def test_no_run_of_twelve_words_is_taken_from_the_books(
    canon: Path, sections: list[Section], lines: list[Example]
) -> None:
    ours = {run for section in sections for paragraph in section.paragraphs for run in runs(paragraph)}
    ours |= {run for reply in replies(lines) for run in runs(reply)}
    books = sorted(canon.glob("*.txt"))
    assert len(books) == 9
    taken = {" ".join(run) for book in books for run in runs(book.read_text(encoding="utf-8")) if run in ours}
    assert taken == set()
