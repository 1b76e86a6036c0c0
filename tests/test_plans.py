"""Plans as data: every built-in one is valid, a wrong one is named, and one of a persona's own is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from searching import KILLED, TWO, ScriptedReader
from test_personas import ADA, folder_with

from chatbot.errors import PersonaError, PlanError
from chatbot.library.search.composition import compose
from chatbot.library.search.library import Library, Models
from chatbot.library.search.modules import MODULES
from chatbot.library.search.modules.parts import Parts
from chatbot.library.search.plans import (
    ADVANCED,
    ALL,
    FUSED,
    MODULAR,
    NAIVE,
    PARTS,
    PLANS,
    Plan,
    plan_of,
    settings_of,
    use,
)
from chatbot.search_models import plans_of
from personas import check_persona, load_persona

Opened = Callable[..., Library]


@pytest.fixture(scope="module")
def read(casebook: Opened) -> Library:
    """The casebook with a reader that likes nothing in particular."""
    reader = ScriptedReader("snake", "A snake came down the bell-rope.")
    return casebook(models=Models(reader=lambda: reader))


def written(plan: Plan) -> list[str | dict[str, Any]]:
    """A plan as a persona file has it."""
    return [{part.module: dict(part.settings)} if part.settings else part.module for part in plan.uses]


@pytest.mark.parametrize("name", list(PLANS))
def test_the_modules_and_settings_of_a_built_in_plan_are_valid(name: str) -> None:
    plan = PLANS[name]
    assert plan_of(plan.name, written(plan), plan.pieces) == plan
    assert plan.name == name


def test_every_module_is_used_by_a_built_in_plan_and_named_for_itself() -> None:
    assert {part.module for plan in PLANS.values() for part in plan.uses} == {*MODULES, PARTS}
    assert all(module.title == title for title, module in MODULES.items())


@pytest.mark.parametrize(
    ("module", "settings"),
    [("focus", {"words": 90, "of_one": 2, "windows": 12, "embedder": ""}), ("persona", {}), (PARTS, {})],
)
def test_the_settings_of_a_module_are_known_with_their_defaults(module: str, settings: dict[str, Any]) -> None:
    assert settings_of(module) == settings


def test_a_setting_of_again_may_be_given_although_it_holds_a_chain() -> None:
    assert use("again", coverage=0.5).settings == (("coverage", 0.5),)


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (["dense", "focsu"], r"no module 'focsu'\. Did you mean 'focus'\?.*There are: router.*parts"),
        (["xyzzy"], r"no module 'xyzzy'\. There are: "),
        ([{"focus": {"wrods": 9}}, "dense"], r"'focus' has no setting 'wrods'\. It has: words, of_one"),
        ([{"ends": {"size": 9}}, "dense"], r"'ends' has no setting 'size'\. It has: pieces"),
        ([{"persona": {"size": 9}}, "dense"], r"'persona' has no setting 'size'\. It has: none"),
        ([{"dense": {"number": "many"}}], r"'number' of the module 'dense' must be like 40, and is 'many'"),
        ([{"dense": {"number": 4.5}}], r"'number' of the module 'dense' must be like 40, and is 4\.5"),
        ([{"dense": {"number": True}}], r"'number' of the module 'dense' must be like 40, and is True"),
        ([{"dense": {}, "bm25": {}}], r"In the plan 'mine', .* is not a module with its settings"),
        ([{"dense": 40}], r"In the plan 'mine', .* is not a module with its settings"),
        (["fuse", "focus"], r"The plan 'mine' finds nothing: put 'dense' or 'bm25' among its modules"),
        ([], r"The plan 'mine' finds nothing"),
    ],
)
def test_a_plan_that_cannot_be_run_is_named_with_what_is_there(modules: list[Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        plan_of("mine", modules)


def test_a_whole_number_may_stand_for_a_fraction_and_settings_may_be_left_empty() -> None:
    plan = plan_of("mine", ["dense", {"fuse": {"casebook": 2}}, {"focus": None}], 7)
    assert [str(part) for part in plan.uses] == ["dense", "fuse(casebook=2)", "focus"]
    assert plan.pieces == 7


def test_taking_a_module_out_leaves_the_others_in_their_order() -> None:
    assert [part.module for part in FUSED.without("fuse").uses] == ["dense", "bm25", "focus", "diversify"]
    assert FUSED.without("router") == FUSED


def test_only_a_plan_without_words_gets_them_in_place_of_vectors() -> None:
    assert [part.module for part in NAIVE.with_words().uses] == ["dense", "bm25"]
    assert FUSED.with_words() == FUSED


def test_plans_with_a_router_recall_what_a_visitor_said() -> None:
    assert MODULAR.recalls and ALL.recalls
    assert not ADVANCED.recalls


CASES = [(plan, part) for plan in PLANS.values() for part in dict.fromkeys(use.module for use in plan.uses)]


@pytest.mark.parametrize(("plan", "module"), CASES, ids=lambda value: getattr(value, "name", value))
def test_with_any_of_its_modules_taken_out_a_plan_still_runs(read: Library, plan: Plan, module: str) -> None:
    less = plan.without(module)
    if not less.uses:
        with pytest.raises(PlanError, match="'naive' has no modules"):
            read.search(KILLED, less)
        return
    found = read.search(KILLED, less)
    assert 1 <= len(found.evidence) <= plan.pieces
    assert "The Speckled Band" in {piece.passage.work for piece in found.evidence}
    assert module not in {step.module for step in found.steps}


@pytest.mark.parametrize("question", [KILLED, TWO])
@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_the_first_pieces_are_the_same_whether_four_or_ten_are_wanted(read: Library, plan: Plan, question: str) -> None:
    four, ten = (read.search(question, plan, pieces=number).evidence for number in (4, 10))
    assert len(four) == 4 and len(ten) > 4
    assert [piece.text for piece in ten[:4]] == [piece.text for piece in four]


def test_the_parts_of_a_plan_are_composed_to_the_chain_that_it_names(read: Library) -> None:
    chain: Any = compose(FUSED, read.tools)
    assert [module.title for module in chain.steps] == [part.module for part in FUSED.uses]
    assert compose(NAIVE, read.tools).get_name() == "dense"
    whole: Any = compose(MODULAR, read.tools)
    router, parts, ends = whole.steps
    assert (router.title, ends.title) == ("router", "ends"), "the ends are ordered once, for all parts together"
    assert isinstance(parts, Parts)


def test_the_settings_of_a_plan_reach_its_modules(casebook: Opened) -> None:
    library = casebook()
    wide, narrow = (
        library.search(KILLED, plan_of("mine", ["dense", "bm25", "fuse", {"focus": {"words": words}}]))
        for words in (90, 20)
    )
    assert max(len(piece.text.split()) for piece in narrow.evidence) <= 30
    assert max(len(piece.text.split()) for piece in wide.evidence) > 40


def test_a_persona_s_own_plan_goes_before_the_built_in_one_of_its_name(casebook: Opened) -> None:
    own = plan_of("rag", ["bm25"])
    library = casebook(plans={"rag": own, "words": plan_of("words", ["bm25"])})
    assert library.plan(ADVANCED) is own
    assert library.plan(NAIVE) is NAIVE
    assert list(library.plans) == [*PLANS, "words"]
    assert {reason.module for piece in library.search(KILLED, own).evidence for reason in piece.reasons} == {"bm25"}


def test_the_plans_of_a_persona_file_are_read_with_their_settings(tmp_path: Path) -> None:
    folder_with(tmp_path, ADA + "plans:\n  short: [bm25, {focus: {words: 40}}]\n  rag: [dense]\n")
    plans = plans_of(load_persona("ada", tmp_path))
    assert plans == {"short": plan_of("short", ["bm25", {"focus": {"words": 40}}]), "rag": plan_of("rag", ["dense"])}


def test_a_plan_of_a_persona_file_that_cannot_be_run_is_named_with_file_and_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ADA + "plans:\n  good: [bm25]\n  bad: [bm25, focsu]\n")
    with pytest.raises(PersonaError, match=r"persona\.yaml: plans: There is no module 'focsu'"):
        plans_of(load_persona("ada", tmp_path))
    (mistake,) = check_persona(folder, try_plan=plan_of)
    assert (mistake.line, mistake.field) == (21, "plans.bad")
    assert "Did you mean 'focus'" in mistake.message
    assert check_persona(folder) == []
