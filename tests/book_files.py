"""One story of our own as a file of every format."""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from chatbot.library.texts.readers import TextFile

TITLE, AUTHOR = "The Keeper's Lamp", "Jane Roe"
STORY = [
    (
        "Chapter I: The Tower",
        [
            "The keeper climbed slowly and trimmed his lamp until it burned clear again. It was a café-bright flame.",
            "“It’s late,” he said — “and the boat is not in.”",
            "Nobody answered him; the sea was loud that night, and the stairs were long.",
        ],
    ),
    (
        "Chapter II: The Boat",
        [
            "In the morning the boat lay on the sand, and there was nobody in it. Only a key was found.",
            "He took the key, and said nothing of it for eleven years.",
        ],
    ),
]


def wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, 60, break_on_hyphens=False)


def as_txt() -> str:
    chapters = [
        f"{heading.upper().replace(':', '.')}\n\n" + "\n\n".join(map(wrapped, paragraphs))
        for heading, paragraphs in STORY
    ]
    return f"{TITLE.upper()}\n\nby {AUTHOR}\n\n\n" + "\n\n\n".join(chapters) + "\n\n* * *\n"


def as_md() -> str:
    chapters = [f"## {heading}\n\n" + "\n\n".join(map(wrapped, paragraphs)) for heading, paragraphs in STORY]
    text = f"# {TITLE}\n\n*by {AUTHOR}*\n\n" + "\n\n".join(chapters)
    return text.replace("climbed slowly", "climbed **slowly**").replace("a key", "[a key](https://example.org/key)")


def body_of(chapters: Sequence[tuple[str, list[str]]]) -> str:
    return "".join(f"<h2>{heading}</h2>\n" + "".join(f"<p>{p}</p>\n" for p in ps) for heading, ps in chapters)


def as_html(charset: str = "utf-8") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{TITLE} | Lamps</title>'
        "<style>p { a: b }</style>"
        f'</head><body><nav><a href="/">Home</a></nav><script>var keeper = "<p>no</p>";</script>'
        f"<h1>{TITLE}</h1><p>by {AUTHOR}</p>{body_of(STORY)}</body></html>"
    )


CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = (
    '<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
    f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{TITLE}</dc:title><dc:creator>{AUTHOR}'
    '</dc:creator></metadata><manifest><item id="nav" properties="nav" href="nav.xhtml" '
    'media-type="application/xhtml+xml"/><item id="two" href="second%20part.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="one" href="first.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/></spine></package>'
)


def xhtml(body: str) -> str:
    return f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'


def epub_parts() -> dict[str, str | bytes]:
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": PACKAGE,
        "OEBPS/nav.xhtml": xhtml("<nav><ol><li>The Tower</li></ol></nav><p>Where to begin</p>"),
        "OEBPS/second part.xhtml": xhtml(body_of(STORY[1:])),
        "OEBPS/first.xhtml": xhtml(f"<h1>{TITLE}</h1>" + body_of(STORY[:1])),
    }


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def as_pdf(pages: Sequence[Sequence[str]], password: str | None = None, **info: str) -> bytes:
    """A PDF with these lines on its pages, in Helvetica."""
    writer, out = PdfWriter(), BytesIO()
    helvetica = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(key): NameObject(value) for key, value in helvetica.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    for lines in pages:
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        content = DecodedStreamObject()
        content.set_data((f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET" if lines else "0 0 m 9 9 l S").encode("latin-1"))
        page = writer.add_blank_page(612, 792)
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = writer._add_object(content)
    writer.add_metadata({f"/{key}": value for key, value in info.items()})
    if password is not None:
        writer.encrypt(password, "owner", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[], str | bytes]] = {
    "story.txt": as_txt,
    "story.md": as_md,
    "story.html": as_html,
    "story.epub": lambda: zipped(epub_parts()),
}


def said(text: TextFile) -> list[str]:
    """Every paragraph of a text."""
    return [paragraph for section in text.sections for paragraph in section.paragraphs]


def chapters(text: TextFile) -> list[str]:
    """The chapter of every section."""
    return [section.chapter for section in text.sections]
