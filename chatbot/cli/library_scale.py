"""`bakerstreet library scale`: synthetic libraries of several sizes, built, searched and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import say, write_report
from chatbot.errors import MessageError


def scale(
    passages: Annotated[str, typer.Option("--passages", help="Sizes, separated by commas.")] = "10000,100000,1000000",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every figure as JSON.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
    work: Annotated[
        Path | None,
        typer.Option("--work", help="Where the libraries are built; default: `scale` under BAKERSTREET_HOME."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the libraries.")] = False,
) -> None:
    """Measure search, memory and growth on synthetic libraries; no model is used.

    A million passages take 4 GB of disk and an hour or more. A run that was killed continues when it is started again.
    """
    import os
    import platform
    import shutil

    from chatbot.evaluation.retrieval.scale import run_size
    from chatbot.evaluation.retrieval.scale_report import as_json, report, table, verdict
    from chatbot.settings import get_settings

    sizes = _sizes(passages)
    root = work or get_settings().home / "scale"
    folders = {number: root / f"synthetic-{number}" for number in sizes}
    measured = [run_size(folder, number, say) for number, folder in folders.items()]
    typer.echo("\n".join([*table(measured), "", verdict(measured)]))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    if hasattr(os, "getloadavg"):
        machine += f"; load average {os.getloadavg()[2]:.1f} at the end"
    command = f"bakerstreet library scale --passages {','.join(map(str, sizes))}"
    for file, text in ((out, report(measured, machine, command)), (json_file, as_json(measured, machine, command))):
        if file is not None:
            write_report(file, text)
            say(f"Written: {file}.")
    if not keep:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)


def _sizes(text: str) -> list[int]:
    try:
        sizes = sorted({int(part) for part in text.split(",")})
    except ValueError:
        sizes = []
    if not sizes or sizes[0] < 1000 or sizes[-1] > 10_000_000:
        raise MessageError(
            f"'{text}' is not a list of sizes. Give numbers from 1,000 to 10,000,000, such as 10000,100000."
        )
    return sizes
