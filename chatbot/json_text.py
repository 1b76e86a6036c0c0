"""The one place where lines of JSON that people write are read (JSONL): lines, questions, conversations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import MessageError

Model = TypeVar("Model")

MAX_BYTES = 64 * 1024 * 1024


class JsonTextError(ValueError):
    """A file or a line cannot be read; the message says why."""


def numbered_rows(file: Path) -> Iterator[tuple[int, str]]:
    """The rows of a file that hold something, each with its number from 1.

    Raises:
        JsonTextError: the file cannot be read, is too large or not UTF-8.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise JsonTextError(f"is not there, or may not be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise JsonTextError(f"is larger than {MAX_BYTES // 2**20} MB; split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise JsonTextError(f"is not UTF-8 in line {line} ({error.reason}); save it as UTF-8") from error
    # Not `splitlines`, which also breaks at characters that may stand within a JSON string.
    return ((number, row) for number, row in enumerate(text.split("\n"), 1) if row.strip())


def parse_object(row: str) -> dict[str, Any]:
    """The JSON object of one row.

    Raises:
        JsonTextError: it is no object, a key stands in it twice, it is nested too deep, or a text cannot be stored.
    """
    try:
        data = json.loads(row, object_pairs_hook=_each_key_once)
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except JsonTextError:
        raise
    except json.JSONDecodeError as error:
        raise JsonTextError(f"is not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise JsonTextError("is nested too deep") from error
    except UnicodeEncodeError as error:
        raise JsonTextError("has half a character in it (an escape from \\ud800 to \\udfff)") from error
    except ValueError as error:  # a number of thousands of digits
        raise JsonTextError(str(error)) from error
    if not isinstance(data, dict):
        raise JsonTextError('is no object: write {"...": ...}')
    return data


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonTextError(f"has the key {twice!r} twice; keep one of them")
    return made


def models_in(file: Path, rows: Iterable[tuple[int, str]], model: type[Model]) -> Iterator[tuple[int, Model]]:
    """The objects of a model that stand in the rows of a file, each with its row's number.

    Args:
        file: named in messages.
        rows: of `numbered_rows`.
        model: what a row must hold.

    Raises:
        MessageError: a row is wrong; its number is named.
    """
    check = TypeAdapter(model)
    for number, row in rows:
        try:
            yield number, check.validate_python(parse_object(row))
        except ValidationError as error:
            raise MessageError(f"{file}:{number}: {first_mistake(error)}.") from error
        except JsonTextError as error:
            raise MessageError(f"{file}:{number}: {error}.") from error


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong with a line, and where it stands."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
