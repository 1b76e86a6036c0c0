"""`bakerstreet library calibrate`: from what a search measures to how likely its evidence answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare, progress, say


def calibrate(
    persona: Annotated[str, typer.Argument(help="Whose library.")],
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), of which the dev split is used.")
    ] = None,
    systems: Annotated[str, typer.Option("--systems", help="Plans, separated by commas; default: all.")] = "",
    spared: Annotated[
        float,
        typer.Option(
            "--spared",
            min=0.5,
            max=1.0,
            help="The share of answerable questions not to be called weak.",
        ),
    ] = 0.97,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Default: calibration.json of the persona.")] = None,
) -> None:
    """Fit the confidence of every plan on questions with and without an answer.

    They are those of the persona's validation.jsonl, on which nothing is trained; without one, the dev split.
    """
    from chatbot.evaluation import SEARCHED, choose_questions, questions_file, read_known_questions
    from chatbot.evaluation.retrieval import all_systems, calibrated, choose_systems
    from chatbot.library.search import CALIBRATION_FILE, Calibration, write_calibration

    with opened() as resources:
        loaded = resources.persona(persona)
        if questions is None and loaded.validation:
            known = read_known_questions(loaded.validation, SEARCHED)
        else:
            known = choose_questions(questions_file(loaded, questions), "dev", SEARCHED)
        prepare(resources, persona)
        library = resources.library(persona)
        library.warm()
        written = out or loaded.folder / CALIBRATION_FILE
        plans = dict(Calibration.read(written).plans)
        for system in choose_systems(all_systems(library), systems.split(",")):
            with progress(system.name) as show:
                weights = calibrated(library, system.plan, known, spared, show)
            # Plans with the same modules under another name measure the same.
            plans |= {name: weights for name, plan in library.plans.items() if plan.steps == system.plan.steps}
            write_calibration(written, plans)
            say(f"{system.name}: {weights.weights}, limit {weights.limit}")
    say(f"Written: {written}.")
