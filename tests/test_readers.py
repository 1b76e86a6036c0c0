"""Texts that a user adds: every format by what it holds, every broken file with a clear message."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from book_files import (
    AUTHOR,
    CONTAINER,
    FORMATS,
    PACKAGE,
    STORY,
    TITLE,
    as_html,
    as_md,
    as_pdf,
    as_txt,
    chapters,
    epub_parts,
    said,
    xhtml,
    zipped,
)

from chatbot.errors import SourceError
from chatbot.library.texts.passages import TEXT, cut
from chatbot.library.texts.readers import SUFFIXES, TextFile, content_key, limits, read_text_file

Put = Callable[[str, str | bytes], Path]
Read = Callable[[str, str | bytes], TextFile]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


@pytest.fixture
def read(put: Put) -> Read:
    """Writes a file and reads it."""
    return lambda name, content: read_text_file(put(name, content))


# ---------------------------------------------------------------------- what all formats have in common


@pytest.mark.parametrize("name", FORMATS)
def test_a_story_is_the_same_in_every_format(read: Read, name: str) -> None:
    text = read(name, FORMATS[name]())
    assert text.title.lower() == TITLE.lower()
    assert text.author == AUTHOR
    assert chapters(text) == [heading for heading, _ in STORY]
    assert [len(section.paragraphs) for section in text.sections] == [3, 2]
    assert said(text)[1] == '"It\'s late," he said -- "and the boat is not in."'
    assert text.notes == ()
    assert content_key(text.sections) == content_key(read("other.txt", as_txt()).sections)


@pytest.mark.parametrize("name", FORMATS)
def test_its_sections_become_passages(read: Read, name: str) -> None:
    text = read(name, FORMATS[name]())
    passages = [passage for section in text.sections for passage in cut(section, lambda words: len(words.split()), 30)]
    assert {(p.kind, p.source, p.work, p.narrator) for p in passages} == {(TEXT, name, text.title, AUTHOR)}
    assert len({p.id for p in passages}) == len(passages)
    assert passages[-1].place == 5
    assert " ".join(p.text for p in passages).split() == " ".join(said(text)).split()


def test_the_key_is_of_the_words_alone(read: Read) -> None:
    def key(text: str) -> str:
        return content_key(read("key.txt", text).sections)

    same = key("The keeper's lamp went out, at last.\n\nHe lit it again.")
    assert key("THE KEEPER’S   LAMP\nwent out — at last!\n\n\n\nHe lit it again…") == same
    assert key("The keeper's lamp went out, at last.\n\nHe lit it again. Twice.") != same
    assert key("He lit it again.\n\nThe keeper's lamp went out, at last.") != same
    assert key("Маяк погас в полночь.") != key("Маяк погас в полдень.")


@pytest.mark.parametrize("name", ["story.pdf", "story.epub", "story.md", "story.html", "story", "story.docx"])
def test_a_file_is_known_by_what_it_holds(read: Read, name: str) -> None:
    for content in (as_html(), as_pdf([["The keeper climbed the tower."]]), zipped(epub_parts())):
        text = read(name, content)
        assert "keeper climbed" in " ".join(said(text))
        assert not any("<" in paragraph or "var keeper" in paragraph for paragraph in said(text))


def test_a_plain_text_under_another_name_is_still_read(read: Read) -> None:
    for name in ("notes.html", "notes.pdf", "notes.epub", "notes"):
        text = read(name, "He lit the lamp at 5 < 6 o'clock.\n\nThen he slept.")
        assert said(text) == ["He lit the lamp at 5 < 6 o'clock.", "Then he slept."]
        assert text.title == "notes"


# ---------------------------------------------------------------------- files that cannot be taken


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf", b"* * *\n\n---\n"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_without_a_word_is_refused(read: Read, suffix: str, content: bytes) -> None:
    with pytest.raises(SourceError, match=f"void{suffix} (is empty|holds no text)|void{suffix} is empty"):
        read(f"void{suffix}", content)


def test_what_is_no_file_is_said_to_be_so_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    for name, message in {
        ".": "is a folder",
        "none.txt": r"none\.txt does not exist",
        "long" * 100: "cannot be read",
        "pipe.txt": "not a file",
    }.items():
        with pytest.raises(SourceError, match=message):
            read_text_file(tmp_path / name)


def test_a_file_that_may_not_be_read_is_said_to_be_so(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put("mine.txt", "The lamp.")
    file.chmod(0)
    if os.geteuid() == 0:  # root may read everything

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match="You have no permission to read"):
        read_text_file(file)


def test_a_file_above_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "large.txt"
    with file.open("wb") as out:
        out.truncate(61_500_000)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"large\.txt has 61\.5 MB; at most 50\.0 MB"):
        read_text_file(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes(range(256)) * 40, "binary file"),
        (bytes(range(1, 32)) * 40, "binary file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "a picture"),
        (b"{\\rtf1 The keeper}", "Rich Text"),
        (zipped({"word/document.xml": "<w/>"}), "a Word document"),
        (zipped({"a.txt": "The keeper"}), "a ZIP archive"),
        (b"PK\x03\x04" + b"lamp" * 50, "cannot be read as an EPUB"),
        (b"%PDF-1.7\nThe keeper climbed", "cannot be read as a PDF"),
    ],
)
def test_what_is_no_text_is_refused_with_its_kind(read: Read, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as raised:
        read("story.bin", content)
    assert "story.bin" in str(raised.value)


# ---------------------------------------------------------------------- plain text

SENTENCE = "The keeper’s café was naïve — “très français”, he said; déjà vu."


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "gb18030"]
)
def test_every_usual_encoding_of_a_text_is_recognised(read: Read, encoding: str) -> None:
    sentence = SENTENCE if encoding != "gb18030" else "看守人慢慢地爬上楼梯，点亮了灯。"
    plain = read("plain.txt", f"{sentence}\n\nAnd so on.\n")
    text = read("coded.txt", f"{sentence}\r\n\r\nAnd so on.\r\n".encode(encoding))
    assert said(text) == said(plain)
    assert len(said(text)) == 2


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("latin-1", "Der Wärter öffnete die Tür; es war kühl und die Straße naß."),
        ("cp1251", "Смотритель маяка поднялся по лестнице и зажёг лампу."),
        ("koi8_r", "Смотритель маяка поднялся по лестнице и зажёг лампу."),
        ("cp1250", "Zażółć gęślą jaźń, wściekły latarnik wszedł na wieżę i zapalił światło."),
    ],
)
def test_the_old_character_sets_are_told_apart(read: Read, encoding: str, sentence: str) -> None:
    assert said(read("old.txt", sentence.encode(encoding))) == [sentence]


def test_a_broken_character_does_not_spoil_the_others(read: Read) -> None:
    text = read("cut.txt", (SENTENCE * 3).encode() + b" The end\xe2\x80")
    assert "café" in said(text)[0]
    assert "The end" in said(text)[0]


def test_gutenberg_is_cut_off_and_says_title_and_author(read: Read) -> None:
    body = as_txt().partition("\n\n\n")[2]
    text = read(
        "pg7.txt",
        f"The Project Gutenberg EBook\r\n\r\nTitle: {TITLE}\r\n\r\nAuthor: {AUTHOR}\r\n\r\n"
        f"*** START OF THE PROJECT GUTENBERG EBOOK LAMPS ***\r\n\r\n{body}\r\n\r\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK LAMPS ***\r\n\r\nThe licence: you may copy it.\r\n",
    )
    assert (text.title, text.author) == (TITLE, AUTHOR)
    assert not any("licence" in paragraph or "Gutenberg" in paragraph for paragraph in said(text))
    assert content_key(text.sections) == content_key(read("story.md", as_md()).sections)


@pytest.mark.parametrize("name", ["pg7.html", "pg7.md"])
def test_gutenberg_is_cut_off_in_other_formats_too(read: Read, name: str) -> None:
    lines = [
        "The Project Gutenberg eBook of Lamps",
        "*** START OF THE PROJECT GUTENBERG EBOOK LAMPS ***",
        "He lit the lamp.",
        "*** END OF THE PROJECT GUTENBERG EBOOK LAMPS ***",
        "The licence.",
    ]
    escaped = "\n\n".join(lines).replace("***", "\\*\\*\\*")
    page = "<html><body>" + "".join(f"<p>{line}</p>" for line in lines) if name.endswith("html") else escaped
    assert said(read(name, page)) == ["He lit the lamp."]


@pytest.mark.parametrize(
    ("heading", "chapter"),
    [
        ("CHAPTER II. THE LOST KEY.", "Chapter II: The Lost Key"),
        ("Chapter II\n\nThe Lost Key", "Chapter II: The Lost Key"),
        ("Chapter II\nThe Lost Key", "Chapter II: The Lost Key"),
        ("Chapter Two -- The Lost Key", "Chapter Two: The Lost Key"),
        ("\n\nThe Lost Key", "The Lost Key"),
        ("\n\nTHE LOST KEY", "The Lost Key"),
        ("Epilogue", "Epilogue"),
    ],
)
def test_a_chapter_is_recognised_in_plain_text(read: Read, heading: str, chapter: str) -> None:
    prose = "\n\n".join(paragraph for _, paragraphs in STORY for paragraph in paragraphs)
    text = read("book.txt", f"Lamps\n\n{prose}\n\n{heading}\n\n{prose}\n")
    assert chapters(text) == ["", chapter]
    assert text.title == "Lamps"
    assert text.sections[0].paragraphs == text.sections[1].paragraphs
    assert text.sections[1].first_paragraph == 6


def test_a_chapter_carries_the_part_it_stands_in(read: Read) -> None:
    parts = "\n\n".join(f"{name}\n\nHe lit the lamp." for name in ("PART I\n\nCHAPTER I", "CHAPTER II"))
    text = read("book.txt", f"Lamps\n\n{parts}\n\n{parts.replace('PART I', 'PART II')}")
    assert chapters(text) == [
        f"{part}, {chapter}" for part in ("Part I", "Part II") for chapter in ("Chapter I", "Chapter II")
    ]
    marked = "# Lamps\n\n" + parts.replace("PART", "## Part").replace("CHAPTER", "### Chapter") + "\n\n"
    marked += parts.replace("PART I", "## Part II").replace("CHAPTER", "### Chapter")
    assert content_key(read("book.md", marked).sections) == content_key(text.sections)


def test_lines_of_the_contents_are_no_chapters_but_nothing_else_is_lost(read: Read) -> None:
    contents = "CONTENTS\n\nChapter I. The Tower\nChapter II. The Boat\n\n\n"
    text = read("book.txt", as_txt().replace("CHAPTER I.", f"{contents}CHAPTER I.", 1))
    assert content_key(text.sections) == content_key(read("story.md", as_md()).sections)
    listed = read("list.md", "# Notes\n\n## Weapons\n\n## Places\n\nThe tower.\n\n## Debts\n")
    assert [(section.chapter, section.paragraphs) for section in listed.sections] == [
        ("", ("Weapons",)),
        ("Places", ("The tower.", "Debts")),
    ]


def test_a_line_is_a_paragraph_where_lines_are_not_broken(read: Read) -> None:
    lines = [f"Line {number}: " + "the keeper climbed slowly and trimmed his lamp, " * 4 for number in range(3)]
    assert len(said(read("lines.txt", "\n".join(lines)))) == 3


def test_a_text_without_headings_is_one_section_named_after_its_file(read: Read) -> None:
    text = read("my_lamp-notes.txt", "1. The king has two sons.\n\n2. The queen has none.\n")
    assert text.title == "my lamp notes"
    assert text.author is None
    assert [(section.chapter, section.narrator) for section in text.sections] == [("", "the narrator")]
    assert said(text) == ["1. The king has two sons.", "2. The queen has none."]


# ---------------------------------------------------------------------- Markdown and HTML


def test_markdown_loses_its_marks_and_its_head_names_title_and_author(read: Read) -> None:
    text = read(
        "note.md",
        "---\ntitle: 'Lamps'\nauthor: Jane Roe\ntags: [a]\n---\nThe Keeper\n----------\n\n"
        "> He lit the *old* `lamp`, see [[harbour|the harbour]].\n\n- oil\n- a ~wick~\n\n"
        "<script>alert(1)</script>\n\n| key | where |\n|---|---|\n| iron | boat |\n",
    )
    assert (text.title, text.author, chapters(text)) == ("Lamps", "Jane Roe", ["The Keeper"])
    assert said(text) == ["He lit the old lamp, see the harbour.", "oil", "a ~wick~", "key where", "iron boat"]


def test_what_stands_between_rules_is_no_head_unless_it_looks_like_one(read: Read) -> None:
    text = read("note.md", "---\n\nHe slept.\n\n---\n\nHe lit the lamp.")
    assert said(text) == ["He slept.", "He lit the lamp."]
    text = read("note.md", "---\ntitle: [\ntags:\n  - &a [*a, *a]\n---\n\nHe lit the lamp.")
    assert (text.title, said(text)) == ("note", ["He lit the lamp."])


@pytest.mark.parametrize("charset", ["windows-1252", "iso-8859-1", "koi8-r", "shift_jis", "iso-2022-jp"])
def test_a_page_is_read_in_the_character_set_it_names(read: Read, charset: str) -> None:
    words = {"koi8-r": "Смотритель зажёг лампу", "shift_jis": "灯台守は", "iso-2022-jp": "灯台守は"}
    sentence = words.get(charset, "Ein café, très tôt")
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head><p>{sentence}.'
    assert said(read("page.html", page.encode(charset))) == [f"{sentence}."]


@pytest.mark.parametrize("charset", ["unicode_escape", "rot13", "no-such-set", "utf-16"])
def test_a_page_that_names_a_false_character_set_is_read_all_the_same(read: Read, charset: str) -> None:
    page = f'<html><head><meta charset="{charset}"></head><p>The café\\x41 is open.'
    assert said(read("page.html", page.encode())) == ["The café\\x41 is open."]


def test_a_page_keeps_what_is_seen(read: Read) -> None:
    page = (
        "<html><title>Lamps</title><body><!-- <p>no</p> --><h2>Chapter I<br>The Tower</h2><div>One<br>line</div>"
        "<p>He lit<span class='pagenum'>[Pg 12]</span> the&nbsp;lamp &amp; slept.<a epub:type='noteref'>3</a></p>"
        "<p hidden>no</p><noscript><p>no</p></noscript>First.<br/>\n<br/>Second.<pre>a\n\nb</pre>"
        "<![if !mso]><p>Third.</p><![endif]><table><tr><td>x<td>y</tr></table><h3>" + "word " * 60 + "<h2>End</h2>"
        "<style>p {}</style><script src='x'/><p>so&shy;ft</p><script>no"
    )
    text = read("page.html", page)
    assert text.title == "Lamps"
    assert chapters(text) == ["Chapter I: The Tower", "End"]
    assert said(text) == [
        *("One line", "He lit the lamp & slept.", "First.", "Second.", "a", "b", "Third.", "x y"),
        *(("word " * 60).strip(), "soft"),
    ]


@pytest.mark.parametrize("piece", ["<![x[", "<!", "<a ", "<div>", "&#x110000;", "<?", "</", "<!--", "<script "])
def test_broken_markup_ends_in_a_text_or_in_a_clear_message(
    read: Read, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 2.0)
    try:
        text = read("page.html", "<html><p>He lit the lamp.</p>" + piece * 20_000)
    except SourceError as error:
        assert "was given up after 2 seconds" in str(error)
    else:
        assert said(text)[0] == "He lit the lamp."


# ---------------------------------------------------------------------- EPUB


ENCRYPTION = "".join(
    ["<encryption>"]
    + [f"<CipherReference URI='OEBPS/{name}.xhtml'/>" for name in ("first", "second%20part")]
    + ["</encryption>"]
)
ENTITIES = '<!DOCTYPE x [<!ENTITY a "lamp"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"META-INF/container.xml": CONTAINER.replace("?>", f"?>{ENTITIES}", 1)}, "DOCTYPE or ENTITY"),
        ({"OEBPS/content.opf": PACKAGE.replace("?>", f"?>{ENTITIES}", 1)}, "DOCTYPE or ENTITY"),
        ({"OEBPS/content.opf": (f"<?xml version='1.0'?>{ENTITIES}<package/>").encode("utf-16")}, "DOCTYPE or ENTITY"),
        ({"../outside.xhtml": "x"}, "leads out of it"),
        ({"/etc/outside": "x"}, "leads out of it"),
        ({"OEBPS\\..\\..\\outside": "x"}, "leads out of it"),
        ({"META-INF/encryption.xml": ENCRYPTION}, "protected against copying"),
    ],
)
def test_a_dangerous_or_protected_epub_is_refused(read: Read, change: dict[str, str | bytes], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read("book.epub", zipped(epub_parts() | change))


def test_an_archive_bomb_is_refused_by_what_it_claims(read: Read) -> None:
    bomb = zipped(epub_parts() | {"OEBPS/bomb.xhtml": bytes(300_000_000)})
    assert len(bomb) < 1_000_000
    with pytest.raises(SourceError, match=r"bomb\.epub.*would be 300\.0 MB unpacked; at most 200\.0 MB"):
        read("bomb.epub", bomb)
    with pytest.raises(SourceError, match="packed too tightly"):
        read("small.epub", zipped(epub_parts() | {"OEBPS/bomb.xhtml": bytes(20_000_000)}))


def test_an_archive_that_claims_less_than_it_holds_gives_no_more(read: Read) -> None:
    parts = epub_parts() | {"OEBPS/first.xhtml": xhtml("<p>" + "The lamp. " * 2_000_000)}
    lying = zipped(parts)
    size = len(parts["OEBPS/first.xhtml"]).to_bytes(4, "little")
    assert lying.count(size) == 2  # once before the entry, once in the archive's directory
    text = read("bomb.epub", lying.replace(size, (1000).to_bytes(4, "little")))
    assert chapters(text) == ["Chapter II: The Boat"]
    assert "first.xhtml in bomb.epub could not be read" in text.notes[0]


# ---------------------------------------------------------------------- PDF


def test_the_pages_of_a_pdf_are_joined(read: Read) -> None:
    lines = [
        ["Chapter I. The Tower", "The keeper climbed the stairs and trim-", "med his lamp until it burned."],
        ["He was well-known on the coast, and a well-", "known man is never alone. So he told", "nobody."],
        ["In the morning the boat lay on the sand, and", "there was nobody in"],
        ["it. Only a key was found."],
    ]
    pages = [["THE KEEPER'S LAMP", *page, str(number)] for number, page in enumerate(lines, 1)]
    text = read("story.pdf", as_pdf(pages, Title="Lamps", Author="Jane Roe"))
    assert (text.title, text.author, chapters(text)) == ("Lamps", "Jane Roe", ["Chapter I: The Tower"])
    assert " ".join(said(text)) == (
        "The keeper climbed the stairs and trimmed his lamp until it burned. He was well-known on the coast, and a "
        "well-known man is never alone. So he told nobody. In the morning the boat lay on the sand, and there was "
        "nobody in it. Only a key was found."
    )
    assert said(text)[-1].startswith("In the morning")


def test_the_chapters_of_a_pdf_are_no_running_headers(read: Read) -> None:
    pages = [
        [f"Chapter {number}", "He lit the lamp and went to sleep.", "The boat was not in."] for number in range(1, 6)
    ]
    text = read("story.pdf", as_pdf(pages, Title="Microsoft Word - a.doc"))
    assert chapters(text) == [f"Chapter {number}" for number in range(1, 6)]
    assert text.title == "story"


def test_a_scanned_pdf_says_that_it_holds_no_text(read: Read) -> None:
    with pytest.raises(SourceError, match=r"scan\.pdf.*its 2 pages may be scanned pictures\. Run text recognition"):
        read("scan.pdf", as_pdf([[], []]))


def test_a_pdf_under_a_password_is_refused_and_one_under_none_is_read(read: Read) -> None:
    with pytest.raises(SourceError, match="protected by a password"):
        read("secret.pdf", as_pdf([["He lit the lamp."]], "secret"))
    assert said(read("open.pdf", as_pdf([["He lit the lamp."]], ""))) == ["He lit the lamp."]


@pytest.mark.parametrize(
    ("limit", "value", "name", "message"),
    [
        ("MAX_ENTRIES", 5, "story.epub", "holds 6 files; at most 5"),
        ("MAX_PAGES", 2, "story.pdf", "has 3 pages; at most 2"),
        *(("MAX_SECONDS", -1.0, f"story.{suffix}", "was given up") for suffix in ("pdf", "html", "epub", "md")),
    ],
)
def test_a_text_over_a_limit_is_refused(
    read: Read, limit: str, value: float, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, limit, value)
    content = as_pdf([["a lamp"]] * 3) if name == "story.pdf" else FORMATS[name]()
    with pytest.raises(SourceError, match=message):
        read(name, content)


def test_a_truncated_pdf_ends_in_a_text_or_in_a_clear_message(read: Read) -> None:
    whole = as_pdf([["He lit the lamp."], ["He slept."]])
    outcomes = []
    for length in range(20, len(whole), 25):
        try:
            outcomes.append(said(read("cut.pdf", whole[:length])))
        except SourceError:
            outcomes.append([])
    assert [] in outcomes
