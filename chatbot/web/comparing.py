"""One question in several modes, side by side, as values without Gradio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chatbot.web.desk import Progress, Writing
from chatbot.web.judged import Judged

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Side:
    """One mode's reply.

    Attributes:
        mode: its name.
        progress: how far it is.
        judged: what the judges say of it; None before.
        against: the mode whose evidence it was held against, where it has none of its own; empty otherwise.
    """

    mode: str
    progress: Progress = field(default_factory=Progress)
    judged: Judged | None = None
    against: str = ""

    @property
    def whole(self) -> bool:
        """Whether the reply was written to its end, so that it can be chosen."""
        return self.progress.ended and self.progress.trace is not None


@dataclass(frozen=True)
class Comparison:
    """What a tab compares.

    Attributes:
        persona: the id of who answers; empty before the first question.
        question: what was asked.
        blind: whether the modes are hidden until a reply is chosen.
        sides: the replies, in the order in which they are shown.
        chosen: the index of the best; None: none is chosen yet.
        busy: whether replies are being written or judged.
        notice: what was done, or why not.
    """

    persona: str = ""
    question: str = ""
    blind: bool = False
    sides: tuple[Side, ...] = ()
    chosen: int | None = None
    busy: bool = False
    notice: str = ""

    @property
    def hidden(self) -> bool:
        """Whether the modes must not be seen yet: as long as a reply can still be chosen."""
        return self.blind and self.chosen is None and (self.busy or self.open)

    @property
    def open(self) -> bool:
        """Whether a reply can be chosen: two or more are whole, and none is chosen yet."""
        return not self.busy and self.chosen is None and sum(side.whole for side in self.sides) > 1

    def name(self, index: int) -> str:
        """What a side is called: its mode or, where that is hidden, a letter."""
        return f"Answer {LETTERS[index % len(LETTERS)]}" if self.hidden else self.sides[index].mode

    def best(self, index: int) -> list[str]:
        """The modes that gave the reply at `index`: more than one where they said the same, word for word."""
        said = self.sides[index].progress.reply
        return [side.mode for side in self.sides if side.whole and side.progress.reply == said]


class Table:
    """Where one browser tab compares: events of it run at once, and each changes what stands there."""

    def __init__(self) -> None:
        self.shown = Comparison()
        self.writings: Sequence[Writing] = ()  # the replies that are being written
        self.asking = threading.Lock()  # held while a question is answered
        self._lock = threading.RLock()

    def __deepcopy__(self, memo: dict[int, object]) -> Table:
        """A table of its own for every tab: Gradio copies what a state begins with."""
        return Table()

    def change(self, changed: Callable[[Comparison], Comparison]) -> Comparison:
        """Change what stands there, and return it."""
        with self._lock:
            self.shown = changed(self.shown)
            return self.shown

    def stop(self) -> None:
        """Stop the replies that are being written."""
        for writing in self.writings:
            writing.stop()

    def say(self, notice: str) -> Comparison:
        """The same with another notice."""
        return self.change(lambda shown: replace(shown, notice=notice))
