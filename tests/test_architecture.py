"""The house plan, read off the source: who imports whom, how long a module is, and that everything is described."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import personas
from chatbot.modes import MODES

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 350
HEAVY = {"torch", "transformers", "gradio", "sentence_transformers", "peft", "chromadb", "openvino", "openvino_genai"}
# The page and its tabs are imported by `serve` alone, when it is asked to serve.
HEAVY_ALLOWED = {("chatbot/web/page.py", "gradio"), ("chatbot/web/library_tab.py", "gradio")}

ROOMS = ("chatbot.library", "chatbot.engines", "memory", "personas")
SHARED = (
    "chatbot.errors",
    "chatbot.language",
    "chatbot.prompts",
    "chatbot.conversion",
)  # what everything may know
ABOVE = ("chatbot.web", "chatbot.cli", "chatbot.tuning", "chatbot.evaluation", "chatbot.replay")


def _name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


FILES = sorted(
    file.relative_to(ROOT).as_posix()
    for package in ("chatbot", "memory", "personas")
    for file in (ROOT / package).rglob("*.py")
)
BELOW = [file for file in FILES if not any(_within(_name(file), room) for room in ABOVE)]
IN_ROOMS = [file for file in FILES if any(_within(_name(file), room) for room in ROOMS)]
MIGRATIONS = "memory/migrations/versions/"


def test_the_plan_is_held_against_every_room() -> None:
    assert all(any(_within(_name(file), room) for file in FILES) for room in (*ROOMS, *ABOVE))


@pytest.mark.parametrize("file", IN_ROOMS)
def test_the_four_rooms_know_neither_one_another_nor_what_stands_above_them(file: str) -> None:
    own = next(room for room in ROOMS if _within(_name(file), room))
    strangers = {
        target
        for target in _imports(file)
        if any(_within(target, package) for package in ("chatbot", "memory", "personas"))
        and not any(_within(target, known) for known in (own, *SHARED))
        and not (own == "chatbot.library" and _is_data_of_personas(target))
    }
    assert not strangers


@pytest.mark.parametrize("file", BELOW)
def test_nothing_below_knows_the_web_the_command_line_or_the_workshops(file: str) -> None:
    assert not {target for target in _imports(file) if any(_within(target, above) for above in ABOVE)}


@pytest.mark.parametrize("file", FILES)
def test_heavy_packages_are_imported_only_inside_the_call_that_needs_them(file: str) -> None:
    heavy = {target.partition(".")[0] for target in _imports(file, only_when_loaded=True)} & HEAVY
    assert not {package for package in heavy if (file, package) not in HEAVY_ALLOWED}


@pytest.mark.parametrize("file", FILES)
def test_no_module_asks_which_mode_it_is(file: str) -> None:
    compared = {
        node.value
        for comparison in ast.walk(_tree(file))
        if isinstance(comparison, ast.Compare)
        for side in (comparison.left, *comparison.comparators)
        for node in ast.walk(side)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not compared & set(MODES)


@pytest.mark.parametrize("file", FILES)
def test_a_module_is_read_in_one_sitting(file: str) -> None:
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("file", [*FILES, "app.py"])
def test_a_module_says_what_it_is_for(file: str) -> None:
    assert ast.get_docstring(_tree(file))


# The two functions of a migration are Alembic's own, and say what they do in its docstring.
@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith(MIGRATIONS)])
def test_public_functions_and_classes_are_described(file: str) -> None:
    assert not [name for name, node in _public(_tree(file)) if not ast.get_docstring(node)]


# ---------------------------------------------------------------------- helpers


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), filename=file)


def _is_data_of_personas(target: str) -> bool:
    """Whether `target` is one of the classes that `personas` shows, and no function or module of it."""
    package, _, name = target.partition(".")
    return package == "personas" and isinstance(getattr(personas, name, None), type)


def _imports(file: str, only_when_loaded: bool = False) -> set[str]:
    """The dotted names that a module imports (`package.module.name`); those inside functions too, unless told not."""
    package = _name(file) if file.endswith("__init__.py") else _name(file).rpartition(".")[0]
    found: set[str] = set()
    for node in _when_loaded(_tree(file)) if only_when_loaded else ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def _when_loaded(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that is run when the module is loaded: not in functions, nor below `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from _when_loaded(child)


def _public(
    node: ast.Module | ast.ClassDef,
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for child in node.body:
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not child.name.startswith("_"):
            yield child.name, child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)
