"""The one place where YAML is read: checked for all that makes a file hang, grow or silently lose a part of itself.

Plain YAML takes the last of two equal keys, lets a part hold itself, and lets a few hundred bytes of aliases stand for
a billion values. Here each of these is a mistake with its line, before anything is made of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from chatbot.templates import PlaceholderError

MAX_BYTES = 256 * 1024  # a persona file has a few kB
MAX_DEPTH = 32
MAX_VALUES = 20_000  # all of them, those included that an alias stands for
MAX_LISTED = 20  # mistakes; the others are counted

Place = tuple[str | int, ...]  # the keys and indexes that lead to a value


@dataclass(frozen=True)
class YamlMistake:
    """One mistake in a YAML text."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.message}"


class YamlError(ValueError):
    """The text cannot be used.

    Attributes:
        mistakes: all that were found, by their lines.
    """

    def __init__(self, *mistakes: YamlMistake) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("; ".join(map(str, self.mistakes)))


@dataclass(frozen=True)
class YamlText:
    """A YAML text that was read.

    Attributes:
        data: what it says.
        text: as it is written.
        lines: the first and the last line (from 1) of every field.
    """

    data: Any
    text: str
    lines: dict[Place, tuple[int, int]]

    def line(self, place: Sequence[str | int], written: str = "") -> int:
        """The line of a field; a field that is missing has none of its own, so it is its parent's.

        Args:
            place: of the field.
            written: something that stands in the field: its own line, where it is found there.
        """
        known = tuple(place)
        while known and known not in self.lines:
            known = known[:-1]
        first, last = self.lines.get(known, (1, 1))
        if written:
            for number, row in enumerate(self.text.split("\n")[first - 1 : last], first):
                if written in row:
                    return number
        return first

    def mistakes(self, error: ValidationError) -> list[YamlMistake]:
        """What pydantic found wrong with the data, with lines; at most `MAX_LISTED`, and how many more there are."""
        found = []
        for item in error.errors()[:MAX_LISTED]:
            cause = item.get("ctx", {}).get("error")
            written = cause.written if isinstance(cause, PlaceholderError) else ""
            field = ".".join(str(part) for part in item["loc"])[:200] or "file"
            found.append(YamlMistake(self.line(item["loc"], written), field, item["msg"].removeprefix("Value error, ")))
        if error.error_count() > MAX_LISTED:
            found.append(YamlMistake(found[-1].line, "file", f"and {error.error_count() - MAX_LISTED} more mistakes"))
        return found


def read_yaml(file: Path) -> YamlText:
    """Read a YAML file.

    Raises:
        YamlError: it cannot be read, or used; see `parse_yaml`.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise YamlError(YamlMistake(1, "file", f"cannot be read: {error.strerror}")) from error
    if len(data) > MAX_BYTES:
        raise YamlError(YamlMistake(1, "file", f"is larger than {MAX_BYTES // 1024} kB; take out what is not needed"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError(
            YamlMistake(line, "file", f"is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8")
        ) from error
    return parse_yaml(text)


def parse_yaml(text: str) -> YamlText:
    """Parse a YAML text.

    Raises:
        YamlError: it is not YAML, is too large or too deep, repeats a key or holds itself; every mistake has its line.
    """
    if len(text) > MAX_BYTES:
        raise YamlError(YamlMistake(1, "file", f"is longer than {MAX_BYTES:,} characters; take out what is not needed"))
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return YamlText(None, text, {})
        _Survey().measure(node, ())
        repeated = list(_repeated_keys(node, (), set()))
        if repeated:
            raise YamlError(*repeated)
        return YamlText(loader.construct_document(node), text, dict(_lines(node)))
    except yaml.YAMLError as error:
        raise YamlError(_as_mistake(error, text)) from error


class _Loader(yaml.SafeLoader):
    """Stops at `MAX_DEPTH`, and names the line of a value that its type cannot hold."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise YamlError(_too_deep(self.line + 1))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            made = super().construct_object(node, deep)
            if isinstance(made, str):
                made.encode("utf-8")  # half of a pair of surrogates can neither be printed nor stored
            return made
        except yaml.YAMLError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            kind = node.tag.rpartition(":")[2]
            problem = f"{str(node.value)[:40]!r} is not a valid {kind}; put it in quotes if it is meant as text"
            raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark) from error


