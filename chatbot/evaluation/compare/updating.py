"""The figures of the update experiment (`bakerstreet update`), each with the modes that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatbot.evaluation.compare.entrants import FACTS, mode_of
from chatbot.evaluation.compare.figures import NEW, Better, Figure, Unit
from chatbot.evaluation.update import Cost, Update

MB = 1024 * 1024


def update_figures(update: Update | None, modes: Sequence[str]) -> list[Figure]:
    """A mode that searches learns by a text that is added, one with nothing but a voice by training it.

    Args:
        update: the result; None: the experiment was not made.
        modes: who takes part. One that has neither a library nor a voice cannot learn, and has no figures.
    """
    if update is None:
        return []
    return [one for mode in modes for one in _of_mode(update, mode) if one.values]


def _of_mode(update: Update, mode: str) -> Iterator[Figure]:
    parts = mode_of(mode)
    if mode == FACTS or (parts.knowledge is None and not parts.voice):
        return
    way = "text" if parts.knowledge else "voice"
    note = "a text added to the library" if way == "text" else "trained into a copy of the voice"
    before, after = (_right(update, condition, mode, "new") for condition in ("before", way))
    if not after:
        return
    yield Figure("update", NEW, mode, after, note=note)
    yield Figure("update", f"{NEW}, before", mode, before, better="")
    yield Figure("update", f"{NEW}, in a taught wording", mode, _right(update, way, mode, "taught"))
    was, now = (_right(update, condition, mode, "old") for condition in ("before", way))
    lost = {question: now[question] - right for question, right in was.items() if question in now}
    yield Figure("update", "old questions right, gained or lost", mode, lost, "points")
    cost: Cost = update.text if way == "text" else update.voice
    costs: tuple[tuple[str, float | None, Unit, Better], ...] = (
        ("seconds until it can be asked", cost.seconds + cost.ready_seconds, "s", "less"),
        ("added to the disk", (cost.bytes + cost.converted_bytes) / MB, "MB", "less"),
        ("energy", cost.joules, "J", "less"),
    )
    for name, value, unit, better in costs:
        if value is not None:
            yield Figure("update", name, mode, {"": value}, unit, better)


def _right(update: Update, condition: str, mode: str, asked: str) -> dict[str, float]:
    return {
        reply.question: float(reply.right)
        for reply in update.replies
        if (reply.condition, reply.mode, reply.asked) == (condition, mode, asked)
    }
