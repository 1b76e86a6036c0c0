"""The passages of a library on disk, read one at a time: a million of them are opened in a moment and take no memory.

    passages.jsonl   a passage a line
    offsets.npy      where each line begins, and where the last one ends (int64, n + 1)
    ids.npy          the ids as two halves of 64 bits each (uint64, n x 2)
    keys.npy         the first halves, sorted (uint64, n), and order.npy, the positions they belong to (int32, n)
    groups.npy       kind, source and work of every passage as numbers (int32, 3 x n), and groups.json, their names

Where only `passages.jsonl` is there (libraries of the first version), the rest is made of it when it is opened.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import LibraryError
from chatbot.library.texts import Passage

ROWS = "passages.jsonl"
COLUMNS = ("kind", "source", "work")
Column = Literal["kind", "source", "work"]
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Groups:
    """Kind, source and work of every passage.

    Attributes:
        names: the names in each column, by their number.
        codes: the number of each passage's name, shape (3, passages), in the order of `COLUMNS`.
    """

    names: dict[str, tuple[str, ...]]
    codes: Ints

    def column(self, column: Column) -> Ints:
        """The numbers in one column, shape (passages,)."""
        return self.codes[COLUMNS.index(column)]

    def positions(self, column: Column, name: str) -> Ints:
        """The positions of the passages of that name, ascending."""
        if name not in self.names[column]:
            return np.empty(0, np.int64)
        return np.flatnonzero(self.column(column) == self.names[column].index(name))


def groups_of(passages: Sequence[Passage]) -> Groups:
    """The groups of passages that are at hand."""
    codes = np.zeros((len(COLUMNS), len(passages)), np.int32)
    names: dict[str, tuple[str, ...]] = {}
    for row, column in enumerate(COLUMNS):
        known: dict[str, int] = {}
        codes[row] = [known.setdefault(getattr(passage, column), len(known)) for passage in passages]
        names[column] = tuple(known)
    return Groups(names, codes)


def ids_as_numbers(ids: Sequence[str]) -> NDArray[np.uint64]:
    """Ids of 32 hexadecimal digits as two halves of 64 bits each, shape (ids, 2)."""
    raw = b"".join(bytes.fromhex(id_) for id_ in ids)
    return np.frombuffer(raw, ">u8").astype(np.uint64).reshape(-1, 2)


def stamp_of(ids: NDArray[np.uint64]) -> str:
    """Names a set of ids, whatever their order."""
    order = np.lexsort((ids[:, 1], ids[:, 0]))
    return hashlib.sha256(np.ascontiguousarray(ids[order]).tobytes()).hexdigest()[:32]


class Passages(Sequence[Passage]):
    """The passages of a library in the order of the sources; each is read when it is asked for.

    Args:
        folder: the folder of the index.

    Raises:
        OSError, ValueError, TypeError, KeyError: the files are missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with (folder / ROWS).open("rb") as stream:
            self._rows = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        if (folder / "groups.npy").is_file():
            self._offsets = np.load(folder / "offsets.npy", mmap_mode="r")
            self.ids = np.load(folder / "ids.npy", mmap_mode="r")
            self._keys = np.load(folder / "keys.npy", mmap_mode="r")
            self._order = np.load(folder / "order.npy", mmap_mode="r")
            names = json.loads((folder / "groups.json").read_text(encoding="utf-8"))
            codes = np.load(folder / "groups.npy", mmap_mode="r")
            self.groups = Groups({column: tuple(names[column]) for column in COLUMNS}, codes)
        else:
            self._read_through()
        if int(self._offsets[-1]) != len(self._rows) or not len(self.ids) == len(self) == self.groups.codes.shape[1]:
            raise ValueError(f"{folder / ROWS} does not fit its tables")

    def _read_through(self) -> None:
        lines = bytes(self._rows).splitlines(keepends=True)
        self._offsets = np.cumsum([0, *map(len, lines)], dtype=np.int64)
        passages = [Passage(**json.loads(line)) for line in lines]
        self.ids = ids_as_numbers([passage.id for passage in passages])
        self._order = np.argsort(self.ids[:, 0], kind="stable").astype(np.int32)
        self._keys = self.ids[self._order, 0]
        self.groups = groups_of(passages)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, at: int) -> Passage: ...
    @overload
    def __getitem__(self, at: slice) -> list[Passage]: ...
    def __getitem__(self, at: int | slice) -> Passage | list[Passage]:
        """A passage by its position, or some.

        Raises:
            LibraryError: its line is damaged.
        """
        if isinstance(at, slice):
            return [self[position] for position in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        try:
            return Passage(**json.loads(self.raw(at, at + 1)))
        except (ValueError, TypeError) as error:
            raise LibraryError(
                f"Line {at + 1} of {self._folder / ROWS} is damaged. Build the library anew with "
                f"`bakerstreet library build {self._folder.parent.name} --fresh`."
            ) from error

    def __iter__(self) -> Iterator[Passage]:
        return (self[at] for at in range(len(self)))

    def raw(self, start: int, end: int) -> bytes:
        """The lines from `start` up to `end` as they stand in the file."""
        return self._rows[int(self._offsets[start]) : int(self._offsets[end])]

    def raw_sizes(self, at: Ints) -> Ints:
        """How many bytes the lines at these positions have."""
        return self._offsets[at + 1] - self._offsets[at]

    def id_at(self, at: int) -> str:
        """The id of the passage at a position, without reading the passage."""
        return f"{int(self.ids[at, 0]):016x}{int(self.ids[at, 1]):016x}"

    def position(self, id_: str) -> int | None:
        """The position of the passage of that id; None where there is none."""
        try:
            first, second = int(id_[:16], 16), int(id_[16:], 16)
        except ValueError:
            return None
        at = int(np.searchsorted(self._keys, np.uint64(first)))
        while at < len(self) and int(self._keys[at]) == first:
            if int(self.ids[self._order[at], 1]) == second:
                return int(self._order[at])
            at += 1
        return None

    @cached_property
    def stamp(self) -> str:
        """Names the set of these passages."""
        return stamp_of(np.asarray(self.ids))


class Arranged(Sequence[Passage]):
    """What a library shall hold, in order: passages that stand in it already, which are not read, and new ones.

    Args:
        old: the passages that stand; None: there are none.
        rows: what comes at each place: a position in `old`, or -1 - a position in `made`.
        made: the new passages.
    """

    def __init__(self, old: Passages | None, rows: Ints, made: Sequence[Passage]) -> None:
        self.old = old
        self.rows = rows
        self.made = made
        self.is_old = rows >= 0

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> Arranged:
        """Passages that are at hand, all of them new."""
        return cls(None, -1 - np.arange(len(passages)), passages)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Passage: ...
    @overload
    def __getitem__(self, at: slice) -> list[Passage]: ...
    def __getitem__(self, at: int | slice) -> Passage | list[Passage]:
        if isinstance(at, slice):
            return [self[position] for position in range(*at.indices(len(self)))]
        row = int(self.rows[at])
        if row < 0:
            return self.made[-1 - row]
        assert self.old is not None
        return self.old[row]

    def id_at(self, at: int) -> str:
        """The id of the passage at a place, without reading the passage."""
        row = int(self.rows[at])
        return self.made[-1 - row].id if row < 0 or self.old is None else self.old.id_at(row)

    @cached_property
    def ids(self) -> NDArray[np.uint64]:
        """The ids as `ids_as_numbers` gives them."""
        ids = np.zeros((len(self), 2), np.uint64)
        if self.old is not None:
            ids[self.is_old] = self.old.ids[self.rows[self.is_old]]
        new = ids_as_numbers([passage.id for passage in self.made])
        ids[~self.is_old] = new[-1 - self.rows[~self.is_old]]
        return ids

    @cached_property
    def stamp(self) -> str:
        """Names the set of these passages."""
        return stamp_of(self.ids)

    @cached_property
    def groups(self) -> Groups:
        """Kind, source and work of every passage; names that no passage has any more are left out."""
        new = groups_of(self.made)
        codes = np.zeros((len(COLUMNS), len(self)), np.int32)
        names: dict[str, tuple[str, ...]] = {}
        for row, column in enumerate(COLUMNS):
            old_names = self.old.groups.names[column] if self.old is not None else ()
            every = [*old_names, *new.names[column]]
            if self.old is not None:
                codes[row, self.is_old] = self.old.groups.codes[row, self.rows[self.is_old]]
            codes[row, ~self.is_old] = new.codes[row, -1 - self.rows[~self.is_old]] + len(old_names)
            known: dict[str, int] = {}
            lookup = np.zeros(len(every), np.int32)
            for code in np.unique(codes[row]):
                lookup[code] = known.setdefault(every[code], len(known))
            codes[row] = lookup[codes[row]]
            names[column] = tuple(known)
        return Groups(names, codes)

    def write(self, folder: Path) -> None:
        """Write the lines and their tables into `folder`; lines that stand already are copied as they are."""
        sizes = np.zeros(len(self), np.int64)
        if self.old is not None:
            sizes[self.is_old] = self.old.raw_sizes(self.rows[self.is_old])
        breaks = np.flatnonzero((np.diff(self.rows) != 1) | ~self.is_old[1:]) + 1
        runs = np.split(np.arange(len(self)), breaks) if len(breaks) < len(self) - 1 else np.arange(len(self))[:, None]
        with (folder / ROWS).open("wb") as stream:
            for run in runs:
                if not len(run):
                    continue
                row = int(self.rows[run[0]])
                if row < 0 or self.old is None:
                    passage = self.made[-1 - row]
                    sizes[run[0]] = stream.write((json.dumps(vars(passage), ensure_ascii=False) + "\n").encode())
                else:
                    stream.write(self.old.raw(row, row + len(run)))
        order = np.argsort(self.ids[:, 0], kind="stable").astype(np.int32)
        tables = {
            "offsets": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            "ids": self.ids,
            "keys": self.ids[order, 0],
            "order": order,
            "groups": self.groups.codes,
        }
        for name, table in tables.items():
            np.save(folder / f"{name}.npy", table)
        (folder / "groups.json").write_text(json.dumps(self.groups.names, ensure_ascii=False), encoding="utf-8")
