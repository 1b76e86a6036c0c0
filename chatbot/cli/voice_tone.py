"""`bakerstreet voice tone`: how much lines sound like the persona; and the training of the meter that says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli.common import opened, print_json, progress, say
from chatbot.errors import MessageError

if TYPE_CHECKING:
    from chatbot.resources import Resources

PLAIN_TOKENS = 70  # of a plain answer: about as long as the persona's


def tone(
    persona: Annotated[str, typer.Argument(help="Whose tone.")],
    file: Annotated[Path | None, typer.Argument(help="Lines to score, one a line.")] = None,
    train: Annotated[bool, typer.Option("--train", help="Train the meter.")] = False,
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A folder with the persona's books; default: they are fetched.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the meter goes; default: beside the persona.")
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Score lines by their tone, from 0 to 1, or train the meter."""
    if train == (file is not None):
        raise MessageError("Name a file with lines to score, or train the meter with --train.")
    with opened() as resources:
        if file is None:
            _train(resources, persona, texts, out)
            return
        meter = resources.models(persona).tone()
        if meter is None:
            raise MessageError(
                f"The persona '{persona}' has no tone meter. Train one with `bakerstreet voice tone {persona} --train`."
            )
        try:
            lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, UnicodeError) as error:
            raise MessageError(f"The lines in {file} cannot be read: {error}. Name a text file in UTF-8.") from error
        for line in lines:
            score = round(meter.score(line), 3)
            if json_lines:
                print_json({"line": line, "tone": score})
            else:
                typer.echo(f"{score:.3f}  {line}")


def _train(resources: Resources, persona: str, texts: Path | None, out: Path | None) -> None:
    from chatbot.engines import Request, Sampling
    from chatbot.library.texts import gather_texts
    from chatbot.prompts import Message
    from chatbot.tuning import answered_plainly, gathered_lines, own_exchanges, train_tone

    loaded, settings = resources.persona(persona), resources.settings

    def plainly(message: str) -> str:
        request = Request((Message("user", message),), sampling=Sampling(max_new_tokens=PLAIN_TOKENS))
        return resources.engine.submit(request).completion.text

    exchanges = own_exchanges(loaded)
    kept = settings.runs_dir / f"{persona}-tone" / "plain.jsonl"
    with progress("Plain answers") as show:
        answers = answered_plainly(exchanges, plainly, kept, show)
    books: dict[str, str] = {}
    if loaded.persona.sources:
        with progress("Texts") as show:
            books = gather_texts(
                loaded.persona.sources, texts or settings.texts, settings.texts_dir, on_progress=show, say=say
            )
    say("Training the tone meter ...")
    meter = train_tone(loaded, gathered_lines(loaded, books, answers), out)
    for against, area in meter.facts["auroc"].items():
        typer.echo(f"against {against}: AUROC {area:.3f}")
    say(f"The tone meter of {loaded.persona.name} is in {out or loaded.tone}.")
