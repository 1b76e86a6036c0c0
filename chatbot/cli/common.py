"""What the commands share: opening resources, progress bars, reading question files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from chatbot.errors import MessageError
from chatbot.settings import get_settings


@dataclass(frozen=True)
class FileQuestion:
    """One line of a question file."""

    question: str
    history: tuple[tuple[str, str], ...] = ()


def say(message: str) -> None:
    """Tell the user what is being done, on standard error so that output can be piped."""
    typer.echo(message, err=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error: call it with (done, total)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(label, total=None)

        def show(done: int, total: int) -> None:
            if total:
                bar.update(task, completed=done, total=total)

        yield show


@contextmanager
def training_bar() -> Iterator[Callable[[Any], None]]:
    """A progress bar for a training on standard error: call it with every `TrainingProgress` of the run."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("Training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}, {task.fields[rate]:.0f} tokens/s"),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("Training", total=None, loss=float("nan"), rate=0.0)

        def show(step: Any) -> None:
            bar.update(task, completed=step.step, total=step.steps, loss=step.loss, rate=step.tokens_per_second)

        yield show


@contextmanager
def opened() -> Iterator[Any]:
    """Resources with the process's settings, closed at the end."""
    from chatbot.resources import Resources

    resources = Resources(get_settings(), say=say)
    try:
        yield resources
    finally:
        resources.close()


def prepare(resources: Any, persona: str) -> None:
    """Make a fresh install ready, with a progress bar where something has to be embedded."""
    from chatbot.library.index import read_manifest

    manifest = read_manifest(resources.library_folder(persona))
    if manifest is not None and manifest.complete:
        return
    with progress("Casebook") as show:
        resources.prepare(persona, show)


def read_questions(file: Path) -> list[FileQuestion]:
    """The questions of a JSONL file: `{"question": ..., "history": [["question", "reply"], ...]}` a line.

    `history` may also be a list of messages in OpenAI's form.

    Raises:
        MessageError: the file cannot be read, or a line is wrong; its number is named.
    """
    from chatbot.evaluation.questions import question_rows

    questions = []
    for number, row in enumerate(question_rows(file), 1):
        if not row.strip():
            continue
        try:
            data = json.loads(row)
            questions.append(FileQuestion(str(data["question"]), _history(data.get("history") or [])))
        except (ValueError, KeyError, TypeError) as error:
            raise MessageError(f'{file}:{number}: is not {{"question": ..., "history": [...]}}: {error!r}.') from error
    if not questions:
        raise MessageError(f"{file} holds no questions.")
    return questions


def _history(items: list[Any]) -> tuple[tuple[str, str], ...]:
    if items and isinstance(items[0], dict):
        spoken = [str(item["content"]) for item in items if item["role"] in ("user", "assistant")]
        return tuple(zip(spoken[::2], spoken[1::2], strict=True))
    return tuple((str(question), str(reply)) for question, reply in items)


def write_report(file: Path, text: str) -> None:
    """Write a report; folders that are missing are made.

    Raises:
        MessageError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MessageError(f"{file} cannot be written: {error.strerror}.") from error


def print_json(data: Any) -> None:
    """One JSON object on one line, at once."""
    import sys

    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    sys.stdout.flush()
