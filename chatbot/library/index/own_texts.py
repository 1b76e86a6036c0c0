"""The texts of one visitor: an index of his own, which is opened for him alone.

His index has the files of the shared one, as hard links, and his passages besides. Whatever is looked up or counted in
it knows the shared texts and his; whatever is looked up or counted in any other index cannot know his. When the shared
index is replaced, his is made anew from it before his next search. His vectors lie beside it, and are few enough to be
compared with a question one by one.

    visitors/KEY/index/           as `passages` writes it; his sources have names that begin with `own/`
    visitors/KEY/vectors-*.npz    ids and vectors, a file for every embedder that was asked for
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import LibraryError, SourceError
from chatbot.language import LANGUAGES
from chatbot.library.index.locking import LOCK, writing
from chatbot.library.index.manifest import SourceEntry, from_index, index_stamp, read_contents
from chatbot.library.index.own_vectors import OwnVectors, StoredVectors
from chatbot.library.index.passages import IndexReplacedError, Passages, write_index
from chatbot.library.texts import Passage
from chatbot.progress import Progress, counted

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

VISITORS = "visitors"
OWN = "own/"  # before the names of his sources in his index; no file's name has a slash

MAX_TEXTS = 20  # of one visitor
MAX_PASSAGES = 4_000  # of one visitor: about four novels
MAX_BYTES = 10_000_000  # of one file


class OwnTexts:
    """The texts of one visitor in one library.

    Args:
        folder: the library's folder.
        visitor: his id, as the server knows it.
    """

    def __init__(self, folder: Path, visitor: str) -> None:
        self._library = folder.name
        self._key = hashlib.sha256(visitor.encode()).hexdigest()[:32]
        self.folder = folder / VISITORS / self._key

    @property
    def stamp(self) -> tuple[int, ...]:
        """Changes whenever his texts are changed; empty where he has none."""
        return index_stamp(self.folder)

    def entries(self) -> dict[str, SourceEntry]:
        """His texts by their names, in the order in which they were added.

        Raises:
            LibraryError: they cannot be read.
        """
        try:
            sources = from_index(self.folder, read_contents).sources
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        return {name.removeprefix(OWN): entry for name, entry in sources.items() if name.startswith(OWN)}

    def passages(self, shared: Passages) -> Passages | None:
        """The shared passages, at their positions, and his behind them; None where he has none.

        Raises:
            IndexReplacedError: the shared index is no longer the one that was opened.
            LibraryError: his texts cannot be read.
        """
        if not self.stamp:
            return None
        own = self._opened()
        if own.contents.base == shared.contents.written:
            return own
        with writing(self.folder):
            own = self._opened()
            if own.contents.base != shared.contents.written:
                self._write(shared, self._held(own), self.entries())
                own = self._opened()
            return own

    def vectors(self, passages: Passages, embedder: Embedder) -> OwnVectors:
        """The vectors of his passages by an embedder; what is missing is embedded at the first search.

        Args:
            passages: as `passages` gives them.
            embedder: the library's or another.
        """
        return OwnVectors(
            self.folder, embedder, passages, [name for name in passages.contents.sources if _is_own(name)]
        )

    def add(
        self,
        shared: Passages,
        embedder: Embedder,
        name: str,
        entry: SourceEntry,
        made: Sequence[Passage],
        on_progress: Progress,
    ) -> None:
        """Add a text, or put it in the place of his text of that name. The caller holds `writing(self.folder)`.

        Args:
            shared: the shared passages.
            embedder: the library's.
            name: of the text among his.
            entry: of the text.
            made: its passages.
            on_progress: told how many of them are embedded, of how many.

        Raises:
            SourceError: he has too many texts or passages then.
            LibraryError: his texts cannot be read or written. They are as they were.
        """
        entries = self.entries()
        others = {other: known for other, known in entries.items() if other != name}
        if len(others) >= MAX_TEXTS:
            raise SourceError(f"You have {MAX_TEXTS} texts here, and can have no more. Remove one of them first.")
        number = sum(known.passages for known in others.values())
        if number + len(made) > MAX_PASSAGES:
            raise SourceError(
                f"'{name}' has {counted(len(made), 'passage')}, and there is room for "
                f"{MAX_PASSAGES - number:,} more of yours. Add a shorter text, or remove one of yours first."
            )
        held = self._held(self._opened()) if self.stamp else {}
        own = [replace(passage, id=self._id(passage)) for passage in made]
        try:
            StoredVectors(self.folder, embedder).bring(own, on_progress)
        except OSError as error:
            raise self._unwritable(error) from error
        self._write(shared, {**held, OWN + name: own}, {**others, name: entry})

    def remove(self, shared: Passages, name: str) -> int:
        """Remove one of his texts for good; returns how many passages it had.

        Args:
            shared: the shared passages.
            name: of the text among his.

        Raises:
            SourceError: he has no text of that name; the message names those that he has.
            LibraryError: his texts cannot be read or written. They are as they were.
        """
        entries = self.entries()
        if name not in entries:
            raise SourceError(f"You have no text named '{name}'. You have: {', '.join(entries) or 'none'}.")
        with writing(self.folder):
            left = {other: entry for other, entry in self.entries().items() if other != name}
            if left:
                held = self._held(self._opened())
                held.pop(OWN + name, None)
                self._write(shared, held, left)
                StoredVectors.prune(self.folder, {passage.id for some in held.values() for passage in some})
        if not left:
            self.forget()
        return entries[name].passages

    def forget(self) -> None:
        """Remove all his texts for good."""
        if not self.folder.is_dir():
            return
        with writing(self.folder):
            for path in self.folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != LOCK:  # which somebody may be waiting for
                    path.unlink(missing_ok=True)

    def _id(self, passage: Passage) -> str:
        """An id that no shared passage has, nor another visitor's, though its text be the same."""
        return hashlib.sha256(f"{self._key}\x00{passage.id}".encode()).hexdigest()[:32]

    def _held(self, own: Passages) -> dict[str, list[Passage]]:
        return {
            name: [own[position] for position in sorted(own.of_source(name))]
            for name in own.contents.sources
            if _is_own(name)
        }

    def _write(self, shared: Passages, held: Mapping[str, Sequence[Passage]], own: Mapping[str, SourceEntry]) -> None:
        sources = dict(shared.contents.sources) | {OWN + name: entry for name, entry in own.items()}
        language = LANGUAGES[shared.language]
        try:
            write_index(self.folder, shared, held, sources, language, base=shared.contents.written)
        except FileNotFoundError as error:
            raise IndexReplacedError(
                f"The library of '{self._library}' is being changed at this moment. Try again."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _opened(self) -> Passages:
        try:
            return from_index(self.folder, Passages)
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> LibraryError:
        return LibraryError(
            f"Your own texts in the library of '{self._library}' are damaged ({type(error).__name__}), and are left "
            f"out. Ask the owner to delete its folder {VISITORS}/{self._key}, and add them again."
        )

    def _unwritable(self, error: OSError) -> LibraryError:
        return LibraryError(
            f"Your text could not be written: {error.strerror or 'the disk refused it'}. Nothing was changed; tell the "
            "owner, who should look at the disk."
        )


def check_size(file: Path) -> None:
    """See that a visitor's file is not too large, before it is opened.

    Raises:
        SourceError: it is, or it cannot be read.
    """
    try:
        size = file.stat().st_size
    except OSError as error:
        raise SourceError(f"{file.name} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise SourceError(
            f"{file.name} has {size / 1_000_000:.1f} MB, and a text of yours may have {MAX_BYTES / 1_000_000:.0f} MB. "
            "Save it as plain text, or split it."
        )


def _is_own(name: str) -> bool:
    return name.startswith(OWN)
