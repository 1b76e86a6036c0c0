"""What a library holds, and how far it is embedded.

    index/contents.json  the sources of the index; it is replaced together with the index
    manifest.json        the embedders and how far their vectors are; the old file stays until the new one is whole

Neither repeats the other, so a build that is killed between the two leaves no contradiction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatbot.errors import LibraryError
from chatbot.files import file_stamp, replace_text
from chatbot.language import ENGLISH, LANGUAGES, Language
from chatbot.library.texts import CASEBOOK, Passage
from chatbot.progress import counted

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

MANIFEST = "manifest.json"
INDEX = "index"
OLD_INDEX = ".index-old"  # while it is replaced
CONTENTS = "contents.json"
# Of the index: raised where the form of the texts or of their stems changes, so that an index of another form is built
# anew instead of being searched with words that it does not hold.
FORMAT = 2

T = TypeVar("T")


class SourceEntry(BaseModel):
    """One source in a library: a book, a text that a user added, or the casebook with all its files.

    Attributes:
        kind: `CASEBOOK` or `TEXT`.
        content: the fingerprint of the words of a text that a user added.
        ids: the fingerprint of the ids of its passages, in order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    title: str
    works: int
    passages: int
    content: str = ""
    ids: str

    @classmethod
    def of(cls, title: str, passages: Sequence[Passage], content: str = "") -> SourceEntry:
        """The entry of a source that has at least one passage."""
        return cls(
            kind=passages[0].kind,
            title=title,
            works=len({passage.work for passage in passages}),
            passages=len(passages),
            content=content,
            ids=_fingerprint(passage.id for passage in passages),
        )


def source_name(passage: Passage) -> str:
    """The name of a passage's source in the library."""
    return CASEBOOK if passage.kind == CASEBOOK else passage.source


def _known_language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"there is no language '{code}'")
    return code


class Contents(BaseModel):
    """What one index holds.

    Attributes:
        format: of the index; one of another than `FORMAT` is not read.
        sources: by name, in the order in which they are listed.
        language: whose stems it holds (ISO 639-1).
        written: names this writing of the index; no other has the same.
        base: of the index of a visitor's own texts: which writing of the shared index it continues.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    sources: dict[str, SourceEntry] = {}
    language: Annotated[str, AfterValidator(_known_language)] = ENGLISH.code
    written: str = ""
    base: str = ""

    @property
    def total(self) -> int:
        """How many passages there are."""
        return sum(entry.passages for entry in self.sources.values())

    @property
    def stamp(self) -> str:
        """The fingerprint of the set of passages; empty where there are none."""
        return _fingerprint(sorted(entry.ids for entry in self.sources.values())) if self.sources else ""


def _fingerprint(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


class OtherFormatError(ValueError):
    """An index was written by a version of the program that gives texts another form."""


class Manifest(BaseModel):
    """How far a library is embedded, and by what. What it holds is read from its index and kept nowhere else.

    Attributes:
        embedder: the fingerprint of its main embedder.
        window: the most tokens of a passage, as the embedder counts them that the passages were cut for.
        filled: for every embedder, the stamps of the sets of passages that its collection holds in full. Two while a
            library is changed: the collection then holds the old passages and the new ones.
        embedded: how many passages have vectors of the main embedder so far, where it is not all of them.
        plain: whose collection has the name without a fingerprint; empty: the main embedder's.
        leaving: collections that are no longer used and not yet deleted.
        generation: of a library that was built afresh beside an old one: part of the names of its collections.
        contents: what the index holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    embedder: str
    window: int = 0
    filled: dict[str, tuple[str, ...]] = {}
    embedded: int = 0
    plain: str = ""
    leaving: tuple[str, ...] = ()
    generation: str = ""
    contents: Contents = Field(Contents(), exclude=True)

    @property
    def sources(self) -> dict[str, SourceEntry]:
        """What the library holds, by name."""
        return self.contents.sources

    @property
    def stamp(self) -> str:
        """The fingerprint of the set of its passages."""
        return self.contents.stamp

    @property
    def total(self) -> int:
        """How many passages it holds."""
        return self.contents.total

    @property
    def dense(self) -> int:
        """How many of them have vectors of the main embedder."""
        filled = self.is_filled(self.embedder, self.stamp)
        return self.total if filled else min(self.embedded, max(0, self.total - 1))

    @property
    def complete(self) -> bool:
        """Whether the main embedder's collection holds every passage and no others."""
        return self.filled.get(self.embedder) == (self.stamp,)

    def is_filled(self, fingerprint: str, stamp: str) -> bool:
        """Whether an embedder's collection holds every passage of a set."""
        return stamp in self.filled.get(fingerprint, ())

    def changed(self, **values: Any) -> Manifest:
        """The same with other values."""
        return self.model_copy(update=values)

    def with_filled(self, fingerprint: str, *stamps: str) -> Manifest:
        """The same with the sets that an embedder's collection holds in full."""
        return self.changed(filled=self.filled | {fingerprint: stamps})

    def collection(self, persona: str, fingerprint: str) -> str:
        """The name of the Chroma collection that belongs to an embedder."""
        name = "-".join(filter(None, ("bakerstreet", persona, self.generation)))
        if fingerprint == (self.plain or self.embedder):
            return name
        return f"{name}-{hashlib.sha256(fingerprint.encode()).hexdigest()[:8]}"

    def collections(self, persona: str) -> tuple[str, ...]:
        """The names of all Chroma collections that may hold something of this library."""
        fingerprints = dict.fromkeys((self.embedder, *self.filled))
        return (*(self.collection(persona, fingerprint) for fingerprint in fingerprints), *self.leaving)

    def state(self) -> str:
        """How the library is searched at present, in a few words."""
        if self.dense >= self.total:
            return f"searched by words and by sense; {counted(self.total, 'passage')}"
        return f"searched by words; {self.dense:,} of {counted(self.total, 'passage')} by sense so far"


