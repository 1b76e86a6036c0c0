"""The passages of a library on disk, in the same tantivy index that finds them by words.

A passage keeps its position, a number, for as long as it is in the library. The passages of a source have consecutive
positions, in their order. A source that is added or replaced gets positions after all others, so there can be gaps.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import tantivy
from tantivy import Occur, Order, Query

from chatbot.errors import LibraryError
from chatbot.files import file_stamp
from chatbot.language import ENGLISH, LANGUAGES, Language
from chatbot.library.index.lexical import (
    ID,
    POSITION,
    SOURCE,
    STORED,
    WORK,
    WRITER_MEMORY,
    Lexical,
    document,
    positions_at,
    schema,
    with_stems,
)
from chatbot.library.index.manifest import (
    CONTENTS,
    INDEX,
    OLD_INDEX,
    Contents,
    SourceEntry,
    from_index,
    index_stamp,
    read_contents,
    unreadable,
)
from chatbot.library.texts import Passage


class IndexReplacedError(LibraryError):
    """An index was replaced while it was used: open the library again."""


class Passages:
    """The passages of one index, read from disk one at a time; a change of the library does not change them.

    Args:
        folder: the folder of the index.

    Raises:
        OSError, ValueError: the files are missing, damaged or of an earlier version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = file_stamp(folder / CONTENTS)
        contents = read_contents(folder)
        self.contents = contents
        self.stamp = contents.stamp
        self.language = contents.language
        index = tantivy.Index.open(str(folder))
        index.config_reader(reload_policy="manual")  # or a thread would look for changes twice a second
        self._schema = index.schema
        self._searcher = index.searcher()
        self.lexical = Lexical(index, LANGUAGES[contents.language])
        if file_stamp(folder / CONTENTS) != self.file:
            raise FileNotFoundError(f"{folder} was replaced")
        if len(self) != contents.total:
            raise ValueError(f"{folder} holds {len(self)} passages and not {contents.total}")

    def __len__(self) -> int:
        return self._searcher.num_docs

    def __getitem__(self, position: int) -> Passage:
        """The passage at a position.

        Raises:
            IndexError: there is none.
            LibraryError: it cannot be read.
        """
        if position < 0:
            raise IndexError(position)
        hits = self._found(Query.term_query(self._schema, POSITION, position, index_option="basic"), 1)
        if not hits:
            raise IndexError(position)
        return self._read(hits[0][1])

    def __iter__(self) -> Iterator[Passage]:
        return (self._read(address) for _, address in self._found(Query.all_query(), len(self), POSITION))

    def ids(self, sources: Collection[str] | None = None) -> dict[str, int]:
        """The position of every passage by its id, ascending; `sources`: of those alone."""
        query = Query.all_query() if sources is None else self._any_of(SOURCE, sources)
        hits = self._found(query, len(self), ID)
        return dict(sorted(zip((id_ for id_, _ in hits), self._positions(hits), strict=True), key=lambda pair: pair[1]))

    def positions_of(self, ids: Sequence[str]) -> list[int | None]:
        """The position of each id; None where no passage has it."""
        hits = self._found(self._any_of(ID, ids), len(ids), ID)
        known = dict(zip((id_ for id_, _ in hits), self._positions(hits), strict=True))
        return [known.get(id_) for id_ in ids]

    def of_source(self, name: str) -> frozenset[int]:
        """The positions of a source's passages; the casebook is one source."""
        return frozenset(self._positions(self._found(self._any_of(SOURCE, [name]), len(self))))

    def of_works(self, works: Collection[str]) -> frozenset[int]:
        """The positions of the passages of these works."""
        return frozenset(self._positions(self._found(self._any_of(WORK, works), len(self))))

    @property
    def end(self) -> int:
        """The first position behind all passages."""
        hits = self._searcher.search(Query.all_query(), 1, count=False, order_by_field=POSITION).hits
        return int(hits[0][0]) + 1 if hits else 0

    def _any_of(self, field: str, values: Collection[str]) -> Query:
        terms = [Query.term_query(self._schema, field, value, index_option="basic") for value in values]
        return Query.boolean_query([(Occur.Should, term) for term in terms])

    def _found(self, query: Query, number: int, order_by: str | None = None) -> list[tuple[Any, tantivy.DocAddress]]:
        """Pairs of a key (a score, or the field that it is ordered by, ascending) and an address."""
        if number < 1:
            return []
        order = Order.Asc if order_by else Order.Desc
        return self._searcher.search(query, number, count=False, order_by_field=order_by, order=order).hits

    def _positions(self, hits: Sequence[tuple[Any, tantivy.DocAddress]]) -> list[int]:
        return positions_at(self._searcher, [address for _, address in hits])

    def _read(self, address: tantivy.DocAddress) -> Passage:
        try:
            return Passage(**json.loads(self._searcher.doc(address)[STORED][0]))
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise LibraryError(
                f"A passage in {self.folder} is damaged. Build the library again with "
                f"`bakerstreet library build {self.folder.parent.name} --fresh`."
            ) from error


