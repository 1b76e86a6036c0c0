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

READER, SUPPORT, MATCHER, SELECTOR = "reader", "support", "matcher", "selector"


def tune(
    persona: Annotated[str, typer.Argument(help="Whose search.")],
    what: Annotated[
        str, typer.Option("--what", help="retriever (the embedder), reranker, reader, support, matcher or selector.")
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

    if what not in (known_to_tune := (*get_args(What), READER, SUPPORT, MATCHER, SELECTOR)):
        raise MessageError(f"There is no '{what}' to tune. There are: {', '.join(known_to_tune)}.")
    with opened() as resources:
        settings = resources.settings
        if what in (MATCHER, SELECTOR):
            _tune_judge(what, resources.persona(persona), settings, None, everything, seed, out)
            return
        folder = None if no_reading else reading or settings.reading
        if folder is None and not no_reading:
            raise MessageError(
                "Name the folder of a reading comprehension set with --reading, or train without it: --no-reading."
            )
        loaded = resources.persona(persona)
        if what == SUPPORT:
            _tune_judge(what, loaded, settings, folder, everything, seed, out)
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


def _tune_judge(
    what: str,
    loaded: LoadedPersona,
    settings: Settings,
    reading: Path | None,
    everything: bool,
    seed: int,
    out: Path | None,
) -> None:
    """Train a model that is no part of the search, and say how it fares on what it was not trained on."""
    from chatbot.tuning import tune_matcher, tune_selector, tune_support

    read = ["--reading DIR" if reading else "--no-reading"] if what == SUPPORT else []
    command = ["bakerstreet library tune", loaded.id, f"--what {what}", *read, *["--all-works"] * everything]
    common: dict[str, Any] = {
        "destination": out,
        "command": " ".join([*command, f"--seed {seed}"]),
        "seed": seed,
        "threads": settings.threads,
        "say": say,
    }
    model, run, fares = settings.embedder, settings.runs_dir / f"{loaded.id}-{what}", ""
    with training_bar() as on_step:
        common["on_step"] = on_step
        if what == SUPPORT:
            support = tune_support(loaded, model, run, reading=reading, everything=everything, **common)
            folder = support.folder
            if support.auroc is not None:
                fares = f"test: AUROC {support.auroc:.3f} over {support.claims:,} claims about works it has not seen"
        elif what == MATCHER:
            folder, plain, tuned = tune_matcher(
                loaded, model, run, cache=settings.encoder_cache, everything=everything, **common
            )
            if plain and tuned:
                fares = (
                    f"{tuned.messages} messages that it was not trained on: the line that answers is the nearest in "
                    f"{100 * tuned.first:.1f}% ({100 * plain.first:.1f}% before), among five in "
                    f"{100 * tuned.few:.1f}% ({100 * plain.few:.1f}%)"
                )
        else:
            # It is never trained on everything: its weights are fitted on what is held out.
            folder, before, after = tune_selector(loaded, model, run, cache=settings.encoder_cache, **common)
            fares = (
                f"{after.messages} messages that it was not trained on: of {after.answerable} that some line answers, "
                f"the likeliest answers {100 * after.right:.1f}% (the nearest {100 * before.right:.1f}%); AUROC "
                f"{after.auroc:.3f} ({before.auroc:.3f})"
            )
    if fares:
        typer.echo(fares)
    say(f"The {what} of {loaded.persona.name} is in {folder}; its card is README.md there.")


def _shares(figures: Figures) -> str:
    return " / ".join(f"{100 * share:.1f}%" for share in (figures.top1, figures.top4, figures.top10))
