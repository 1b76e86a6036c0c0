"""`bakerstreet judges`: how well the judges of replies agree with a person who read them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import check_writable, opened, say, write_report
from chatbot.errors import MessageError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """One command so far; with a callback it keeps its name."""


@app.command("evaluate")
def evaluate(
    persona: Annotated[str, typer.Argument(help="Whose judges.")],
    files: Annotated[
        list[Path], typer.Argument(help="Replies, as `evaluate --resume` and `drift --resume` keep them.")
    ],
    verdicts: Annotated[
        Path, typer.Option("--verdicts", help="The folder of a reader's verdicts on statements, answers and talk.")
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
) -> None:
    """Hold the judges of support, of accepted answers, of character and of tone against what a reader found."""
    from chatbot.evaluation.drift import character_judge
    from chatbot.evaluation.judges import (
        judged_answers,
        judged_character,
        judged_support,
        report,
        summary,
        tone_tells,
        with_claims,
    )
    from chatbot.evaluation.replies import Answer, AnswerLog, TalkReply, read_verdicts

    check_writable(out)
    thought = read_verdicts(verdicts)
    replies = [reply for file in files for reply in AnswerLog.read(file)]
    answers = [reply for reply in replies if isinstance(reply, Answer)]
    talk = [reply for reply in replies if isinstance(reply, TalkReply)]
    with opened() as resources:
        models = resources.models(persona)
        support, tone = models.support(), models.tone()
        answers = with_claims(answers, support) if support else answers
        agreements = [
            judged_support(answers, thought, support.threshold.limit if support else 0.0),
            judged_answers(answers, thought),
            judged_character(talk, thought, character_judge(resources, persona)),
        ]
        area = tone_tells(talk, thought, tone.score) if tone else (None, None, 0)
    agreements = [made for made in agreements if made.texts]
    if not agreements:
        raise MessageError(f"No reply in these files was read: the verdicts in {verdicts} are on others.")
    typer.echo("\n".join(summary(agreements, area)))
    if out:
        about = f"The judges of the replies of {persona}, held against the verdicts of a reader."
        command = shlex.join(["bakerstreet", "judges", "evaluate", persona, *map(str, files)])
        write_report(out, report(agreements, area, about, f"{command} --verdicts {shlex.quote(str(verdicts))}"))
        say(f"Written: {out}.")
