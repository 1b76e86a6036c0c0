"""`bakerstreet library calibrate`: from what a search measures to how likely its evidence answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare, progress, say


def calibrate(
    persona: Annotated[str, typer.Argument(help="Whose library.")],
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), instead of those about the canon.")
    ] = None,
    systems: Annotated[str, typer.Option("--systems", help="Plans, with commas between; all of them by default.")] = "",
    spared: Annotated[
        float, typer.Option("--spared", min=0.5, max=1.0, help="The share of answerable questions that must pass.")
    ] = 0.93,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Default: calibration.json of the persona.")] = None,
) -> None:
    """Fit the confidence of every plan on the dev split of questions with and without an answer."""
    from chatbot.evaluation.questions import questions_file, read_known_questions, split_of
    from chatbot.evaluation.retrieval.calibration import calibrated
    from chatbot.evaluation.retrieval.systems import choose_systems
    from chatbot.library.search import CALIBRATION_FILE, Calibration, write_calibration

    with opened() as resources:
        loaded = resources.persona(persona)
        file = questions_file(loaded, questions)
        known = [item for item in read_known_questions(file) if split_of(item) == "dev"]
        prepare(resources, persona)
        library = resources.library(persona)
        library.warm()
        written = out or loaded.folder / CALIBRATION_FILE
        plans = dict(Calibration.read(written).plans)
        for name in choose_systems(dict(library.plans), systems.split(",")):
            with progress(name.name) as show:
                weights = calibrated(library, name, known, spared, show)
            plans |= {other: weights for other, plan in library.plans.items() if plan.steps == name.steps}
            write_calibration(written, plans)
            say(f"{name.name}: {plans[name.name].weights}, limit {plans[name.name].limit}")
    say(f"Written: {written}.")
