"""Plans: how a search is made, as data: modules with their settings, in order; some modules run steps of their own.

    naive      dense top-k, whole passages
    rag        advanced: the question made to stand alone, dense and BM25 fused, windows, a cross-encoder where there is
               one, near-duplicates out, the sentences around the windows in; no language model
    ...        see `PLANS`

A persona file may define plans of its own under `plans:`, and a call may name modules one by one:

    plans:
      short: [bm25, focus: {words: 40}]
      twice: [decompose: [dense, bm25, fuse, focus, iterative-retrieval: {coverage: 0.5, steps: [bm25, fuse, focus]}]]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any

from chatbot.errors import PlanError
from chatbot.library.search.modules import (
    MODULES,
    Bm25Search,
    Compress,
    CrossEncode,
    Decompose,
    DenseSearch,
    FilterThenRerank,
    Focus,
    FollowUp,
    Fuse,
    Hyde,
    IterativeRetrieval,
    MaximalMarginalRelevance,
    Module,
    MultiQuery,
    NamePersona,
    Nested,
    Perplexity,
    ProbableQuestions,
    Read,
    Reorder,
    Router,
    SentenceWindow,
)

Setting = int | float | str | bool
Steps = tuple[Module, ...]
_STEPS = "steps"


@dataclass(frozen=True)
class Plan:
    """How one search is made.

    Attributes:
        name: shown in traces and tables.
        steps: its modules, in order.
        pieces: the most pieces of evidence.
    """

    name: str
    steps: Steps
    pieces: int = 4

    @property
    def modules(self) -> list[str]:
        """The names of all its modules, those within others too, in order, each once."""
        return list(dict.fromkeys(module.name for module in _flat(self.steps)))

    @property
    def finders(self) -> list[str]:
        """The names of those that find passages."""
        return [name for name in self.modules if MODULES[name].finds]

    def without(self, name: str) -> Plan:
        """The same plan with a module taken out wherever it stands.

        Raises:
            PlanError: nothing would be left that finds passages.
        """
        return _checked(replace(self, steps=_without(self.steps, name)))

    def until_vectors(self) -> Plan:
        """The same plan for a library whose passages have no vectors yet: where only vectors are searched, it searches
        by words as well.
        """
        return replace(self, steps=_with_stand_ins(self.steps))


def _flat(steps: Steps) -> Iterator[Module]:
    """Modules, each before the steps within it."""
    for module in steps:
        yield module
        if isinstance(module, Nested):
            yield from _flat(module.steps)


def _without(steps: Steps, name: str) -> Steps:
    left: list[Module] = []
    for module in steps:
        if isinstance(module, Nested):
            inner = _without(module.steps, name)
            if module.name != name:
                left += [replace(module, steps=inner)] * bool(inner)
            elif module.unwraps:
                left += inner
        elif module.name != name:
            left.append(module)
    return tuple(left)


def _with_stand_ins(steps: Steps) -> Steps:
    names = {module.name for module in steps}
    done: list[Module] = []
    for module in steps:
        done.append(replace(module, steps=_with_stand_ins(module.steps)) if isinstance(module, Nested) else module)
        if module.stand_in and module.stand_in not in names:
            done.append(MODULES[module.stand_in]())
    return tuple(done)


def _checked(plan: Plan) -> Plan:
    if not plan.finders:
        raise PlanError(f"The plan '{plan.name}' finds nothing: put {_finders()} among its modules.")
    return plan


def _finders() -> str:
    return " or ".join(f"'{name}'" for name, module in MODULES.items() if module.finds)


# ---------------------------------------------------------------------- from names


def plan_of(name: str, steps: Sequence[str | Mapping[str, Any]], pieces: int = 4) -> Plan:
    """A plan from names, as a persona file and the command line have them.

    Args:
        name: of the plan.
        steps: each the name of a module, or a mapping of one name to what it is given: a mapping of settings, or a
            list of the steps that it runs; to give both, name the list `steps` among the settings.
        pieces: the most pieces of evidence.

    Raises:
        PlanError: a module or a setting does not exist; nothing in the plan finds passages.
    """
    return _checked(Plan(name, _steps_of(name, steps), pieces))


def _steps_of(plan: str, steps: Sequence[Any]) -> Steps:
    return tuple(_module_of(plan, step) for step in steps)


def _module_of(plan: str, step: Any) -> Module:
    if isinstance(step, str):
        step = {step: None}
    given = next(iter(step.values())) if isinstance(step, Mapping) and len(step) == 1 else step
    if given is step or not isinstance(given, (Mapping, list, tuple, type(None))):
        raise PlanError(
            f"In the plan '{plan}', {step!r} is neither a module with its settings, like focus: {{words: 90}}, nor one "
            "with its steps, like decompose: [dense, bm25, fuse]."
        )
    (name,) = (str(key).strip() for key in step)
    kind = _kind(name)
    settings = dict(given) if isinstance(given, Mapping) else {_STEPS: given} if given is not None else {}
    inner = settings.pop(_STEPS, None)
    if inner is not None and not issubclass(kind, Nested):
        raise PlanError(f"The module '{name}' runs no steps of its own: put them after it in the plan.")
    _check_settings(name, settings)
    if not issubclass(kind, Nested):
        return kind(**settings)
    nested = _steps_of(plan, inner) if isinstance(inner, (list, tuple)) else ()
    if not any(module.finds for module in _flat(nested)):
        raise PlanError(
            f"The steps of the module '{name}' find nothing: put {_finders()} among them, like {name}: [dense, fuse]."
        )
    return kind(steps=nested, **settings)


def _kind(module: str) -> type[Module]:
    if module not in MODULES:
        near = get_close_matches(module, MODULES, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise PlanError(f"There is no module '{module}'.{hint} There are: {', '.join(MODULES)}.")
    return MODULES[module]


def settings_of(module: str) -> dict[str, Setting]:
    """The settings of a module with their defaults.

    Raises:
        PlanError: there is no such module.
    """
    kind = _kind(module)
    return {field.name: getattr(kind, field.name) for field in fields(kind) if field.name != _STEPS}


def _check_settings(module: str, settings: Mapping[str, Any]) -> None:
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


# ---------------------------------------------------------------------- the built-in ones


def _rag(name: str, *, rewriting: Steps = (), search: Steps = (), reranking: Steps = ()) -> Plan:
    """The steps of `rag`, for each sub-question, with others among them."""
    found = search or (*_SEARCH, ProbableQuestions(), CrossEncode(), Read())
    finish = (MaximalMarginalRelevance(), SentenceWindow(), Compress())
    return Plan(name, (Decompose((FollowUp(), NamePersona(), *rewriting, *found, *reranking, *finish)),))


_SEARCH: Steps = (DenseSearch(), Bm25Search(), Fuse(), Focus())
# What the reader is trained on: all that there is to choose from.
CANDIDATES = Plan("candidates", (FollowUp(), NamePersona(), *_SEARCH, ProbableQuestions(number=16)))
_TWICE = (IterativeRetrieval((*_SEARCH, CrossEncode(), Read())), FilterThenRerank())

NAIVE = Plan("naive", (DenseSearch(number=10, embedder="plain"),))
FUSED = Plan("fused", (*_SEARCH, MaximalMarginalRelevance()))
UNTUNED = _rag("rag untuned", search=(DenseSearch(embedder="plain"), Bm25Search(), Fuse(), Focus(embedder="plain")))
ADVANCED = _rag("rag")
MODULAR = Plan("modular-rag", (Router(), *_rag("", reranking=_TWICE).steps, Reorder()))
ALL = replace(MODULAR, name="all")  # the same search, for the tuned voice

PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        NAIVE,
        FUSED,
        UNTUNED,
        ADVANCED,
        _rag("rag + multi-query", rewriting=(MultiQuery(),)),
        _rag("rag + hyde", rewriting=(Hyde(),)),
        _rag("rag + perplexity", reranking=(Perplexity(),)),
        _rag("rag + filter-then-rerank", reranking=(FilterThenRerank(),)),
        MODULAR,
        ALL,
    )
}
