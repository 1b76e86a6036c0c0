"""The house plan, read off the source: who imports whom, how long a module is, and that everything is described.

Every rule is one test; it collects all modules that break it and names them.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

import personas
from chatbot.modes import MODES

ROOT = Path(__file__).resolve().parent.parent
FACES = Path(__file__).with_name("faces.txt")
MAX_LINES = 350
HEAVY = {
    "chromadb",
    "gradio",
    "matplotlib",
    "openvino",
    "openvino_genai",
    "peft",
    "sentence_transformers",
    "sklearn",
    "torch",
    "transformers",
    "wordfreq",
}
# The page and its tabs are imported by the server alone, when it is asked to serve.
HEAVY_ALLOWED = {
    (f"chatbot/web/{part}.py", "gradio")
    for part in ("compare_tab", "layout", "library_tab", "memory_tab", "page", "past_events")
}

ROOMS = ("chatbot.library", "chatbot.engines", "memory", "personas")
# What every room may know.
SHARED = (
    "chatbot.clock",
    "chatbot.conversion",
    "chatbot.errors",
    "chatbot.files",
    "chatbot.language",
    "chatbot.progress",
    "chatbot.json_text",
    "chatbot.limits",
    "chatbot.prompts",
    "chatbot.visitors",
    "chatbot.templates",
    "chatbot.yaml_text",
)
# From the top of the house down; a module knows its own floor and those below. What is not named is on the floor
# between the workshops and the rooms.
COMMANDS = ("chatbot.cli",)
WORKSHOPS = ("chatbot.web", "chatbot.tuning", "chatbot.evaluation", "chatbot.replay")
# Parts of the package around them, which looks behind their faces; nobody else sees these.
INNER = ("chatbot.library.search.modules", "chatbot.library.texts.readers")
MIGRATIONS = "memory/migrations/versions/"


def _name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


FILES = sorted(
    file.relative_to(ROOT).as_posix()
    for package in ("chatbot", "memory", "personas")
    for file in (ROOT / package).rglob("*.py")
)
MODULES = {_name(file): file for file in FILES}


# ---------------------------------------------------------------------- who knows whom


def test_every_room_that_the_rules_name_is_there() -> None:
    named = (*ROOMS, *SHARED, *COMMANDS, *WORKSHOPS)
    _nothing_breaks_it(room for room in named if not any(_within(name, room) for name in MODULES))


def test_the_rooms_know_neither_one_another_nor_what_stands_above_them() -> None:
    _nothing_breaks_it(
        f"{file} imports {target}"
        for file in FILES
        for own in ROOMS
        if _within(_name(file), own)
        for target in sorted(_imports(file))
        if _within(target, "chatbot", "memory", "personas")
        and not _within(target, own, *SHARED)
        and not (own == "chatbot.library" and _is_data_of_personas(target))
    )


def test_no_import_leads_up() -> None:
    _nothing_breaks_it(
        f"{file} imports {target}"
        for file in FILES
        for target in sorted(_imports(file))
        if _floor(target) > _floor(_name(file))
    )


def test_no_two_packages_need_each_other() -> None:
    # A package with a face is one node of the graph, and so is a module that is in none.
    graph: dict[str, set[str]] = {}
    for file in FILES:
        own = _unit(_name(file))
        graph.setdefault(own, set()).update(
            _unit(module)
            for target in _imports(file)
            if (module := _module_of(target)) and not _within(own, _unit(module)) and not _within(_unit(module), own)
        )
    while leaves := {unit for unit, needed in graph.items() if not needed & graph.keys()}:
        graph = {unit: needed for unit, needed in graph.items() if unit not in leaves}
    assert not graph, f"these import one another in a ring: {sorted(graph)}"


def test_other_packages_import_a_package_from_its_face_alone() -> None:
    _nothing_breaks_it(
        f"{file} imports {target}; the face is {face}"
        for file in FILES
        for target in sorted(_imports(file))
        if (module := _module_of(target))
        for face in _packages_above(module)
        if face in _outer_faces()
        and module not in _outer_faces()
        and not _is_inside(file, face)
        and not _is_shown(target)
    )


def test_what_is_imported_from_a_face_is_in_its_all() -> None:
    _nothing_breaks_it(
        f"{file} imports {target}"
        for file in FILES
        for target in sorted(_imports(file))
        if (face := target.rpartition(".")[0]) in _outer_faces()
        and target not in MODULES
        and not _is_inside(file, face)
        and target.rpartition(".")[2] not in _faces()[face]
    )


def test_heavy_packages_are_imported_only_inside_the_call_that_needs_them() -> None:
    _nothing_breaks_it(
        f"{file} imports {target}"
        for file in FILES
        for target in sorted(_imports(file, only_when_loaded=True))
        if (package := target.partition(".")[0]) in HEAVY and (file, package) not in HEAVY_ALLOWED
    )


def test_no_module_asks_which_mode_it_is() -> None:
    _nothing_breaks_it(
        f"{file}:{constant.lineno} compares with {constant.value!r}"
        for file in FILES
        for comparison in ast.walk(_tree(file))
        if isinstance(comparison, ast.Compare)
        for side in (comparison.left, *comparison.comparators)
        for constant in ast.walk(side)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and constant.value in MODES
    )


# ---------------------------------------------------------------------- faces


def test_faces_show_the_names_that_are_agreed_on() -> None:
    """A face is what others build on, so that a change of it is also a change of faces.txt."""
    agreed: dict[str, tuple[str, ...]] = {}
    for line in FACES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            package, _, names = line.partition(":")
            agreed[package] = tuple(names.split())
    shown = {package: tuple(names) for package, names in _faces().items()}
    changed = sorted(package for package in agreed.keys() | shown.keys() if agreed.get(package) != shown.get(package))
    assert not changed, "faces.txt should say:\n" + "\n".join(
        f"{package}: {' '.join(shown[package])}" if package in shown else f"(nothing of {package})"
        for package in changed
    )


def test_every_name_of_a_face_is_there() -> None:
    _nothing_breaks_it(
        f"{package}.{name}"
        for package, names in _faces().items()
        for name in names
        if getattr(importlib.import_module(package), name, None) is None
    )


def test_the_names_of_a_face_are_sorted_and_none_is_private() -> None:
    # Constants, then classes, then functions, each by the alphabet: the order that ruff keeps (RUF022).
    def place(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    _nothing_breaks_it(
        package
        for package, names in _faces().items()
        if list(names) != sorted(set(names), key=place) or any(name.startswith("_") for name in names)
    )


# ---------------------------------------------------------------------- length and description


def test_a_module_is_read_in_one_sitting() -> None:
    lengths = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in FILES}
    _nothing_breaks_it(f"{file} has {lines} lines" for file, lines in lengths.items() if lines > MAX_LINES)


def test_a_module_says_what_it_is_for() -> None:
    _nothing_breaks_it(file for file in (*FILES, "app.py") if not ast.get_docstring(_tree(file)))


def test_public_functions_and_classes_are_described() -> None:
    # The two functions of a migration are Alembic's own; the migration's docstring says what they do.
    _nothing_breaks_it(
        f"{file}: {name}"
        for file in FILES
        if not file.startswith(MIGRATIONS)
        for name, node in _public(_tree(file))
        if not ast.get_docstring(node)
    )


# ---------------------------------------------------------------------- helpers


def _nothing_breaks_it(offenders: Iterable[str]) -> None:
    """Fails with a line for each of the offenders."""
    named = list(offenders)
    assert not named, "\n".join(["", *named])


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), filename=file)


@cache
def _faces() -> dict[str, tuple[str, ...]]:
    """The packages that state what others may use of them, with the names in the order in which they stand."""
    found = {}
    for file in FILES:
        for node in _tree(file).body:
            if (
                file.endswith("/__init__.py")
                and isinstance(node, ast.Assign)
                and ast.unparse(node.targets[0]) == "__all__"
            ):
                found[_name(file)] = tuple(ast.literal_eval(node.value))
    return found


def _is_shown(target: str) -> bool:
    """Whether a face shows this very name: a function may be called like the module that it is in."""
    package, _, name = target.rpartition(".")
    return name in _faces().get(package, ())


def _outer_faces() -> list[str]:
    return [face for face in _faces() if face not in INNER]


def _packages_above(module: str) -> list[str]:
    """The names of the packages that `module` is in, and its own."""
    return list(accumulate(module.split("."), "{}.{}".format))


def _unit(module: str) -> str:
    """The innermost package with a face that `module` is in; the module itself where there is none."""
    return next((package for package in reversed(_packages_above(module)) if package in _outer_faces()), module)


def _is_inside(file: str, face: str) -> bool:
    """Whether a file may look behind a face: it is of that package, or it is the face of a package around it."""
    return _within(_name(file), face) or (file.endswith("/__init__.py") and _within(face, _name(file)))


def _floor(name: str) -> int:
    """0 for the rooms and what is shared, 1 for what turns are made of, 2 for the workshops, 3 for the commands."""
    floors = (COMMANDS, WORKSHOPS, ("chatbot",))
    if _within(name, *ROOMS, *SHARED):
        return 0
    return next((len(floors) - number for number, floor in enumerate(floors) if _within(name, *floor)), 0)


def _module_of(target: str) -> str:
    """The module of ours that an imported name is in; empty for what is not ours."""
    return next((name for name in reversed(_packages_above(target)) if name in MODULES), "")


def _is_data_of_personas(target: str) -> bool:
    """Whether `target` is one of the classes that `personas` shows, and no function or module of it."""
    package, _, name = target.partition(".")
    return package == "personas" and isinstance(getattr(personas, name, None), type)


@cache
def _imports(file: str, only_when_loaded: bool = False) -> frozenset[str]:
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
    return frozenset(found)


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
