"""Plans: how a search is made, as data: the names of modules with their settings, in order.

    naive      dense top-k, whole passages
    rag        advanced: the question made to stand alone, dense and BM25 fused, windows, a cross-encoder where there is
               one, near-duplicates out, surroundings in; no language model
    ...        see `PLANS`

A persona file may define plans of its own under `plans:`, and a call may name modules one by one.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from chatbot.errors import PlanError

Setting = int | float | str | bool
PARTS = "parts"  # no module of its own: the rest of the plan is run for each part of a question


@dataclass(frozen=True)
class Use:
    """A module in a plan, with the settings that differ from its own."""

    module: str
    settings: tuple[tuple[str, Setting], ...] = ()

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.settings)
        return f"{self.module}({given})" if given else self.module


def use(module: str, **settings: Setting) -> Use:
    """A module with settings.

    Raises:
        PlanError: there is no such module, or it has no such setting.
    """
    known = settings_of(module)
    for name, value in settings.items():
        if name not in known:
            there = ", ".join(known) or "none"
            raise PlanError(f"The module '{module}' has no setting '{name}'. It has: {there}.")
        default = known[name]
        fits = isinstance(value, type(default)) or (isinstance(default, float) and isinstance(value, int))
        if not fits or (isinstance(value, bool) and not isinstance(default, bool)):
            raise PlanError(
                f"The setting '{name}' of the module '{module}' must be like {default!r}, and is {value!r}."
            )
    return Use(module, tuple(settings.items()))


def settings_of(module: str) -> dict[str, Setting]:
    """The settings of a module with their defaults.

    Raises:
        PlanError: there is no such module.
    """
    from chatbot.library.search.modules import MODULES  # LangChain takes a moment, and `--help` should not wait for it

    if module == PARTS:
        return {}
    if module not in MODULES:
        near = get_close_matches(module, [*MODULES, PARTS], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise PlanError(f"There is no module '{module}'.{hint} There are: {', '.join([*MODULES, PARTS])}.")
    parameters = inspect.signature(MODULES[module].__init__).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


@dataclass(frozen=True)
class Plan:
    """How one search is made.

    Attributes:
        name: shown in traces and tables.
        uses: its modules, in order.
        pieces: the most pieces of evidence.
    """

    name: str
    uses: tuple[Use, ...]
    pieces: int = 4

    @property
    def recalls(self) -> bool:
        """Whether questions of visitors about themselves are looked up in what they said."""
        return any(part.module == "router" for part in self.uses)

    def without(self, module: str) -> Plan:
        """The same plan with a module taken out."""
        return replace(self, uses=tuple(part for part in self.uses if part.module != module))

    def with_words(self) -> Plan:
        """The same plan with a search by words behind the one by sense, where it has none: until there are vectors."""
        if any(part.module == "bm25" for part in self.uses):
            return self
        by_words = (Use("bm25"),)
        return replace(
            self, uses=tuple(each for part in self.uses for each in (part, *by_words * (part.module == "dense")))
        )


def plan_of(name: str, modules: Sequence[str | Mapping[str, Any]], pieces: int = 4) -> Plan:
    """A plan from names, or from names with settings, as a persona file and the command line have them.

    Args:
        name: of the plan.
        modules: each a name, or a mapping of one name to its settings.
        pieces: the most pieces of evidence.

    Raises:
        PlanError: a module or a setting does not exist; nothing in the plan finds passages.
    """
    uses = []
    for item in modules:
        if isinstance(item, str):
            uses.append(use(item.strip()))
            continue
        if len(item) != 1 or not isinstance(next(iter(item.values())), (Mapping, type(None))):
            raise PlanError(
                f"In the plan '{name}', {dict(item)!r} is not a module with its settings, like focus: {{words: 90}}."
            )
        ((module, settings),) = item.items()
        uses.append(use(str(module), **dict(settings or {})))
    if not {"dense", "bm25"} & {part.module for part in uses}:
        raise PlanError(f"The plan '{name}' finds nothing: put 'dense' or 'bm25' among its modules.")
    return Plan(name, tuple(uses), pieces)


def _use(module: str, **settings: Setting) -> Use:
    """A module of a built-in plan; that each fits its module is tested."""
    return Use(module, tuple(settings.items()))


NAIVE = Plan("naive", (_use("dense", number=10, embedder="plain"),))
FUSED = Plan("fused", (_use("dense"), _use("bm25"), _use("fuse"), _use("focus"), _use("diversify")))
_BEFORE = (_use(PARTS), _use("follow-up"), _use("persona"))
_SEARCH = (_use("dense"), _use("bm25"), _use("fuse"), _use("focus"))
_AFTER = (_use("diversify"), _use("surroundings"), _use("compress"))
UNTUNED = Plan(
    "rag untuned",
    (
        *_BEFORE,
        _use("dense", embedder="plain"),
        _use("bm25"),
        _use("fuse"),
        _use("focus", embedder="plain"),
        *_AFTER,
    ),
)


def _advanced(name: str, rewriting: Sequence[Use] = (), reranking: Sequence[Use] = ()) -> Plan:
    return Plan(name, (*_BEFORE, *rewriting, *_SEARCH, _use("cross-encoder"), *reranking, *_AFTER))


ADVANCED = _advanced("rag")
PHRASED = _advanced("rag + phrasings", rewriting=[_use("phrasings")])
HYPOTHETICAL = _advanced("rag + hypothetical", rewriting=[_use("hypothetical")])
PERPLEXITY = _advanced("rag + perplexity", reranking=[_use("perplexity")])
SETTLED = _advanced("rag + settle", reranking=[_use("settle")])
MODULAR = Plan(
    "modular-rag",
    (_use("router"), *_BEFORE, *_SEARCH, _use("cross-encoder"), _use("again"), _use("settle"), *_AFTER, _use("ends")),
)
ALL = replace(MODULAR, name="all")  # the same search, for the tuned voice

PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (NAIVE, FUSED, UNTUNED, ADVANCED, PHRASED, HYPOTHETICAL, PERPLEXITY, SETTLED, MODULAR, ALL)
}
