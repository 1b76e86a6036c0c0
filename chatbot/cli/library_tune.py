"""`bakerstreet library tune`: an embedder or a reranker of the persona's own, trained on this machine."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from chatbot.cli.common import opened, prepare, progress, say, training_bar
from chatbot.errors import MessageError

EMBEDDED_TOGETHER = 64  # passages between two tellings


def tune(
    persona: Annotated[str, typer.Argument(help="Whose search.")],
    what: Annotated[str, typer.Option("--what", help="retriever (the embedder) or reranker.")] = "retriever",
    reading: Annotated[
        Path | None,
        typer.Option("--reading", help="A folder with reading practice; default: BAKERSTREET_READING."),
    ] = None,
    no_reading: Annotated[bool, typer.Option("--no-reading", help="Train on the known questions alone.")] = False,
    known: Annotated[
        Path | None, typer.Option("--known", help="Known questions (JSONL), instead of those about the canon.")
    ] = None,
    number: Annotated[
        int, typer.Option("--questions", min=0, help="Have the small model make so many questions first.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the order and the first weights.")] = 7,
    out: Annotated[Path | None, typer.Option("--out", help="Where it goes; default: beside the persona.")] = None,
) -> None:
    """Train the embedder or the reranker of a persona, and say whether it beats the search without it.

    A run that was stopped goes on where it was.
    """
    from chatbot.evaluation import questions_file, read_known_questions
    from chatbot.tuning.tune import Ground, Watch, What
    from chatbot.tuning.tune import tune as tune_search

    if what not in get_args(What):
        raise MessageError(f"There is no '{what}' to tune. There are: {', '.join(get_args(What))}.")
    with opened() as resources:
        settings = resources.settings
        folder = None if no_reading else reading or settings.reading
        if folder is None and not no_reading:
            raise MessageError(
                "Name the folder of the reading practice with --reading, or train without it: --no-reading."
            )
        loaded = resources.persona(persona)
        questions = read_known_questions(questions_file(loaded, known))
        prepare(resources, persona)
        library = resources.library(persona)
        run = settings.runs_dir / f"{persona}-{what}"
        made = _made(resources, library.passages, questions, number, settings.runs_dir / persona, seed)
        ground = Ground(
            model=settings.embedder,
            passages=library.passages,
            questions=questions,
            reading=folder,
            made=made,
            cache=settings.encoder_cache,
        )
        command = " ".join(
            ["bakerstreet library tune", persona]
            + [f"--what {what}"] * (what != "retriever")
            + (["--no-reading"] if no_reading else ["--reading DIR"])
            + [f"--known {shlex.quote(str(known))}"] * bool(known)
            + [f"--questions {number}"] * bool(number)
            + [f"--seed {seed}"]
        )
        say("Gathering questions and what answers them ...")
        with ExitStack() as bars:
            show = bars.enter_context(training_bar())

            def embedded(done: int, total: int) -> None:  # a bar of its own, when the training's is full
                if done <= EMBEDDED_TOGETHER or not shown:
                    bars.close()
                    shown[:] = [bars.enter_context(progress("Passages"))]
                shown[0](done, total)

            shown: list[Any] = []
            tuned = tune_search(
                what,  # type: ignore[arg-type]
                loaded,
                ground,
                run,
                library=library,
                destination=out,
                command=command,
                seed=seed,
                threads=settings.threads,
                watch=Watch(show, embedded, say),
            )
    for part, comparison in tuned.comparisons.items():
        typer.echo(
            f"{part.replace('_', ' ')}: the tuned {what} {comparison.verdict} the search without it "
            f"({comparison.questions} questions; answer among the first 1 / 4 / 10: {_shares(comparison.before)} "
            f"before, {_shares(comparison.after)} after; gain in reciprocal rank {comparison.gain[0]:+.3f} to "
            f"{comparison.gain[1]:+.3f})"
        )
    say(f"The {what} of {loaded.persona.name} is in {tuned.folder}; its card is README.md there.")


def _made(resources: Any, passages: Any, questions: Any, number: int, folder: Path, seed: int) -> Any:
    if not number:
        return ()
    from chatbot.tuning.pairs import trained_passages
    from chatbot.tuning.questions import make_questions

    with progress("Questions") as show:
        made = make_questions(
            resources.engine,
            trained_passages(passages, questions),
            number,
            folder / "questions.jsonl",
            seed=seed,
            on_progress=show,
        )
    say(f"{len(made)} of the questions that were made can be used.")
    return made


def _shares(figures: Any) -> str:
    return " / ".join(f"{100 * share:.1f}%" for share in (figures.top1, figures.top4, figures.top10))
