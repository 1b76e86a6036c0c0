"""What the commands share: resources, progress bars, question files, reports and output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatbot.errors import MessageError
from chatbot.progress import Progress

if TYPE_CHECKING:
    from chatbot.resources import Resources
    from chatbot.tuning import TrainingProgress

# What the commands that hold conversations write, and go on from.
ReportFile = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write a Markdown report; replies are kept beside it meanwhile.")
]
RepliesFile = Annotated[Path | None, typer.Option("--json", help="Write the figures and every reply.")]
KeptReplies = Annotated[
    Path | None, typer.Option("--resume", help="Keep the replies in this file (JSONL), and go on from it.")
]


@dataclass(frozen=True)
class FileQuestion:
    """One line of a question file."""

    question: str
    history: tuple[tuple[str, str], ...] = ()


def say(message: str) -> None:
    """Tell the user what is being done: on standard error, so that output can be piped."""
    typer.echo(message, err=True)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A progress bar on standard error: call it with (done, total)."""
    with _bar(label) as update:

        def show(done: int, total: int) -> None:
            if total:
                update(completed=done, total=total)

        yield show


@contextmanager
def training_bar() -> Iterator[Callable[[TrainingProgress], None]]:
    """A progress bar for a training run on standard error: call it with every `TrainingProgress`."""
    figures = "loss {task.fields[loss]:.3f}, {task.fields[rate]:.0f} tokens/s"
    with _bar("Training", figures, loss=float("nan"), rate=0.0) as update:

        def show(step: TrainingProgress) -> None:
            update(completed=step.step, total=step.steps, loss=step.loss, rate=step.tokens_per_second)

        yield show


@contextmanager
def _bar(label: str, figures: str = "", **fields: Any) -> Iterator[Callable[..., None]]:
    """A bar on standard error with the column `figures` at its end, which is formatted from `fields`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns: list[ProgressColumn] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    if figures:
        columns.append(TextColumn(figures))
    with RichProgress(*columns, console=Console(stderr=True)) as bar:
        yield partial(bar.update, bar.add_task(label, total=None, **fields))


@contextmanager
def opened(database: str | None = None, **changed: str) -> Iterator[Resources]:
    """Resources with the process's settings, closed at the end.

    Args:
        database: takes the place of the visitors' own.
        changed: settings that differ from the process's.
    """
    from chatbot.resources import Resources
    from chatbot.settings import get_settings

    different = {**changed, **({"database_url": database} if database else {})}
    resources = Resources(get_settings().model_copy(update=different), say=say)
    try:
        yield resources
    finally:
        resources.close()


def prepare(resources: Resources, persona: str) -> None:
    """Make a fresh install ready, with a progress bar where passages have to be embedded."""
    manifest = resources.mended(persona)
    if manifest is None or not manifest.complete:
        with progress("Casebook") as show:
            resources.prepare(persona, show)


def read_questions(file: Path) -> list[FileQuestion]:
    """The questions of a file, one a line: the question itself, or JSON where it follows other exchanges.

    The JSON is `{"question": ..., "history": [["question", "reply"], ...]}`; `history` may also be a list of messages
    in OpenAI's form.

    Raises:
        MessageError: the file cannot be read, or a line is wrong; the message gives its number.
    """
    from chatbot.evaluation import question_rows
    from chatbot.json_text import parse_object

    questions = []
    rows = list(question_rows(file))
    # The first line decides, so that a slip in a later line is named and not taken for a question.
    as_json = file.suffix == ".jsonl" or (rows and rows[0][1].lstrip().startswith(("{", "[")))
    for number, row in rows:
        if not as_json:
            questions.append(FileQuestion(row.strip()))
            continue
        try:
            data = parse_object(row)
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


def check_writable(*files: Path | None) -> None:
    """Find out before a long job whether its reports can be written after it; folders that are missing are made.

    Raises:
        MessageError: one of them cannot be written.
    """
    for file in filter(None, files):
        with _for_writing(file):
            existed = file.exists()
            file.open("a", encoding="utf-8").close()
            if not existed:
                file.unlink()


def write_report(file: Path, text: str) -> None:
    """Write a report; folders that are missing are made.

    Raises:
        MessageError: it cannot be written.
    """
    with _for_writing(file):
        file.write_text(text, encoding="utf-8")


@contextmanager
def _for_writing(file: Path) -> Iterator[None]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise MessageError(f"{file} cannot be written: {error.strerror}. Name a file in a folder of yours.") from error


def print_json(data: Any) -> None:
    """One JSON object on one line of standard output, flushed."""
    print(json.dumps(data, ensure_ascii=False), flush=True)