def read_passages(folder: Path) -> Passages:
    """The passages of a library.

    Raises:
        LibraryError: there is no library, or it is damaged or of an earlier version.
    """
    try:
        return from_index(folder, Passages)
    except FileNotFoundError as error:
        if index_stamp(folder):
            raise unreadable(folder, error) from error
        raise LibraryError(
            f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error


def write_index(
    folder: Path,
    old: Passages | None,
    replaced: Mapping[str, Sequence[Passage]],
    sources: Mapping[str, SourceEntry],
    language: Language = ENGLISH,
    *,
    base: str = "",
) -> None:
    """Replace the index of a library by one in which some sources hold other passages.

    Args:
        folder: the library's folder.
        old: the passages that stand; None: there are none, or none that matter.
        replaced: what the sources of these names shall hold, where it is not what they hold now.
        sources: all sources as they are then.
        language: of the texts.
        base: of the index of a visitor's own texts: which writing of the shared index `old` is.

    Raises:
        FileNotFoundError: `old` was replaced meanwhile.
        OSError: it cannot be written; what was there is still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".index-*"):  # of a build that was killed
        if left.name != OLD_INDEX:
            shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=".index-", dir=folder))
    try:
        if old is not None:
            _link_files(old, partial)
        _write_passages(partial, old, replaced, language)
        contents = Contents(sources=dict(sources), language=language.code, written=uuid4().hex, base=base)
        (partial / CONTENTS).write_text(contents.model_dump_json(), encoding="utf-8")
        aside = folder / OLD_INDEX
        if (folder / INDEX).exists():
            shutil.rmtree(aside, ignore_errors=True)
            (folder / INDEX).rename(aside)
        partial.rename(folder / INDEX)
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _link_files(old: Passages, partial: Path) -> None:
    """Give a new index the files of the old one. Tantivy never writes into a file: it makes new ones."""
    for file in old.folder.iterdir():
        if file.name == CONTENTS or file.suffix == ".lock":
            continue
        try:
            (partial / file.name).hardlink_to(file)
        except FileNotFoundError:
            raise
        except OSError:  # the file system has no hard links
            shutil.copy2(file, partial / file.name)
    if read_contents(old.folder).written != old.contents.written:
        raise FileNotFoundError(f"{old.folder} was replaced")


def _write_passages(
    index_folder: Path, old: Passages | None, replaced: Mapping[str, Sequence[Passage]], language: Language
) -> None:
    positions = count(old.end if old is not None else 0)
    path = str(index_folder)
    try:
        index = with_stems(tantivy.Index.open(path) if old is not None else tantivy.Index(schema(), path=path))
        writer = index.writer(WRITER_MEMORY, 1)
        for source, passages in replaced.items():
            writer.delete_documents_by_term(SOURCE, source)
            for passage in passages:
                writer.add_document(_document(next(positions), passage, source, language))
        writer.commit()
        writer.wait_merging_threads()
    except ValueError as error:  # what tantivy raises for everything
        raise OSError(str(error)) from error


def _document(position: int, passage: Passage, source: str, language: Language) -> tantivy.Document:
    made = document(position, passage.indexed(), language)
    made.add_text(ID, passage.id)
    made.add_text(SOURCE, source)
    made.add_text(WORK, passage.work)
    made.add_bytes(STORED, json.dumps(vars(passage), ensure_ascii=False).encode())
    return made
