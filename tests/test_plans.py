"""Plans as data: every built-in one is valid, a wrong one is named, and one of a persona's own is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from searching import KILLED, TWO, ScriptedLanguageModel
from test_personas import ADA, folder_with

from chatbot.errors import PersonaError, PlanError
from chatbot.library.search.library import Library
from chatbot.library.search.modules import MODULES, Decompose, DenseSearch, Focus, IterativeRetrieval, Module, Nested
from chatbot.library.search.plans import ADVANCED, FUSED, MODULAR, NAIVE, PLANS, Plan, plan_of, settings_of
from chatbot.search_models import plans_of
from personas import check_persona, load_persona

Opened = Callable[..., Library]


@pytest.fixture(scope="module")
def read(casebook: Opened) -> Library:
    """The casebook with a language model that likes nothing in particular."""
    return casebook(models={"small": ScriptedLanguageModel("snake", "A snake came down the bell-rope.")})


def written(steps: Iterable[Module]) -> list[Any]:
    """Steps as a persona file has them."""
    forms: list[Any] = []
    for step in steps:
        known = settings_of(step.name)
        settings = {name: getattr(step, name) for name in known if getattr(step, name) != known[name]}
        inner = written(step.steps) if isinstance(step, Nested) else []
        forms.append({step.name: {**settings, "steps": inner} if settings and inner else settings or inner or None})
    return forms


@pytest.mark.parametrize("name", list(PLANS))
def test_a_built_in_plan_can_be_written_as_a_persona_file_has_it(name: str) -> None:
    plan = PLANS[name]
    assert plan_of(plan.name, yaml.safe_load(yaml.safe_dump(written(plan.steps))), plan.pieces) == plan
    assert plan.name == name


def test_every_module_is_used_by_a_built_in_plan_and_named_for_itself() -> None:
    assert {name for plan in PLANS.values() for name in plan.modules} == set(MODULES)
    assert all(module.name == name for name, module in MODULES.items())


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        ("focus", {"words": 90, "of_one": 2, "windows": 12, "embedder": ""}),
        ("persona", {}),
        ("decompose", {}),
        ("iterative-retrieval", {"coverage": 0.75, "works": 2}),
    ],
)
def test_the_settings_of_a_module_are_known_with_their_defaults(module: str, settings: dict[str, Any]) -> None:
    assert settings_of(module) == settings


def test_steps_are_written_as_a_list_or_beside_settings() -> None:
    plan = plan_of("mine", [{"decompose": ["dense", {"iterative-retrieval": {"works": 1, "steps": ["bm25", "fuse"]}}]}])
    (decompose,) = plan.steps
    assert isinstance(decompose, Decompose) and isinstance(decompose.steps[1], IterativeRetrieval)
    assert decompose.steps[1].works == 1
    assert plan.modules == ["decompose", "dense", "iterative-retrieval", "bm25", "fuse"]
    assert plan.finders == ["dense", "bm25"]


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (["dense", "focsu"], r"no module 'focsu'\. Did you mean 'focus'\?.*There are: router, decompose"),
        (["xyzzy"], r"no module 'xyzzy'\. There are: "),
        ([{"focus": {"wrods": 9}}, "dense"], r"'focus' has no setting 'wrods'\. It has: words, of_one"),
        ([{"reorder": {"size": 9}}, "dense"], r"'reorder' has no setting 'size'\. It has: pieces"),
        ([{"persona": {"size": 9}}, "dense"], r"'persona' has no setting 'size'\. It has: none"),
        ([{"dense": {"number": "many"}}], r"'number' of the module 'dense' must be like 40, and is 'many'"),
        ([{"dense": {"number": 4.5}}], r"'number' of the module 'dense' must be like 40, and is 4\.5"),
        ([{"dense": {"number": True}}], r"'number' of the module 'dense' must be like 40, and is True"),
        ([{"dense": {}, "bm25": {}}], r"In the plan 'mine', .* is neither a module with its settings, like"),
        ([{"dense": 40}], r"In the plan 'mine', .* is neither a module with its settings, like"),
        (["fuse", "focus"], r"The plan 'mine' finds nothing: put 'dense' or 'bm25' among its modules"),
        ([], r"The plan 'mine' finds nothing"),
        (["dense", 3], r"In the plan 'mine', 3 is neither a module"),
        (["dense", {"decompose": ["bm25", "focsu"]}], r"no module 'focsu'"),
        (["dense", {"decompose": [{"focus": {"wrods": 9}}, "bm25"]}], r"'focus' has no setting 'wrods'"),
        (["dense", "decompose"], r"steps of the module 'decompose' find nothing: put 'dense' or 'bm25' among them"),
        (["dense", {"iterative-retrieval": {"works": 1}}], r"steps of the module 'iterative-retrieval' find nothing"),
        (["dense", {"decompose": ["fuse"]}], r"steps of the module 'decompose' find nothing"),
        (["dense", {"iterative-retrieval": {"size": 1, "steps": ["dense"]}}], r"no setting 'size'\. It has: coverage"),
        (["dense", {"focus": ["bm25"]}], r"The module 'focus' runs no steps of its own"),
    ],
)
def test_a_plan_that_cannot_be_run_is_named_with_what_is_there(modules: list[Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        plan_of("mine", modules)


def test_a_whole_number_may_stand_for_a_fraction_and_settings_may_be_left_empty() -> None:
    plan = plan_of("mine", ["dense", {"fuse": {"casebook": 2}}, {"focus": None}], 7)
    assert written(plan.steps) == [{"dense": None}, {"fuse": {"casebook": 2}}, {"focus": None}]
    assert plan.pieces == 7


def test_taking_a_module_out_leaves_the_others_in_their_order() -> None:
    assert FUSED.without("fuse").modules == ["dense", "bm25", "focus", "mmr"]
    assert FUSED.without("router") == FUSED


def test_a_module_taken_out_leaves_its_steps_where_they_are_the_search_itself() -> None:
    (decompose,) = ADVANCED.steps
    assert isinstance(decompose, Decompose) and ADVANCED.without("decompose").steps == decompose.steps
    once = MODULAR.without("iterative-retrieval")
    assert once.modules == [name for name in MODULAR.modules if name != "iterative-retrieval"]
    by_words = MODULAR.without("dense")
    assert "dense" not in by_words.modules and "iterative-retrieval" in by_words.modules


def test_the_last_module_that_finds_passages_cannot_be_taken_out() -> None:
    with pytest.raises(PlanError, match="The plan 'naive' finds nothing: put 'dense' or 'bm25'"):
        NAIVE.without("dense")
    with pytest.raises(PlanError, match="The plan 'rag' finds nothing"):
        ADVANCED.without("dense").without("bm25")


def test_only_a_plan_without_words_gets_them_in_place_of_vectors() -> None:
    assert NAIVE.until_vectors().modules == ["dense", "bm25"]
    assert all(plan.until_vectors() == plan for plan in PLANS.values() if plan is not NAIVE)
    nested = plan_of("mine", [{"decompose": ["dense", "focus"]}]).until_vectors()
    assert nested.modules == ["decompose", "dense", "bm25", "focus"]


CASES = [(plan, name) for plan in PLANS.values() for name in plan.modules if plan.finders != [name]]


@pytest.mark.parametrize(("plan", "module"), CASES, ids=lambda value: getattr(value, "name", value))
def test_with_any_of_its_modules_taken_out_a_plan_still_runs(read: Library, plan: Plan, module: str) -> None:
    found = read.search(KILLED, plan.without(module))
    assert 1 <= len(found.evidence) <= plan.pieces
    assert "The Speckled Band" in {piece.passage.work for piece in found.evidence}
    assert module not in {step.module for step in found.steps}


@pytest.mark.parametrize("question", [KILLED, TWO])
@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_the_first_pieces_are_the_same_whether_four_or_ten_are_wanted(read: Library, plan: Plan, question: str) -> None:
    four, ten = (read.search(question, plan, pieces=number).evidence for number in (4, 10))
    assert len(four) == 4 and len(ten) > 4
    assert [piece.text for piece in ten[:4]] == [piece.text for piece in four]


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
    plans = "plans:\n  short: [bm25, focus: {words: 40}]\n  rag: [decompose: [dense, focus]]\n"
    folder_with(tmp_path, ADA + plans)
    assert plans_of(load_persona("ada", tmp_path)) == {
        "short": plan_of("short", ["bm25", {"focus": {"words": 40}}]),
        "rag": Plan("rag", (Decompose((DenseSearch(), Focus())),)),
    }


def test_a_plan_of_a_persona_file_that_cannot_be_run_is_named_with_file_and_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ADA + "plans:\n  good: [bm25]\n  bad: [bm25, focsu]\n")
    with pytest.raises(PersonaError, match=r"persona\.yaml: plans: There is no module 'focsu'"):
        plans_of(load_persona("ada", tmp_path))
    (mistake,) = check_persona(folder, try_plan=plan_of)
    assert (mistake.line, mistake.field) == (21, "plans.bad")
    assert "Did you mean 'focus'" in mistake.message
    assert check_persona(folder) == []
