"""In which order a library holds its passages, and what it says of them, without reading those that stand already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.library.index.manifest import SourceEntry
from chatbot.library.index.passage_file import Arranged, Groups, Passages
from chatbot.library.texts import CASEBOOK, Passage
from personas import LoadedPersona

Ints = NDArray[np.integer[Any]]


def arrange(loaded: LoadedPersona, old: Passages | None, kept: Ints, made: Sequence[Passage]) -> Arranged:
    """What a library shall hold, in order: the casebook, the persona's sources, other texts.

    Args:
        loaded: whose it is; its sources come in their order.
        old: the passages that stand.
        kept: the positions of those that stay.
        made: those that come; one that stands already is not new.
    """
    order = {source.file: number for number, source in enumerate(loaded.persona.sources)}

    def rank(kind: str, source: str) -> int:
        return -1 if kind == CASEBOOK else order.get(source, len(order))

    rows: dict[int, int] = {}  # row -> rank
    if old is not None:
        rows = dict(zip(kept.tolist(), _by_source(old.groups, rank)[kept].tolist(), strict=True))
    new = list({passage.id: passage for passage in made}.values())
    for number, passage in enumerate(new):
        at = old.position(passage.id) if old is not None else None
        rows[-1 - number if at is None else at] = rank(passage.kind, passage.source)
    every = np.fromiter(rows, np.int64, len(rows))
    places = np.fromiter(rows.values(), np.int64, len(rows))
    return Arranged(old, every[np.argsort(places, kind="stable")], new)


def kept_positions(old: Passages | None, keeps: Callable[[str, str], bool]) -> Ints:
    """The positions of the passages for whose kind and source `keeps` is true."""
    if old is None:
        return np.empty(0, np.int64)
    return np.flatnonzero(_by_source(old.groups, lambda kind, source: int(keeps(kind, source))))


def _by_source(groups: Groups, value: Callable[[str, str], int]) -> Ints:
    """A value of every passage that hangs on its kind and source alone."""
    sources = groups.names["source"]
    pairs = groups.column("kind").astype(np.int64) * len(sources) + groups.column("source")
    found, inverse = np.unique(pairs, return_inverse=True)
    kinds = groups.names["kind"]
    values = [value(kinds[pair // len(sources)], sources[pair % len(sources)]) for pair in found.tolist()]
    return np.asarray(values, np.int64)[inverse]


def entries_of(loaded: LoadedPersona, groups: Groups, known: Mapping[str, SourceEntry]) -> dict[str, SourceEntry]:
    """What a library holds, source by source; the files of the casebook are one.

    Args:
        loaded: the persona, for the titles of its own sources.
        groups: of all passages.
        known: what is known of the texts that are not its own.
    """
    titles = {source.file: source.title for source in loaded.persona.sources}
    kinds, sources = groups.names["kind"], groups.names["source"]
    casebook = kinds.index(CASEBOOK) if CASEBOOK in kinds else -1
    owner = np.where(groups.column("kind") == casebook, len(sources), groups.column("source"))
    found, first, counts = np.unique(owner, return_index=True, return_counts=True)
    entries = {}
    for at in np.argsort(first):
        members = owner == found[at]
        kind = kinds[int(groups.column("kind")[first[at]])]
        name = CASEBOOK if int(found[at]) == len(sources) else sources[int(found[at])]
        own = known.get(name)
        entries[name] = SourceEntry(
            kind=kind,
            title=titles.get(name) or ("Casebook" if kind == CASEBOOK else own.title if own else name),
            works=len(np.unique(groups.column("work")[members])),
            passages=int(counts[at]),
            content=own.content if own else "",
        )
    return entries