class _Survey:
    """Counts the values of a node with all that its aliases stand for, each part once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}

    def measure(self, node: yaml.Node, above: tuple[int, ...], line: int = 1) -> tuple[int, int]:
        """The number of values and the depth of a node.

        Raises:
            YamlError: it holds itself, or more than may be.
        """
        if id(node) in above:
            raise YamlError(YamlMistake(line, "yaml", "an alias stands for a part that it is in itself; take it out"))
        values, depth = self._known.get(id(node), (0, 0))
        if not values:
            values, depth = 1, 1
            for _, at, child in _steps(node, line):
                held, below = self.measure(child, (*above, id(node)), at)
                values, depth = values + held, max(depth, below + 1)
                if values > MAX_VALUES:
                    raise YamlError(YamlMistake(at, "yaml", f"there are more than {MAX_VALUES:,} values with this one"))
            self._known[id(node)] = values, depth
        if len(above) + depth > MAX_DEPTH:
            raise YamlError(_too_deep(line))
        return values, depth


def _children(node: yaml.Node) -> Iterator[tuple[yaml.Node | None, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from node.value
    elif isinstance(node, yaml.SequenceNode):
        yield from ((None, child) for child in node.value)


def _steps(node: yaml.Node, line: int) -> Iterator[tuple[str | int, int, yaml.Node]]:
    """Each child with the step that leads to it, and its line: in a list an alias has none but the list's."""
    for index, (key, child) in enumerate(_children(node)):
        if key is not None:
            yield str(key.value), key.start_mark.line + 1, child
        else:
            written_here = child.start_mark.index > node.start_mark.index
            yield index, child.start_mark.line + 1 if written_here else line, child


def _repeated_keys(node: yaml.Node, place: Place, done: set[int]) -> Iterator[YamlMistake]:
    if id(node) in done:  # an alias led here before
        return
    done.add(id(node))
    seen: dict[tuple[str, str], int] = {}
    for key, _ in _children(node):
        if key is None:
            break
        line, field = key.start_mark.line + 1, ".".join(map(str, (*place, key.value)))
        if not isinstance(key, yaml.ScalarNode):
            yield YamlMistake(line, "yaml", "a key must be a word, not a list or a mapping")
        elif (key.tag, key.value) in seen:
            first = seen[key.tag, key.value]
            yield YamlMistake(line, field, f"stands here and in line {first} already; keep one of them")
        else:
            seen[key.tag, key.value] = line
    for step, _, child in _steps(node, 1):
        yield from _repeated_keys(child, (*place, step), done)


def _lines(node: yaml.Node, place: Place = (), above: int = 1) -> Iterator[tuple[Place, tuple[int, int]]]:
    for step, line, child in _steps(node, above):
        yield (*place, step), (line, max(line, child.end_mark.line + 1))
        yield from _lines(child, (*place, step), line)


def _as_mistake(error: yaml.YAMLError, text: str) -> YamlMistake:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or str(error).splitlines()[0])
    if isinstance(error, yaml.reader.ReaderError):  # it tells the place, not the line
        line = text.count("\n", 0, error.position) + 1
        problem = f"there is a character that YAML does not allow (U+{error.character:04X}); take it out"
    else:
        line = mark.line + 1 if mark else 1
    if "'\\t'" in problem:
        problem = "a tab stands where YAML wants spaces; indent with spaces"
    return YamlMistake(line, "yaml", problem)


def _too_deep(line: int) -> YamlMistake:
    return YamlMistake(line, "yaml", f"is nested more than {MAX_DEPTH} deep")
