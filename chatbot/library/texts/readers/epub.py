"""EPUB 2 and 3: a ZIP archive with a package document that names the chapters in reading order.

Nothing is unpacked to disk. The sizes that the archive's own directory claims are checked first; `zipfile` never
returns more than an entry claims. XML with a DOCTYPE or an ENTITY is refused; EPUB does not need them here.
Format: EPUB 3.3 (W3C Recommendation), sections 4 and 5; Open Packaging Format 2.0.1.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree

from chatbot.errors import SourceError
from chatbot.library.texts.readers import limits
from chatbot.library.texts.readers.blocks import Block, Draft
from chatbot.library.texts.readers.decoding import decode
from chatbot.library.texts.readers.limits import Deadline, megabytes
from chatbot.library.texts.readers.web_page import read_markup

CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml")
_MAX_XML = 5_000_000  # bytes of a container or package document


def read_epub(data: bytes, name: str, deadline: Deadline) -> Draft:
    """The chapters of an EPUB in reading order, with title and author from its metadata.

    Raises:
        SourceError: it is damaged, protected or larger unpacked than the limits allow, or holds dangerous XML or paths.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            check_archive(archive, name)
            return _read(archive, name, deadline)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _damaged(name, str(error)) from error


def check_archive(archive: zipfile.ZipFile, name: str) -> None:
    """Check what an archive claims about itself against the limits.

    Raises:
        SourceError: too many entries, too much unpacked, packed too tightly to be a book, or a path that leads out.
    """
    entries = archive.infolist()
    if len(entries) > limits.MAX_ENTRIES:
        raise SourceError(f"{name} holds {len(entries)} files; at most {limits.MAX_ENTRIES} can be read.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.MAX_UNPACKED:
        raise SourceError(
            f"{name} would be {megabytes(unpacked)} unpacked; at most {megabytes(limits.MAX_UNPACKED)} can be read."
        )
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or entry.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", entry.filename):
            raise SourceError(f"{name} holds a file whose path leads out of it ({entry.filename!r}). It is not read.")
        if entry.file_size > limits.RATIO_FROM and entry.file_size > limits.MAX_RATIO * max(entry.compress_size, 1):
            raise SourceError(
                f"{name} is packed too tightly to be a book: {entry.filename!r} unpacks {entry.compress_size} bytes to "
                f"{megabytes(entry.file_size)}. It is not read."
            )


def _read(archive: zipfile.ZipFile, name: str, deadline: Deadline) -> Draft:
    container = _xml(archive, CONTAINER, name)
    package_path = next((node.get("full-path") for node in _all(container, "rootfile") if node.get("full-path")), None)
    if not package_path:
        raise _damaged(name, "it names no package document")
    package = _xml(archive, package_path, name)
    encrypted = _encrypted(archive, name)
    blocks: list[Block] = []
    notes: list[str] = []
    for path in _spine(package, posixpath.dirname(package_path)):
        if path in encrypted:
            raise SourceError(f"{name} is protected against copying (DRM); its text cannot be read.")
        try:
            page = decode(archive.read(path), f"{path} in {name}", markup=True)
        except KeyError:
            notes.append(f"{path} is listed in {name} but missing from it.")
            continue
        blocks += read_markup(page, deadline).blocks
    titles, authors = _texts(package, "title"), _texts(package, "creator")
    return Draft(blocks, titles[0] if titles else None, ", ".join(authors) or None, notes=tuple(notes))


def _spine(package: ElementTree.Element, folder: str) -> Iterator[str]:
    """The paths of the chapters, without the navigation page."""
    items = {node.get("id"): node for node in _all(package, "item")}
    for reference in _all(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if item.get("media-type", "").lower() in _CHAPTERS:
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _encrypted(archive: zipfile.ZipFile, name: str) -> set[str]:
    if _ENCRYPTION not in archive.namelist():
        return set()
    return {unquote(node.get("URI", "")) for node in _all(_xml(archive, _ENCRYPTION, name), "CipherReference")}


def _xml(archive: zipfile.ZipFile, path: str, name: str) -> ElementTree.Element:
    try:
        entry = archive.getinfo(path)
    except KeyError:
        raise _damaged(name, f"{path} is missing") from None
    if entry.file_size > _MAX_XML:
        raise SourceError(f"{name}: {path} has {megabytes(entry.file_size)}; at most {megabytes(_MAX_XML)} are read.")
    text = decode(archive.read(entry), f"{path} in {name}", markup=True)
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise SourceError(
            f"{name}: {path} holds a DOCTYPE or ENTITY, by which a file can do harm. It is not read; convert the book "
            "again (with Calibre, for example) and add that."
        )
    try:
        # Without its declaration of an encoding, because the text is decoded already.
        return ElementTree.fromstring(re.sub(r"\A\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        raise _damaged(name, f"{path}: {error}") from error


def _all(root: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """The elements of a name, whatever their namespace."""
    return (node for node in root.iter() if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == tag)


def _texts(package: ElementTree.Element, tag: str) -> list[str]:
    return [text for node in _all(package, tag) if (text := " ".join("".join(node.itertext()).split()))]


def _damaged(name: str, why: str) -> SourceError:
    return SourceError(f"{name} cannot be read as an EPUB: {why}. Download it again, or convert it again.")
