"""One bad part costs only itself: what can be read is read, and what was left out is said."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from book_files import CONTAINER, PACKAGE, STORY, as_pdf, body_of, epub_parts, said, xhtml, zipped
from kettles import BOOK, make_persona
from pypdf import PdfWriter
from pypdf.generic import IndirectObject, NameObject, NullObject, StreamObject
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import SourceError
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.index import build_library, read_manifest
from chatbot.library.texts import casebook_sections, gather_texts
from chatbot.library.texts.readers import TextFile, read_text_file
from personas import Source

CASES = Path(__file__).parent / "cases"
BOTH = ["Chapter I: The Tower", "Chapter II: The Boat"]


def chapters(text: TextFile) -> list[str]:
    """The chapter of every section, without the book's title where a page has it as a heading."""
    return [section.chapter.rpartition(", ")[2] for section in text.sections]


@pytest.fixture
def epub(tmp_path: Path) -> Callable[[dict[str, str | bytes]], TextFile]:
    """Makes an EPUB of its parts and reads it."""

    def read(parts: dict[str, str | bytes]) -> TextFile:
        (tmp_path / "book.epub").write_bytes(zipped(parts))
        return read_text_file(tmp_path / "book.epub")

    return read


Epub = Callable[[dict[str, str | bytes]], TextFile]


def renamed(parts: dict[str, str | bytes], new: Callable[[str], str]) -> dict[str, str | bytes]:
    return {new(name): content for name, content in parts.items()}


# ---------------------------------------------------------------------- EPUB


def test_a_damaged_chapter_is_left_out_and_said() -> None:
    text = read_text_file(CASES / "damaged-epub" / "lighthouse.epub")
    assert chapters(text) == ["Chapter I", "Chapter III"]
    assert len(text.notes) == 1 and "c2.xhtml" in text.notes[0] and "could not be read" in text.notes[0]


def test_chapters_are_found_by_percent_encoded_names_with_fragments_in_their_order() -> None:
    text = read_text_file(CASES / "damaged-epub" / "hrefs.epub")
    assert chapters(text) == ["Chapter I", "Chapter II"]
    assert "Yannick Kermor" in said(text)[0] and text.notes == ()


@pytest.mark.parametrize(
    "new",
    [
        lambda name: name.replace("/", "\\"),
        str.upper,
        lambda name: name.replace("second part", "Second Part"),
        lambda name: name.replace("OEBPS/", "./OEBPS/"),
    ],
)
def test_names_may_differ_from_references_in_slashes_and_capitals(epub: Epub, new: Callable[[str], str]) -> None:
    text = epub(renamed(epub_parts(), new))
    assert chapters(text) == BOTH
    assert text.notes == ()


@pytest.mark.parametrize(
    "href",
    ["second%20part.xhtml#two", "second part.xhtml?x=1", "./second%2520part.xhtml", "/OEBPS/second%20part.xhtml",
     "..\\OEBPS\\second part.xhtml"],
)  # fmt: skip
def test_a_reference_may_be_written_in_many_ways(epub: Epub, href: str) -> None:
    parts = epub_parts() | {"OEBPS/content.opf": PACKAGE.replace("second%20part.xhtml", href)}
    assert chapters(epub(parts)) == BOTH


def test_of_two_files_of_one_name_the_last_whole_one_is_read(tmp_path: Path) -> None:
    file = tmp_path / "book.epub"
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(file, "w") as archive:
        for name, content in epub_parts().items():
            archive.writestr(name, content)
        archive.writestr("OEBPS/second part.xhtml", xhtml("<h2>Chapter II: The Gale</h2><p>It blew for a week.</p>"))
    assert chapters(read_text_file(file)) == ["Chapter I: The Tower", "Chapter II: The Gale"]
    file.write_bytes(file.read_bytes().replace(b"It blew for a week.", b"It blew for a year."))
    assert chapters(read_text_file(file)) == BOTH


