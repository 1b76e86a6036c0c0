"""From a plan to the chain that runs it: a LangChain sequence from an inquiry to an inquiry."""

from __future__ import annotations

from langchain_core.runnables import Runnable, RunnableSequence

from chatbot.errors import PlanError
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules import MODULES, Module, Tools
from chatbot.library.search.modules.parts import Parts
from chatbot.library.search.modules.routing import Again
from chatbot.library.search.plans import PARTS, Plan, Use


def modules_of(uses: tuple[Use, ...], tools: Tools) -> list[Module]:
    """The modules of a plan, ready to run."""
    chain: list[Module] = []
    searching: list[Module] = []
    for number, part in enumerate(uses):
        if part.module == PARTS:
            behind = uses[number + 1 :]
            last = behind[-1:] if behind and MODULES[behind[-1].module].for_all_parts else ()
            each = behind[: len(behind) - len(last)]
            return [*chain, Parts(tools, modules_of(each, tools)), *modules_of(last, tools)]
        settings = dict(part.settings)
        if MODULES[part.module] is Again:
            module: Module = Again(tools, searching, **settings)  # type: ignore[arg-type]
        else:
            module = MODULES[part.module](tools, **settings)
        if not module.rewrites:
            searching.append(module)
        chain.append(module)
    return chain


def compose(plan: Plan, tools: Tools) -> Runnable[Inquiry, Inquiry]:
    """A plan as a LangChain sequence; each of its parts can be taken out and used alone.

    Raises:
        PlanError: no module is left in it.
    """
    chain = modules_of(plan.uses, tools)
    if not chain:
        raise PlanError(f"The plan '{plan.name}' has no modules: put 'dense' or 'bm25' among them.")
    return chain[0] if len(chain) == 1 else RunnableSequence(*chain)
