"""`bakerstreet update`: new facts, added as a text and trained into a voice, side by side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import RepliesFile, check_writable, opened, prepare, progress, say, training_bar, write_report
from chatbot.errors import MessageError, SettingsError

if TYPE_CHECKING:
    from chatbot.evaluation.update import Case, Condition, Experiment, Teach
    from chatbot.resources import Resources
    from chatbot.settings import Settings
    from chatbot.tuning import TrainingProgress
    from personas import LoadedPersona

LOG = "log.jsonl"
PASSES = 24  # over forty facts in two wordings, each is asked so often altogether


def update(
    persona: Annotated[str, typer.Argument(help="Who learns.")] = DEFAULT_PERSONA,
    facts: Annotated[
        Path | None,
        typer.Option("--facts", help="A folder with case.md and facts.jsonl, instead of the persona's own."),
    ] = None,
    modes: Annotated[str, typer.Option("--modes", help="Modes that search, separated by commas.")] = "rag,hybrid",
    number: Annotated[int, typer.Option("--sample", min=1, help="So many ordinary questions show what is lost.")] = 60,
    passes: Annotated[int, typer.Option("--passes", min=1, help="How often the voice is asked each fact.")] = PASSES,
    seed: Annotated[int, typer.Option(help="Of the order in which the voice is taught.")] = 7,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
    json_file: RepliesFile = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Keep the steps in this file (JSONL), and go on from it.")
    ] = None,
) -> None:
    """Make the facts of an invented case answerable in two ways, and measure what each takes and what it loses.

    The text is added to a copy of the library; a copy of the voice is taught the facts. Nothing of the persona changes.
    A run that was stopped goes on when it is called again; with --resume its steps stay.
    """
    from chatbot.evaluation import choose_questions, questions_file
    from chatbot.evaluation.bench import machine
    from chatbot.evaluation.update import Experiment, UpdateLog, read_case, report, result_of, summary
    from chatbot.modes import get_mode
    from chatbot.settings import get_settings
    from personas import load_persona

    settings = get_settings()
    loaded = load_persona(persona, settings.personas)
    folder = facts or loaded.update
    if folder is None:
        raise MessageError(f"The persona '{persona}' has no folder 'update'. Name one with --facts.")
    if settings.chroma_url:
        raise SettingsError("The experiment needs a library that it can copy. Unset BAKERSTREET_CHROMA_URL for it.")
    chosen = [get_mode(name) for name in modes.split(",")]
    if without := [mode.name for mode in chosen if mode.knowledge is None]:
        raise MessageError(f"The mode '{without[0]}' does not search, so a text does nothing for it. Leave it out.")
    case, old = read_case(folder), choose_questions(questions_file(loaded), kinds=["plain"], number=number)
    check_writable(out, json_file, resume)
    work, on = settings.updates_dir / persona, machine()
    with opened() as resources:
        prepare(resources, persona)
        manifest = resources.library(persona).manifest
        setting = {
            "persona": persona,
            "model": settings.model,
            "engine": resources.engine.name,
            "library": f"{manifest.stamp} ({manifest.total} passages)",
            "training": f"{passes} passes over {len(case.facts)} facts, seed {seed}",
            "modes": ",".join(mode.name for mode in chosen),
        }
    stamps = {"facts": _stamp(folder), "voice": _stamp(loaded.voice), "old": str(number)}
    log = UpdateLog(resume or work / LOG, setting | stamps)
    experiment = Experiment(persona, case, old, [mode.name for mode in chosen], work, log)
    command = " ".join(
        [f"bakerstreet update {persona} --modes {setting['modes']} --sample {number} --passes {passes} --seed {seed}"]
        + [f"--facts {facts}"] * bool(facts)
    )
    _run(experiment, settings, _teaching(case, loaded, settings, passes, seed, command))
    measured_on = {name: str(on[name]) for name in ("processor", "cores", "load_before")}
    result = result_of(experiment, setting | measured_on, command)
    typer.echo("\n".join(summary(result)))
    if out:
        write_report(out, report(result))
    if json_file:
        write_report(json_file, result.model_dump_json(indent=1) + "\n")
    for written in filter(None, (out, json_file)):
        say(f"Written: {written}.")
    say(f"The taught voice is in {experiment.voice}.")
    if not resume:
        (work / LOG).unlink()  # the next run is to begin anew


def _run(experiment: Experiment, settings: Settings, teach: Teach) -> None:
    """Do what is not in the log yet: ask, add the text and ask, teach the voice and ask."""
    from chatbot.evaluation.update import CopiedLibrary

    persona = experiment.persona
    if experiment.missing("before"):
        with opened() as resources:
            _ask(experiment, resources, "before")
    if experiment.log.cost("text") is None:
        with opened() as resources:
            experiment.copy_library(resources.library_folder(persona))
    if experiment.log.cost("text") is None or experiment.missing("text"):
        with closing(CopiedLibrary(settings, experiment.libraries, say=say)) as copied:
            copied.warm(persona)
            if experiment.log.cost("text") is None:
                experiment.add(copied)
            _ask(experiment, copied, "text")
    experiment.forget_library()
    if experiment.log.cost("voice") is None:
        experiment.teach(teach, opened)
    if experiment.missing("voice"):
        with opened() as resources:
            _ask(experiment, resources, "voice")


def _ask(experiment: Experiment, resources: Resources, condition: Condition) -> None:
    from chatbot.bot import Bot

    resources.warm(experiment.persona)
    with progress(f"Replies, {condition}") as show:
        experiment.ask(Bot(resources), condition, show)


def _teaching(case: Case, loaded: LoadedPersona, settings: Settings, passes: int, seed: int, command: str) -> Teach:
    """Teaches a copy of the persona's voice the facts of the case."""
    from chatbot.engines import resolve_model
    from chatbot.tuning import FACTS, Fact, train_facts

    def teach(folder: Path, run: Path, stepped: Callable[[int], None]) -> Mapping[str, Any]:
        with training_bar() as show:

            def on_step(step: TrainingProgress) -> None:
                show(step)
                stepped(step.step)

            train_facts(
                [Fact(fact.also, fact.sentence) for fact in case.facts],
                [Fact((fact.question,), fact.sentence) for fact in case.facts],
                loaded,
                resolve_model(settings.model, settings.models_dir, say),
                run,
                passes=passes,
                destination=folder,
                taught=f"{len(case.facts)} facts of an invented case, each asked {passes} times in two wordings.",
                command=command,
                seed=seed,
                threads=settings.cpu_threads(),
                on_step=on_step,
                say=say,
            )
        facts: Mapping[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return facts

    return teach


def _stamp(folder: Path | None) -> str:
    """Tells the files of one folder from those of another."""
    files = sorted(folder.glob("*.*")) if folder else []
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