def test_a_chapter_that_is_missing_or_no_text_or_in_no_list_is_said(epub: Epub) -> None:
    parts = epub_parts()
    del parts["OEBPS/second part.xhtml"]
    text = epub(parts)
    assert chapters(text) == BOTH[:1]
    assert text.notes == ("OEBPS/second part.xhtml is listed in book.epub but missing from it.",)
    text = epub(epub_parts() | {"OEBPS/second part.xhtml": bytes(range(256)) * 20})
    assert chapters(text) == BOTH[:1]
    assert "second part.xhtml in book.epub could not be read" in text.notes[0]
    text = epub(epub_parts() | {"OEBPS/content.opf": PACKAGE.replace('idref="one"', 'idref="gone"')})
    assert chapters(text) == BOTH[::-1]  # what no list has stands at the end
    assert "('gone') is no file of it" in text.notes[0] and "stands at its end" in text.notes[1]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"OEBPS/content.opf": "<package"}, "by their file names"),
        ({"OEBPS/content.opf": PACKAGE.replace("</spine></package>", "")}, "is damaged and is done without"),
        ({"OEBPS/content.opf": "<package/>"}, "by their file names"),
        ({"OEBPS/content.opf": PACKAGE.split("<spine>")[0] + "</package>"}, "no reading order"),
    ],
)
def test_a_book_is_read_without_its_package_document(epub: Epub, change: dict[str, str | bytes], note: str) -> None:
    text = epub(epub_parts() | change)
    assert sorted(chapters(text)) == BOTH
    assert any(note in said for said in text.notes)


@pytest.mark.parametrize("container", ["<container", "<container/>", CONTAINER.replace("content.opf", "none.opf"), ""])
def test_a_package_document_is_found_without_the_container(epub: Epub, container: str) -> None:
    text = epub(epub_parts() | {"META-INF/container.xml": container})
    assert (text.title, chapters(text)) == ("The Keeper's Lamp", BOTH)


def test_ampersands_and_entities_of_html_do_not_damage_a_package_document(epub: Epub) -> None:
    text = epub(epub_parts() | {"OEBPS/content.opf": PACKAGE.replace("The Keeper's Lamp", "Pike & Son&nbsp;&eacute;")})
    assert (text.title, chapters(text), text.notes) == ("Pike & Son é", BOTH, ())


def test_a_book_of_which_nothing_can_be_read_is_refused(epub: Epub) -> None:
    noise = bytes(range(256)) * 20
    with pytest.raises(SourceError, match="none of its 2 chapters can be read"):
        epub(epub_parts() | {"OEBPS/first.xhtml": noise, "OEBPS/second part.xhtml": noise})


# ---------------------------------------------------------------------- HTML


@pytest.mark.parametrize(
    "opening",
    ["<nav>", "<svg>", "<title>", "<textarea>", "<div hidden>", "<!--", "<p hidden>no<p>", "<script>x()", "<style>a{}",
     "<nav><nav>a</nav>", "<![if x", "<ruby>灯<rt>とう"],
)  # fmt: skip
def test_an_element_that_is_not_closed_does_not_take_the_rest_of_the_page_along(tmp_path: Path, opening: str) -> None:
    file = tmp_path / "a.html"
    file.write_text(f"<html><body>{body_of(STORY[:1])}{opening}{body_of(STORY[1:])}</body></html>", encoding="utf-8")
    text = read_text_file(file)
    assert said(text)[-1] == STORY[1][1][-1]


# ---------------------------------------------------------------------- PDF


def with_bad_page(change: Callable[[PdfWriter], None]) -> bytes:
    out = BytesIO()
    writer = PdfWriter(clone_from=BytesIO(as_pdf([["He lit the lamp."], ["He slept well."], ["He woke late."]])))
    change(writer)
    writer.write(out)
    return out.getvalue()


