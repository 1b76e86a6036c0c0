"""`bakerstreet library tune`: a retriever or reranker of the persona's own, trained on this machine."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from chatbot.cli.common import opened, prepare, progress, say, training_bar
from chatbot.errors import MessageError

if TYPE_CHECKING:
    from chatbot.settings import Settings
    from chatbot.tuning import Figures
    from personas import LoadedPersona

READER, SUPPORT, MATCHER = "reader", "support", "matcher"


def tune(
    persona: Annotated[str, typer.Argument(help="Whose search.")],
    what: Annotated[
        str, typer.Option("--what", help="retriever (the embedder), reranker, reader, support or matcher.")
    ] = "retriever",
    reading: Annotated[
        Path | None,
        typer.Option("--reading", help="A folder with a reading comprehension set; default: BAKERSTREET_READING."),
    ] = None,
    no_reading: Annotated[bool, typer.Option("--no-reading", help="Train on the known questions alone.")] = False,
    known: Annotated[
        Path | None, typer.Option("--known", help="Known questions (JSONL), instead of those about the canon.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the order and the first weights.")] = 7,
    everything: Annotated[
        bool,
        typer.Option("--all-works", help="Train on the probable questions of all works, also those of the test split."),
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Where it goes; default: beside the persona.")] = None,
) -> None:
    """Train the embedder or the reranker of a persona, and say whether it beats the search without it.

    A run that was stopped resumes where it was.
    """
    from chatbot.evaluation import SEARCHED, questions_file, read_known_questions
    from chatbot.tuning import Callbacks, TrainingData, What, tune_reader, tune_search

    if what not in (known_to_tune := (*get_args(What), READER, SUPPORT, MATCHER)):
        raise MessageError(f"There is no '{what}' to tune. There are: {', '.join(known_to_tune)}.")
    with opened() as resources:
        settings = resources.settings
        if what == MATCHER:
            _tune_matcher(resources.persona(persona), settings, everything, seed, out)
            return
        folder = None if no_reading else reading or settings.reading
        if folder is None and not no_reading:
            raise MessageError(
                "Name the folder of a reading comprehension set with --reading, or train without it: --no-reading."
            )
        loaded = resources.persona(persona)
        if what == SUPPORT:
            _tune_support(loaded, settings, folder, everything, seed, out)
            return
        questions = read_known_questions(questions_file(loaded, known), SEARCHED)
        prepare(resources, persona)
        library = resources.library(persona)
        data = TrainingData(
            model=settings.embedder,
            passages=library.passages,
            questions=questions,
            reading=folder,
            cache=settings.encoder_cache,
            library=library,
            all_works=everything,
        )
        command = " ".join(
            ["bakerstreet library tune", persona]
            + [f"--what {what}"] * (what != "retriever")
            + (["--no-reading"] if no_reading else ["--reading DIR"])
            + [f"--known {shlex.quote(str(known))}"] * bool(known)
            + ["--all-works"] * everything
            + [f"--seed {seed}"]
        )
        say("Collecting questions and texts that answer them ...")
        with ExitStack() as bars:
            on_step = bars.enter_context(training_bar())
            embedding: list[Any] = []  # the bar of the passages, which each of two embedders fills once

            def on_passages(done: int, total: int) -> None:
                if not embedding or done < embedding[1]:
                    bars.close()
                    embedding[:] = [bars.enter_context(progress("Passages")), 0]
                embedding[0](done, total)
                embedding[1] = done

            if what == READER:
                folder, figures = tune_reader(
                    loaded,
                    data,
                    settings.runs_dir / f"{persona}-{what}",
                    destination=out,
                    command=command,
                    seed=seed,
                    threads=settings.threads,
                    callbacks=Callbacks(on_step, on_passages, say),
                )
                bars.close()
                for kind, part in figures.items():
                    typer.echo(
                        f"{kind}: of {part.questions} questions the first text answers {100 * part.first:.1f}%; "
                        f"spans: {100 * part.exact:.1f}% exact, F1 {100 * part.f1:.1f}%"
                    )
                say(f"The reader of {loaded.persona.name} is in {folder}; its card is README.md there.")
                return
            tuned = tune_search(
                what,  # type: ignore[arg-type]
                loaded,
                data,
                settings.runs_dir / f"{persona}-{what}",
                destination=out,
                command=command,
                seed=seed,
                threads=settings.threads,
                callbacks=Callbacks(on_step, on_passages, say),
            )
    for split, comparison in tuned.comparisons.items():
        typer.echo(
            f"{split}: the tuned {what} {comparison.verdict} the search without it "
            f"({comparison.questions} questions; answer among the first 1 / 4 / 10: {_shares(comparison.before)} "
            f"before, {_shares(comparison.after)} after; gain in reciprocal rank {comparison.gain[0]:+.3f} to "
            f"{comparison.gain[1]:+.3f})"
        )
    say(f"The {what} of {loaded.persona.name} is in {tuned.folder}; its card is README.md there.")


def _tune_support(
    loaded: LoadedPersona, settings: Settings, reading: Path | None, everything: bool, seed: int, out: Path | None
) -> None:
    from chatbot.tuning import tune_support

    command = " ".join(
        ["bakerstreet library tune", loaded.id, "--what", SUPPORT, "--reading DIR" if reading else "--no-reading"]
        + ["--all-works"] * everything
        + [f"--seed {seed}"]
    )
    with training_bar() as on_step:
        tuned = tune_support(
            loaded,
            settings.embedder,
            settings.runs_dir / f"{loaded.id}-{SUPPORT}",
            reading=reading,
            everything=everything,
            destination=out,
            command=command,
            seed=seed,
            threads=settings.threads,
            on_step=on_step,
            say=say,
        )
    if tuned.auroc is not None:
        typer.echo(f"test: AUROC {tuned.auroc:.3f} over {tuned.claims:,} claims about works that it has not seen")
    say(f"The support check of {loaded.persona.name} is in {tuned.folder}; its card is README.md there.")


def _tune_matcher(loaded: LoadedPersona, settings: Settings, everything: bool, seed: int, out: Path | None) -> None:
    from chatbot.tuning import tune_matcher

    command = f"bakerstreet library tune {loaded.id} --what {MATCHER}{' --all-works' * everything} --seed {seed}"
    with training_bar() as on_step:
        folder, before, after = tune_matcher(
            loaded,
            settings.embedder,
            settings.runs_dir / f"{loaded.id}-{MATCHER}",
            cache=settings.encoder_cache,
            everything=everything,
            destination=out,
            command=command,
            seed=seed,
            threads=settings.threads,
            on_step=on_step,
            say=say,
        )
    if before and after:
        typer.echo(
            f"{after.messages} messages that it was not trained on: the line that answers is the nearest in "
            f"{100 * after.first:.1f}% ({100 * before.first:.1f}% before), among five in {100 * after.few:.1f}% "
            f"({100 * before.few:.1f}%)"
        )
    say(f"The matcher of {loaded.persona.name} is in {folder}; its card is README.md there.")


def _shares(figures: Figures) -> str:
    return " / ".join(f"{100 * share:.1f}%" for share in (figures.top1, figures.top4, figures.top10))
