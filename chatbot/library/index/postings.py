"""The posting lists of BM25 on disk: for every term the passages it stands in, and how often.

    vocabulary.json  the number of every term
    starts.npy       where each term's list begins, and where the last one ends (int64, terms + 1)
    positions.npy    the passages, list after list (int32), and counts.npy, how often the term stands in each (uint8)
    lengths.npy      the number of terms in each passage (int32)

Counts are kept and not finished scores: what is added then changes no list but its own terms', and passages that stay
need not be read again. Lists are written a block at a time, so that a million passages need little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.language import ENGLISH, Language, meaning_words

BLOCK = 20_000  # passages whose terms are counted at once
COPIED = 4_000_000  # postings that are copied at once

Ints = NDArray[np.integer[Any]]


def terms(text: str, language: Language = ENGLISH) -> list[str]:
    """The stems of the words that carry meaning, in order, repeated as they are."""
    return [language.stem(word) for word in meaning_words(text, language)]


@dataclass(frozen=True)
class Postings:
    """Posting lists, memory-mapped where they were read from disk.

    Attributes:
        vocabulary: the number of every term; one that no passage holds any more may still have one.
        starts: where each term's list begins and the last ends, shape (terms + 1,).
        positions: the passages, shape (postings,).
        counts: how often the term stands there, 1 to 255, shape (postings,).
        lengths: terms in each passage, shape (passages,).
    """

    vocabulary: dict[str, int]
    starts: Ints
    positions: Ints
    counts: Ints
    lengths: Ints

    @classmethod
    def read(cls, folder: Path) -> Postings:
        """What `write` wrote.

        Raises:
            OSError, ValueError: the files are missing or damaged.
        """
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("positions", "counts")}
        return cls(
            vocabulary=json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")),
            starts=np.load(folder / "starts.npy"),
            lengths=np.load(folder / "lengths.npy"),
            **arrays,
        )

    @staticmethod
    def are_in(folder: Path) -> bool:
        """Whether `folder` holds posting lists (libraries of the first version hold finished scores instead)."""
        return (folder / "starts.npy").is_file()


@dataclass(frozen=True)
class _Block:
    """Some postings, sorted by term."""

    terms: Ints
    positions: Ints
    counts: Ints


def write(
    folder: Path,
    number: int,
    texts: Iterable[tuple[int, str]],
    old: Postings | None,
    moved: Ints | None,
    language: Language = ENGLISH,
) -> None:
    """Write the posting lists of a library.

    Args:
        folder: where to.
        number: how many passages there are in all.
        texts: position and text of those that have to be read.
        old: the lists of the library as it was; None: there was none.
        moved: for every passage of the old library its new position, or -1 where it goes, shape (old passages,).
        language: of the texts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = dict(old.vocabulary) if old is not None else {}
    lengths = np.zeros(number, np.int32)
    if old is not None and moved is not None:
        lengths[moved[moved >= 0]] = old.lengths[moved >= 0]
    blocks = list(_counted(texts, vocabulary, lengths, language))

    def every() -> Iterator[_Block]:
        if old is not None and moved is not None:
            yield from _copied(old, moved)
        yield from blocks

    sizes = np.zeros(len(vocabulary), np.int64)
    for block in every():
        sizes += np.bincount(block.terms, minlength=len(vocabulary))
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    total = int(starts[-1])
    positions = np.lib.format.open_memmap(folder / "positions.npy", "w+", np.int32, (total,))
    counts = np.lib.format.open_memmap(folder / "counts.npy", "w+", np.uint8, (total,))
    free = starts[:-1].copy()  # the next free place in each list
    for block in every():
        first = np.flatnonzero(np.diff(block.terms, prepend=-1))
        found, size = block.terms[first], np.diff(first, append=len(block.terms))
        places = np.repeat(free[found] - first, size) + np.arange(len(block.terms))
        positions[places] = block.positions
        counts[places] = block.counts
        free[found] += size
    positions.flush()
    counts.flush()
    np.save(folder / "starts.npy", starts)
    np.save(folder / "lengths.npy", lengths)
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")


def _counted(
    texts: Iterable[tuple[int, str]], vocabulary: dict[str, int], lengths: Ints, language: Language
) -> Iterator[_Block]:
    """The postings of new passages; `vocabulary` and `lengths` are filled in as they are read."""
    held: list[int] = []
    at: list[int] = []
    for position, text in texts:
        numbers = [vocabulary.setdefault(term, len(vocabulary)) for term in terms(text, language)]
        lengths[position] = len(numbers)
        held += numbers
        at.append(position)
        if len(at) >= BLOCK:
            yield _block(held, at, lengths)
            held, at = [], []
    if at:
        yield _block(held, at, lengths)


def _block(numbers: Sequence[int], at: Sequence[int], lengths: Ints) -> _Block:
    where = np.asarray(at, np.int64)
    within = np.repeat(np.arange(len(where)), lengths[where])
    pairs, counts = np.unique(np.asarray(numbers, np.int64) * len(where) + within, return_counts=True)
    return _Block(
        (pairs // len(where)).astype(np.int32),
        where[pairs % len(where)].astype(np.int32),
        np.minimum(counts, 255).astype(np.uint8),
    )


def _copied(old: Postings, moved: Ints) -> Iterator[_Block]:
    """The postings of the passages that stay, at their new positions."""
    for start in range(0, len(old.positions), COPIED):
        end = min(start + COPIED, len(old.positions))
        positions = moved[old.positions[start:end]]
        stays = positions >= 0
        edges = np.clip(old.starts, start, end).astype(np.int64)
        lists = edges[1:] - edges[:-1]  # how much of each list lies within
        numbers = np.repeat(np.arange(len(lists), dtype=np.int32), lists)
        yield _Block(numbers[stays], positions[stays], np.asarray(old.counts[start:end])[stays])