def from_index(folder: Path, read: Callable[[Path], T]) -> T:
    """What `read` makes of the folder of a library's index, also while another process replaces it.

    Raises:
        FileNotFoundError: there is no index.
    """
    while True:
        before = index_stamp(folder)
        try:
            # Replacing takes two renames: while it goes on, or where it was killed between them, the old index stands
            # aside.
            for name in (INDEX, OLD_INDEX):
                with suppress(FileNotFoundError):
                    return read(folder / name)
            return read(folder / INDEX)
        except (OSError, ValueError):
            if index_stamp(folder) == before:
                raise


def index_stamp(folder: Path) -> tuple[int, ...]:
    """Changes whenever the index of a library is replaced; empty where there is none."""
    return file_stamp(folder / INDEX / CONTENTS) or file_stamp(folder / OLD_INDEX / CONTENTS)


def read_contents(index: Path) -> Contents:
    """What an index holds.

    Raises:
        OtherFormatError: another version of the program wrote it.
        OSError, ValueError: its file is missing or damaged.
    """
    stated = json.loads((index / CONTENTS).read_text(encoding="utf-8"))
    if isinstance(stated, dict) and stated.get("format") != FORMAT:
        raise OtherFormatError(f"it has the format {stated.get('format', 1)}, and this program writes {FORMAT}")
    return Contents.model_validate(stated)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a library, or None where there is none.

    Raises:
        LibraryError: it is damaged or of another version.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if index_stamp(folder):
            raise unreadable(folder, error) from error
        return None
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error
    try:
        return manifest.changed(contents=from_index(folder, read_contents))
    except FileNotFoundError as error:
        if any(manifest.filled.values()):
            raise unreadable(folder, error) from error
        return manifest  # a first build was killed before its index
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error


def unreadable(folder: Path, error: Exception) -> LibraryError:
    """The error of a library that has to be built again; it names the texts that have to be added again."""
    known = stated_sources(folder) or {}
    added = [name for name, content in known.items() if content]
    again = f", and add these texts again: {', '.join(added)}" if added else ""
    why = str(error) if isinstance(error, OtherFormatError) else type(error).__name__
    return LibraryError(
        f"The library in {folder} is damaged or of another version of this program ({why}). Build it anew with "
        f"`bakerstreet library build {folder.name} --fresh`{again}."
    )


def stated_sources(folder: Path) -> dict[str, str] | None:
    """A library's sources, whatever version wrote it; None where nothing says them.

    Returns:
        By name, the fingerprint of the words of a text that a user added, and an empty string for all others.
    """
    try:
        stated = from_index(folder, lambda index: json.loads((index / CONTENTS).read_text(encoding="utf-8")))
        return {name: str(entry.get("content", "")) for name, entry in stated["sources"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest; the old one stays until the new one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(folder / MANIFEST, manifest.model_dump_json(indent=1))


def check_language(folder: Path, built: str, language: Language) -> None:
    """See that a library holds the stems of a language.

    Raises:
        LibraryError: it was built for another one.
    """
    if built != language.code:
        raise LibraryError(
            f"The library of '{folder.name}' was built for the language '{built}', and the persona now speaks "
            f"'{language.code}'. Build it again with `bakerstreet library build {folder.name} --fresh`."
        )


def check_embedder(folder: Path, manifest: Manifest, embedder: Embedder) -> None:
    """Raises LibraryError where the library was built with another embedder than `embedder`."""
    if manifest.embedder != embedder.fingerprint:
        raise LibraryError(
            f"The library in {folder} was built with the embedder {manifest.embedder}, but the settings name "
            f"{embedder.fingerprint}. Set BAKERSTREET_EMBEDDER back, or embed its passages anew with "
            f"`bakerstreet library build {folder.name} --switch-embedder` (the texts are not needed for it), or build "
            f"everything anew with `bakerstreet library build {folder.name} --fresh`."
        )
