"""EPUB 2 and 3: a ZIP archive with a package document that names the chapters in reading order.

A part that cannot be read costs only itself: a chapter is left out, a package document is done without, and the notes
say so. XML with declarations of its own is refused; EPUB does not need them here.
Format: EPUB 3.3 (W3C Recommendation), sections 4 and 5; Open Packaging Format 2.0.1.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from html import unescape
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree

from chatbot.errors import SourceError
from chatbot.library.texts.readers.archive import Archive, DamagedEntryError
from chatbot.library.texts.readers.blocks import Block, Draft
from chatbot.library.texts.readers.decoding import decode
from chatbot.library.texts.readers.limits import Deadline, megabytes
from chatbot.library.texts.readers.web_page import read_markup
from chatbot.progress import counted

CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml")
_SUFFIXES = (".xhtml", ".html", ".htm")  # what a chapter is named where its type is not given
_LOOSE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)(?:\w+;)?")
_MAX_XML = 5_000_000  # bytes of a container or package document


def read_epub(data: bytes, name: str, deadline: Deadline) -> Draft:
    """The chapters of an EPUB in reading order, with title and author from its metadata.

    Raises:
        SourceError: it is protected or larger unpacked than the limits allow, it holds dangerous XML or paths, or
            nothing of it can be read.
    """
    try:
        opened = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged(name, str(error)) from error
    with opened:
        return _read(Archive(opened, name), deadline)


def _read(archive: Archive, deadline: Deadline) -> Draft:
    notes: list[str] = []
    package, folder = _package(archive, notes)
    protected = _protected(archive)
    blocks: list[Block] = []
    read, left_out = 0, 0
    for path in dict.fromkeys(_order(archive, package, folder, notes)):
        if path in protected:
            notes.append(f"{path} in {archive.name} is protected against copying (DRM) and is left out.")
            left_out += 1
            continue
        try:
            page = _text(archive, path)
        except DamagedEntryError as error:
            notes.append(f"{path} in {archive.name} could not be read and is left out: {error}.")
            left_out += 1
            continue
        blocks += read_markup(page, deadline).blocks
        read += 1
    if not read and protected:
        raise SourceError(f"{archive.name} is protected against copying (DRM); its text cannot be read.")
    if not read and left_out:
        raise _damaged(
            archive.name, f"none of its {counted(left_out, 'chapter')} can be read ({notes[-1].rstrip('.')})"
        )
    titles, authors = _texts(package, "title"), _texts(package, "creator")
    return Draft(blocks, titles[0] if titles else None, ", ".join(authors) or None, notes=tuple(notes))


def _package(archive: Archive, notes: list[str]) -> tuple[ElementTree.Element | None, str]:
    """The package document and its folder; None where it cannot be read."""
    named = archive.find(CONTAINER)
    container = _xml(archive, named, notes) if named else None
    said = [node.get("full-path") or "" for node in _all(container, "rootfile")]
    others = [path for path in archive.paths if path.lower().endswith(".opf")]
    for path in dict.fromkeys([*filter(None, map(archive.find, said)), *others]):
        package = _xml(archive, path, notes)
        if package is not None:
            return package, posixpath.dirname(path)
    return None, ""


def _order(archive: Archive, package: ElementTree.Element | None, folder: str, notes: list[str]) -> Iterator[str]:
    """The paths of the chapters in reading order, without the navigation page, then of those that it leaves out."""
    items = {node.get("id") or "": node for node in _all(package, "item")}
    navigation = {id_ for id_, node in items.items() if "nav" in (node.get("properties") or "").split()}
    listed = [node.get("idref") or "" for node in _all(package, "itemref")]
    found: set[str] = set()
    for number, reference in enumerate(listed, 1):
        if reference in navigation:
            continue
        if reference not in items:
            notes.append(f"Chapter {number} of the reading order of {archive.name} ('{reference}') is no file of it.")
        elif _is_chapter(items[reference]):
            href = items[reference].get("href") or ""
            path = archive.find(href, folder)
            if path is None:
                missing = posixpath.join(folder, unquote(href))
                notes.append(f"{missing} is listed in {archive.name} but missing from it.")
            else:
                found.add(path)
                yield path
    rest = [id_ for id_ in items if id_ not in navigation and id_ not in listed and _is_chapter(items[id_])]
    unlisted = [path for id_ in rest if (path := archive.find(items[id_].get("href") or "", folder))]
    if not items:
        unlisted = _by_name([path for path in archive.paths if path.lower().endswith(_SUFFIXES)])
        notes.append(f"{archive.name} does not say the order of its chapters: they are read by their file names.")
    elif not found and unlisted:
        notes.append(f"{archive.name} has no reading order: its chapters are read as they are listed.")
    else:
        notes += [
            f"{path} is not in the reading order of {archive.name} and stands at its end."
            for path in dict.fromkeys(unlisted)
            if path not in found
        ]
    yield from unlisted


def _is_chapter(item: ElementTree.Element) -> bool:
    kind = (item.get("media-type") or "").lower()
    href = re.split("[#?]", item.get("href") or "", maxsplit=1)[0].lower()
    return kind in _CHAPTERS or (href.endswith(_SUFFIXES) and not kind.startswith(("image/", "audio/", "video/")))


def _by_name(paths: Sequence[str]) -> list[str]:
    """Paths in the order of the numbers in them: chapter 2 before chapter 10."""

    def parts(path: str) -> list[tuple[str, int]]:
        return [(part, int(number or 0)) for part, number in re.findall(r"(\D*)(\d*)", path)]

    return sorted(paths, key=parts)


def _protected(archive: Archive) -> set[str]:
    named = archive.find(_ENCRYPTION)
    listed = _all(_xml(archive, named, []) if named else None, "CipherReference")
    return {path for node in listed if (path := archive.find(node.get("URI") or ""))}


def _text(archive: Archive, path: str) -> str:
    """The text of a file.

    Raises:
        DamagedEntryError: it cannot be unpacked, or is no text.
    """
    data = archive.read(path)
    try:
        return decode(data, path, markup=True)
    except SourceError as error:
        raise DamagedEntryError("it is not a text") from error


def _xml(archive: Archive, path: str, notes: list[str]) -> ElementTree.Element | None:
    """An XML document; None where it is damaged, which is noted.

    Raises:
        SourceError: it is too large, or has declarations of its own.
    """
    if archive.size(path) > _MAX_XML:
        size = f"{megabytes(archive.size(path))}; at most {megabytes(_MAX_XML)} are read."
        raise SourceError(f"{archive.name}: {path} has {size}")
    try:
        text = _text(archive, path)
        if re.search(r"<!\s*(?:ENTITY|DOCTYPE[^>\[]*\[)", text, re.IGNORECASE):
            raise SourceError(
                f"{archive.name}: {path} holds a DOCTYPE or ENTITY, by which a file can do harm. It is not read; "
                "convert the book again (with Calibre, for example) and add that."
            )
        # Without its declaration of an encoding, because the text is decoded already.
        return ElementTree.fromstring(_LOOSE.sub(_escaped, re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)))
    except (DamagedEntryError, ElementTree.ParseError) as error:
        notes.append(f"{path} in {archive.name} is damaged and is done without: {error}.")
        return None


def _escaped(match: re.Match[str]) -> str:
    """An ampersand that XML would stop at: alone ("Pike & Son"), or of an entity that only HTML has (`&nbsp;`)."""
    meant = unescape(match[0])
    return f"&amp;{match[0][1:]}" if meant == match[0] else meant


def _all(root: ElementTree.Element | None, tag: str) -> Iterator[ElementTree.Element]:
    """The elements of a name, whatever their namespace."""
    nodes = root.iter() if root is not None else ()
    return (node for node in nodes if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == tag)


def _texts(package: ElementTree.Element | None, tag: str) -> list[str]:
    return [text for node in _all(package, tag) if (text := " ".join("".join(node.itertext()).split()))]


def _damaged(name: str, why: str) -> SourceError:
    return SourceError(f"{name} cannot be read as an EPUB: {why}. Download it again, or convert it again.")
