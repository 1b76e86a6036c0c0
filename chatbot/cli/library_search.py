"""`bakerstreet library search`: the evidence for a question, and why it is this, without generating a reply."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import FileQuestion, opened, prepare, print_json, read_questions, say
from chatbot.errors import MessageError, ModeError, PlanError

if TYPE_CHECKING:
    from chatbot.library.search import Evidence, Found, Library, Plan


def search(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = DEFAULT_PERSONA,
    mode: Annotated[str, typer.Option("--mode", "-m", help="Search as this mode does.")] = "rag",
    plan_name: Annotated[str, typer.Option("--plan", help="Search by this plan instead.")] = "",
    modules: Annotated[
        str,
        typer.Option(
            "--modules",
            help="Search by these modules instead, written as in a persona file: 'dense, bm25, focus: {words: 40}'.",
        ),
    ] = "",
    number: Annotated[int, typer.Option("-k", min=1, max=50, help="How many pieces of evidence.")] = 4,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Questions, one a line, as for `ask`.")] = None,
    why: Annotated[bool, typer.Option("--why", help="Show what each module did.")] = False,
    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a line, with what each did.")] = False,
) -> None:
    """Show the evidence for a question without generating a reply."""
    from chatbot.trace import evidence_json, search_json

    if (question is None) == (file is None):
        raise MessageError("Give either a question or --file.")
    questions = read_questions(file) if file else [FileQuestion(question or "")]
    if not modules and not plan_name:
        _knowledge(mode)  # an error is said before anything is built
    with opened() as resources:
        resources.persona(persona)
        prepare(resources, persona)
        library = resources.library(persona)
        if not library.dense_ready:
            say(
                f"Searched by words; {library.embedded:,} of {library.total:,} passages by sense so far: "
                f"{library.why_words}."
            )
        plan = _plan(library, mode, plan_name, modules)
        for item in questions:
            found = library.search(item.question, plan, history=item.history, pieces=number)
            if json_lines:
                print_json(
                    {
                        "question": item.question,
                        "mode": mode,
                        "evidence": [evidence_json(piece) for piece in found.evidence],
                        "weak": found.weak,
                        "search": search_json(found),
                        "timings": {"retrieval_ms": round(found.milliseconds, 1)},
                    }
                )
                continue
            if found.mended:
                say(f"{found.mended}.")
            if found.weak:
                say(f"Weak evidence: {found.why_weak}.")
            for rank, piece in enumerate(found.evidence, 1):
                _show(rank, piece, why)
            if why:
                _show_steps(found)


def _plan(library: Library, mode: str, plan_name: str, modules: str) -> Plan:
    """The plan that the options name: modules before a plan before a mode."""
    if modules:
        return _plan_by_hand(modules)
    if plan_name:
        if plan_name not in library.plans:
            raise PlanError(f"There is no plan '{plan_name}'. There are: {', '.join(library.plans)}.")
        return library.plans[plan_name]
    return library.plan(_knowledge(mode))


def _plan_by_hand(modules: str) -> Plan:
    """The plan of `--modules`: a list as YAML has it, without its brackets."""
    from chatbot.library.search import plan_of
    from chatbot.yaml_text import YamlError, parse_yaml

    try:
        steps = parse_yaml(f"[{modules}]").data
    except YamlError as error:
        raise PlanError(
            f"The modules '{modules[:200]}' cannot be read ({error.mistakes[0].message}). Put commas between them, "
            "settings in braces and steps in brackets: 'decompose: [dense, bm25, fuse, focus: {words: 40}]'."
        ) from error
    return plan_of("by hand", steps)


def _knowledge(mode: str) -> Plan:
    from chatbot.modes import get_mode

    knowledge = get_mode(mode).knowledge
    if knowledge is None:
        raise ModeError(f"The mode '{mode}' searches nothing. Use one that does: rag or hybrid.")
    return knowledge


def _show(rank: int, piece: Evidence, why: bool) -> None:
    typer.echo(f"{rank}. {piece.heading} ({piece.score:.2f}, {piece.passage.kind})\n   {piece.text}")
    if why:
        _show_reasons(piece)


def _show_reasons(piece: Evidence) -> None:
    for reason in piece.reasons:
        note = f": {reason.note}" if reason.note else ""
        typer.echo(f"     {reason.module} put it in place {reason.rank} ({reason.score:.2f}){note}")


def _show_steps(found: Found) -> None:
    typer.echo(f"\n{found.considered} passages were found; likely to answer: {found.confidence:.2f}")
    for step in found.steps:
        typer.echo(f"  {step.module:14} {step.milliseconds:7.1f} ms  {step.candidates:3} left  {step.note}")
    _show_dropped(found.dropped)


def _show_dropped(dropped: Sequence[Evidence]) -> None:
    for piece in dropped:
        last = piece.reasons[-1] if piece.reasons else None
        reason = f"{last.module}: {last.note}" if last else ""
        typer.echo(f"  dropped ({reason}): {piece.passage.work}: {piece.text[:90]}")
