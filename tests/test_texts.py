"""From a book's file to its sections: headings, headers and contents recognised in every style."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatbot.errors import SourceError
from chatbot.library.texts.books import sections_of
from chatbot.library.texts.passages import Section
from chatbot.library.texts.source_file import read_source_file, strip_gutenberg
from personas import LoadedPersona, Source

HEADER = "The Project Gutenberg EBook\n\nTitle: Lamps\n\n*** START OF THIS PROJECT GUTENBERG EBOOK LAMPS ***\n\n"
FOOTER = "\n\n*** END OF THIS PROJECT GUTENBERG EBOOK LAMPS ***\n\nThe licence: you may copy it.\n"


def prose(about: str, paragraphs: int = 10) -> str:
    """Invented prose, 60 words a paragraph."""
    sentence = f"The keeper of the {about} climbed slowly and trimmed his lamp until it burned clear again."
    return "\n\n".join(f"Paragraph {number}. " + " ".join([sentence] * 4) for number in range(1, paragraphs + 1))


def source(*works: str, **fields: object) -> Source:
    return Source.model_validate({"title": "Lamps", "gutenberg": [7], "file": "lamps.txt", "works": works, **fields})


def book(*chapters: tuple[str, str]) -> str:
    return "\n\n\n".join(f"{heading}\n\n{prose(about)}" for heading, about in chapters)


def works(sections: list[Section]) -> list[str]:
    return list(dict.fromkeys(section.work for section in sections))


def said(sections: list[Section]) -> str:
    return "\n".join(paragraph for section in sections for paragraph in section.paragraphs)


@pytest.mark.parametrize(
    "heading",
    [
        "ADVENTURE II. THE GREEN LAMP",
        "THE ADVENTURE OF THE GREEN LAMP",
        "Adventure II. The “_Green Lamp_”",
        "The Problem of the Green Lamp",
        "II. The Green Lamp",
        "The Green Lamp",
        "THE DISAPPEARANCE OF THE GREEN LAMP",
    ],
)
def test_a_work_is_recognised_in_every_style_of_heading(heading: str) -> None:
    text = book(("Adventure I. The Red Lamp", "tower"), (heading, "island"))
    sections = sections_of(source("The Red Lamp", "The Green Lamp"), text)
    assert works(sections) == ["The Red Lamp", "The Green Lamp"]
    assert "island" not in said([section for section in sections if section.work == "The Red Lamp"])
    assert "tower" not in said([section for section in sections if section.work == "The Green Lamp"])


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("CHAPTER II. THE LOST KEY.", "Chapter II: The Lost Key"),
        ("Chapter II\n\nThe Lost Key", "Chapter II: The Lost Key"),
        ("Chapter 2. The Lost Key", "Chapter 2: The Lost Key"),
        ("Chapter 2--The Lost Key", "Chapter 2: The Lost Key"),
        ("2.  The Lost Key", "2: The Lost Key"),
    ],
)
def test_a_chapter_is_recognised_in_all_five_styles(heading: str, name: str) -> None:
    opening = re.sub(r"\bII\b", "I", heading).replace("2", "1").replace("LOST", "OLD").replace("Lost", "Old")
    first, second = sections_of(source(), book((opening, "tower"), (heading, "island")))
    assert second.chapter == name
    assert first.chapter == name.replace("II", "I").replace("2", "1").replace("Lost", "Old")
    assert "Lost Key" not in said([first, second])
    assert "island" in second.paragraphs[0]


def test_a_chapter_carries_the_part_it_stands_in() -> None:
    text = f"PART I.\n\n{book(('CHAPTER I. ASHORE', 'tower'))}\n\n\nPART II.\n\n{book(('CHAPTER I. AFLOAT', 'ship'))}"
    chapters = [section.chapter for section in sections_of(source(), text)]
    assert chapters == ["Part I, Chapter I: Ashore", "Part II, Chapter I: Afloat"]


def test_paragraphs_are_numbered_through_a_whole_work() -> None:
    first, second = sections_of(source(), book(("Chapter 1. Up", "tower"), ("Chapter 2. Down", "cellar")))
    assert (first.first_paragraph, second.first_paragraph) == (1, 1 + len(first.paragraphs))


def test_header_licence_and_producers_of_an_edition_are_cut_off() -> None:
    inside = "Produced by A. Volunteer and\nanother\n\nThe Red Lamp\n\n" + prose("tower")
    ending = "\n\nEnd of the Project Gutenberg EBook of Lamps, by A.\nWriter\n"
    spoken = said(sections_of(source("The Red Lamp"), HEADER + inside + ending + FOOTER))
    assert spoken == said(sections_of(source("The Red Lamp"), "The Red Lamp\n\n" + prose("tower")))


def test_a_book_without_header_and_licence_is_left_as_it_is() -> None:
    assert strip_gutenberg("The Red Lamp\n\nIt burned.\n") == "The Red Lamp\n\nIt burned.\n"


def test_a_contents_list_makes_no_works_and_no_chapters() -> None:
    contents = "   I. The Red Lamp\n  II. The Green Lamp\n\n"
    text = contents + book(("I. THE RED LAMP", "tower"), ("II. THE GREEN LAMP", "island"))
    sections = sections_of(source("The Red Lamp", "The Green Lamp"), text)
    assert [section.work for section in sections] == ["The Red Lamp", "The Green Lamp"]

    contents = "CONTENTS\n\nCHAPTER I. UP\n\nCHAPTER II. DOWN\n\nPrinted by Pike and Sons.\n\n\n"
    sections = sections_of(source(), contents + book(("CHAPTER I. UP", "tower"), ("CHAPTER II. DOWN", "cellar")))
    assert [section.chapter for section in sections] == ["Chapter I: Up", "Chapter II: Down"]


def test_a_works_name_inside_its_own_story_begins_nothing() -> None:
    text = book(("The Red Lamp", "tower")) + "\n\nTHE RED LAMP\n\n" + prose("notice")
    (section,) = sections_of(source("The Red Lamp"), text)
    assert "tower" in section.paragraphs[0]
    assert "notice" in section.paragraphs[-1]


def test_a_work_is_found_under_the_name_of_another_edition() -> None:
    text = book(("The Scarlet Lantern", "tower"))
    sections = sections_of(source("The Red Lamp", aliases={"The Red Lamp": "The Scarlet Lantern"}), text)
    assert works(sections) == ["The Red Lamp"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“It was _the_\nlamp—mine,” said Ada’s son.", '"It was the lamp--mine," said Ada\'s son.'),
        ("It was NOT the file a_b he wanted.", "It was NOT the file a_b he wanted."),
    ],
)
def test_typography_is_made_plain_and_capitals_and_underscores_inside_words_stay(text: str, plain: str) -> None:
    (section,) = sections_of(source("The Red Lamp"), f"The Red Lamp\n\n{text}\n\n{prose('tower')}")
    assert section.paragraphs[0] == plain


def test_rows_of_stars_and_the_end_are_no_paragraphs() -> None:
    text = f"The Red Lamp\n\n{prose('tower')}\n\n* * * *\n\nHe slept.\n\nTHE END\n"
    (section,) = sections_of(source("The Red Lamp"), text)
    assert section.paragraphs[-1] == "He slept."
    assert "*" not in said([section])


def test_windows_line_ends_change_nothing() -> None:
    text = book(("Chapter 1. Up", "tower"), ("Chapter 2. Down", "cellar"))
    assert sections_of(source(), text.replace("\n", "\r\n")) == sections_of(source(), text)


def test_a_work_or_a_part_told_by_somebody_else_has_its_own_narrator() -> None:
    text = book(("The Red Lamp", "tower"), ("The Green Lamp", "island"))
    told = source("The Red Lamp", "The Green Lamp", narrator="Ada", narrators={"The Green Lamp": "Tom"})
    assert [section.narrator for section in sections_of(told, text)] == ["Ada", "Tom"]

    text = "PART I\n\n" + book(("CHAPTER I. ASHORE", "tower")) + "\n\n\nPART II\n\n"
    text += book(("CHAPTER I. AFLOAT", "ship"), ("CHAPTER II. HOME", "harbour"))
    told = source(narrator="Ada", narrators={"Part II": "Tom", "Part II, Chapter II": "Ada"})
    assert [section.narrator for section in sections_of(told, text)] == ["Ada", "Tom", "Ada"]


def test_a_missing_work_and_one_with_a_heading_and_no_story_are_named_with_the_file_and_the_number() -> None:
    text = book(("The Red Lamp", "tower")) + "\n\n\nThe Green Lamp\n\nTo follow.\n"
    with pytest.raises(SourceError, match="not found in the text: The Green Lamp, The Blue Lamp") as caught:
        sections_of(source("The Red Lamp", "The Green Lamp", "The Blue Lamp"), text)
    message = str(caught.value)
    assert "lamps.txt" in message and "Gutenberg 7" in message
    assert "The Red Lamp" not in message


def test_a_text_without_prose_is_refused() -> None:
    with pytest.raises(SourceError, match=r"lamps\.txt holds no prose"):
        sections_of(source(), "\n\n* * *\n\n")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b" \r\n\t ", "is empty"),
        (b"PK\x03\x04\x00\x00", "binary"),
        ("The caf\xe9".encode("latin-1"), r"not UTF-8 \(byte 7\).*iconv"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_what_is_wrong(tmp_path: Path, data: bytes, complaint: str) -> None:
    file = tmp_path / "lamps.txt"
    file.write_bytes(data)
    with pytest.raises(SourceError, match=rf"lamps\.txt.*{complaint}"):
        read_source_file(file)


def test_a_missing_file_is_named_and_the_mark_at_the_beginning_of_one_is_no_part_of_the_text(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"lamps\.txt cannot be read: No such file"):
        read_source_file(tmp_path / "lamps.txt")
    (tmp_path / "lamps.txt").write_text("The Red Lamp", encoding="utf-8-sig")
    assert read_source_file(tmp_path / "lamps.txt") == "The Red Lamp"


@pytest.mark.canon
def test_all_sixty_works_are_recognised_in_the_nine_books(canon: Path, sherlock: LoadedPersona) -> None:
    for wanted in sherlock.persona.sources:
        sections = sections_of(wanted, read_source_file(canon / wanted.file))
        assert works(sections) == (wanted.works or [wanted.title])
        for work in works(sections):
            length = sum(len(said([section]).split()) for section in sections if section.work == work)
            assert length > 4000, (work, length)


@pytest.mark.canon
def test_the_unchanged_files_of_gutenberg_give_the_same_works(canon: Path, sherlock: LoadedPersona) -> None:
    compared = 0
    for wanted in sherlock.persona.sources:
        files = [canon / "raw" / f"{Path(wanted.file).stem}.pg{number}.txt" for number in wanted.gutenberg]
        if not all(file.is_file() for file in files):
            continue
        raw = sections_of(wanted, "\n\n\n".join(strip_gutenberg(read_source_file(file)) for file in files))
        clean = sections_of(wanted, read_source_file(canon / wanted.file))
        shape = [(section.work, section.narrator) for section in clean]
        assert [(section.work, section.narrator) for section in raw] == shape
        assert len(said(raw).split()) == pytest.approx(len(said(clean).split()), rel=0.01)
        assert "Project Gutenberg" not in said(raw)
        compared += 1
    assert compared == 8


@pytest.mark.canon
def test_the_stories_that_watson_does_not_tell_have_their_narrator(canon: Path, sherlock: LoadedPersona) -> None:
    told: dict[str, set[str]] = {}
    for wanted in sherlock.persona.sources:
        for section in sections_of(wanted, read_source_file(canon / wanted.file)):
            told.setdefault(section.work, set()).add(section.narrator)
            if section.work == "A Study in Scarlet":
                number = section.chapter.removeprefix("Part II, Chapter ").partition(":")[0]
                elsewhere = section.chapter.startswith("Part II, ") and number in ("I", "II", "III", "IV", "V")
                assert section.narrator == ("the narrator" if elsewhere else "Watson"), section.chapter
    assert told["The Blanched Soldier"] == told["The Lion's Mane"] == {"Holmes"}
    assert told["His Last Bow"] == told["The Mazarin Stone"] == {"the narrator"}
    assert told["The Speckled Band"] == {"Watson"}