def noise(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream._data = b"this is nothing that was ever packed"
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer.pages[1][NameObject("/Contents")] = writer._add_object(stream)


def unknown_filter(writer: PdfWriter) -> None:
    noise(writer)
    writer.pages[1]["/Contents"].get_object()[NameObject("/Filter")] = NameObject("/NoDecode")


def nothing_there(writer: PdfWriter) -> None:
    writer.pages[1][NameObject("/Contents")] = IndirectObject(999, 0, writer)


def no_page(writer: PdfWriter) -> None:
    writer._root_object["/Pages"]["/Kids"][1] = NullObject()


@pytest.mark.parametrize(
    ("change", "note"),
    [(noise, "Page 2 of"), (unknown_filter, "Page 2 of"), (nothing_there, "Page 2 of"), (no_page, "3 pages; 2 of")],
)
def test_a_bad_page_is_left_out_and_said(tmp_path: Path, change: Callable[[PdfWriter], None], note: str) -> None:
    (tmp_path / "a.pdf").write_bytes(with_bad_page(change))
    text = read_text_file(tmp_path / "a.pdf")
    assert " ".join(said(text)) == "He lit the lamp. He woke late."
    assert len(text.notes) == 1 and note in text.notes[0]


# ---------------------------------------------------------------------- folders, casebooks and builds


def source(file: str) -> Source:
    return Source(title=file.removesuffix(".txt"), gutenberg=[1], file=file)


def test_a_text_of_a_folder_that_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "red.txt").write_text("Red.", encoding="utf-8")
    (tmp_path / "green.txt").write_bytes(b"Gr\xfcn.")
    said: list[str] = []
    texts = gather_texts([source("red.txt"), source("green.txt")], tmp_path, tmp_path / "cache", say=said.append)
    assert texts == {"red.txt": "Red."}
    assert len(said) == 1 and "green.txt is not UTF-8" in said[0] and "left out" in said[0]
    (tmp_path / "red.txt").write_bytes(b"")
    with pytest.raises(SourceError, match=r"None of the source texts in .* can be read"):
        gather_texts([source("red.txt"), source("green.txt")], tmp_path, tmp_path / "cache")


def test_a_bad_page_of_the_casebook_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("---\ntitle: The Lamp\n---\nIt was red.\n", encoding="utf-8")
    (tmp_path / "bad.md").write_text("No head.", encoding="utf-8")
    notes: list[str] = []
    assert [section.work for section in casebook_sections(tmp_path, "Ada", leave_out=notes.append)] == ["The Lamp"]
    assert len(notes) == 1 and "bad.md" in notes[0]


def test_a_build_leaves_out_what_it_cannot_use_and_keeps_what_it_had(tmp_path: Path, embedder: Embedder) -> None:
    persona, folder = make_persona(tmp_path / "personas"), tmp_path / "quill"
    first = build_library(persona, folder, embedder, texts=BOOK)
    assert first.notes == ()
    (persona.casebook / "bad.md").write_bytes(b"\x00\x01")
    again = build_library(persona, folder, embedder, texts={"kettles.txt": "* * *"})
    assert again.passages == first.passages and (again.embedded, again.removed) == (0, 0)
    assert len(again.notes) == 2 and "bad.md" in again.notes[0] and "kettles.txt holds no prose" in again.notes[1]


def test_the_command_line_adds_what_it_can_of_a_folder_and_names_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.settings import get_settings

    persona, home = make_persona(tmp_path / "personas"), tmp_path / "home"
    build_library(persona, home / "library" / persona.id, Embedder())
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("Mistress Wren kept bees behind the wash-house for nine years.", encoding="utf-8")
    (texts / "b.txt").write_bytes(b"\x00\x01" * 50)
    (texts / "c.md").write_text("# Bees\n\nThe bees swarmed in the month of May.", encoding="utf-8")
    (texts / "cover.png").write_bytes(b"\x89PNG")
    monkeypatch.setenv("BAKERSTREET_HOME", str(home))
    monkeypatch.setenv("BAKERSTREET_PERSONAS", str(tmp_path / "personas"))
    get_settings.cache_clear()
    try:
        done = CliRunner().invoke(app, ["library", "add", str(texts), "--persona", persona.id])
    finally:
        get_settings.cache_clear()
    manifest = read_manifest(home / "library" / persona.id)
    assert done.exit_code == 1, done.output
    assert manifest is not None and {"a.txt", "c.md"} <= set(manifest.sources) and "b.txt" not in manifest.sources
    assert "b.txt was not added" in done.output


def test_a_few_control_characters_do_not_make_a_text_binary(tmp_path: Path) -> None:
    file = tmp_path / "cap.txt"
    file.write_bytes(b"The Cap\n\nThe \x1b[31mred\x1b[0m cap of Crowle\x07 was lost in the\x00 fen.\n")
    (section,) = read_text_file(file).sections
    assert section.paragraphs == ("The red cap of Crowle was lost in the fen.",)
