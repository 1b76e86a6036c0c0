"""The systems that are compared: every plan of a library, and each of them with one module left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from chatbot.errors import MessageError
from chatbot.library.search import Found, Library, Plan

History = Sequence[tuple[str, str]]  # (question, reply), the oldest first
T = TypeVar("T")


@dataclass(frozen=True)
class System:
    """One way to search: a plan over a library.

    Attributes:
        label: its name in tables, where that is not the plan's.
    """

    library: Library
    plan: Plan
    label: str = ""

    @property
    def name(self) -> str:
        """The plan's name, and which module was left out."""
        return self.label or self.plan.name

    def search(self, question: str, history: History, pieces: int) -> Found:
        """The evidence for a question: at most `pieces`, the best first; fewer pieces are the first of more."""
        return self.library.search(question, self.plan, history=history, pieces=pieces)

    def without(self, module: str) -> System:
        """This system without one of its modules.

        Raises:
            MessageError: it has no such module, or nothing would be left that finds passages.
        """
        modules = self._removable()
        if module not in modules:
            raise MessageError(f"The system '{self.name}' has no module '{module}'. It has: {', '.join(modules)}.")
        return replace(self, plan=self.plan.without(module), label=f"{self.name} without {module}")

    def ablations(self) -> list[System]:
        """This system without each of its modules in turn; the last module that finds passages stays."""
        return [self.without(module) for module in self._removable()]

    def _removable(self) -> list[str]:
        finders = self.plan.finders
        return [name for name in self.plan.modules if len(finders) > 1 or name not in finders]


def all_systems(library: Library) -> dict[str, System]:
    """Every plan of a library as a system, by its name, the simplest first; the persona's own plans among them."""
    return {name: System(library, plan) for name, plan in library.plans.items()}


def choose_systems(systems: Mapping[str, T], names: Sequence[str]) -> list[T]:
    """The systems called `names`, in that order; all of them where none is named.

    Raises:
        MessageError: there is no such system; the message names those there are.
    """
    wanted = dict.fromkeys(name.strip() for name in names if name.strip())
    for name in wanted:
        if name not in systems:
            raise MessageError(f"There is no system '{name}'. There are: {', '.join(systems)}.")
    return [systems[name] for name in wanted] or list(systems.values())
