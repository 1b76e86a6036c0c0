"""`bakerstreet compare`: every mode over the same questions and conversations, on seven axes."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatbot.cli.common import check_writable, opened, prepare, progress, say, write_report
from chatbot.errors import MessageError

if TYPE_CHECKING:
    from chatbot.evaluation.compare import Plan
    from chatbot.resources import Resources
    from personas import LoadedPersona

NAME = "compare"  # of the files in the folder


def compare(
    persona: Annotated[str, typer.Argument(help="Who is asked.")],
    modes: Annotated[str, typer.Option("--modes", help="Modes, separated by commas; default: all.")] = "",
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), instead of the persona's own.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--sample", min=1, help="Only so many questions of each kind, and conversations.")
    ] = None,
    axes: Annotated[str, typer.Option("--axes", help="Axes, separated by commas; default: all seven.")] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is written by chance.")] = 0,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, help="So many turns at the same time, but for those that are timed.")
    ] = 1,
    facts: Annotated[
        Path | None, typer.Option("--facts", help="The voice of 'ft (facts)'; default: of `voice train --facts`.")
    ] = None,
    update: Annotated[
        Path | None, typer.Option("--update", help="The result of `bakerstreet update` (JSON), for its axis.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="The compare.json of an earlier run over the same questions.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder of the report; default: under the home's runs.")
    ] = None,
) -> None:
    """Ask every mode the same, and measure them on seven axes: HTML, Markdown and JSON in a folder.

    A run that was stopped goes on when it is called again with the same folder.
    """
    from chatbot.evaluation import require_matplotlib
    from chatbot.evaluation.bench import machine
    from chatbot.evaluation.compare import (
        CompareLog,
        Report,
        as_json,
        broken_of,
        changes,
        check_same,
        figures,
        html,
        markdown,
        read_run,
        run,
        update_figures,
    )
    from chatbot.evaluation.drift import character_judge
    from chatbot.evaluation.update import read_update

    shown = _axes(axes)
    require_matplotlib()
    earlier = read_run(against) if against else None
    updated = read_update(update) if update else None
    on = machine()
    with TemporaryDirectory(prefix="bakerstreet-") as kept, opened(f"sqlite:///{kept}/talk.sqlite3") as resources:
        loaded = resources.persona(persona)
        folder = out or resources.settings.runs_dir / f"{persona}-compare"
        files = {kind: folder / f"{NAME}.{kind}" for kind in ("html", "md", "json", "jsonl")}
        check_writable(*files.values())
        taught = facts or resources.settings.voices_dir / f"{persona}-facts"
        plan = replace(
            _plan(loaded, questions, number, seed),
            modes=_entrants(loaded, modes, taught, needed=facts is not None),
            axes=shown,
            facts=taught,
            at_once=at_once,
        )
        if earlier and against:
            check_same(earlier, plan.asked, against)
        prepare(resources, persona)
        resources.warm(persona)
        setting = _setting(resources, persona, seed)
        outcome = run(resources, plan, CompareLog(files["jsonl"], setting), progress)
        meter, broken = resources.models(persona).tone(), broken_of(outcome, character_judge(resources, persona))
        books = sum(entry.kind == "text" for entry in resources.library(persona).manifest.sources.values())
    lines = {reply.reply for reply in (*outcome.questions, *outcome.talk, *outcome.provocations)}
    tones = {line: meter.score(line) for line in lines} if meter else {}
    made = [*figures(outcome, tones, broken), *update_figures(updated, plan.modes)]
    report = Report(
        name=loaded.persona.name,
        about=f"{len(plan.questions)} questions of the test split, {len(plan.talks)} conversations and "
        f"{len(plan.provocations)} provocations put to {persona} in each mode; engine {setting['engine']}; the library "
        f"holds the casebook and {books} books. Measured on {on['processor']}, {on['cores']} cores, with a load of "
        f"{on['load_before']} before.",
        command=_command(persona, plan, questions, number, seed),
        setting={**setting, "machine": on},
        axes=shown,
        asked=plan.asked,
        outcome=outcome,
        figures=made,
        tones=tones,
        broken=broken,
        changes=changes(earlier, made) if earlier else (),
        against=earlier.about if earlier else "",
    )
    text = markdown(report)
    typer.echo(text)
    for kind, written in (("md", text), ("json", as_json(report)), ("html", html(report))):
        write_report(files[kind], written)
    say(f"Written: {', '.join(str(files[kind]) for kind in ('html', 'md', 'json'))}; the replies: {files['jsonl']}.")


def _axes(named: str) -> tuple[str, ...]:
    from chatbot.evaluation.compare import AXES

    chosen = [name.strip() for name in named.split(",") if name.strip()]
    if unknown := [name for name in chosen if name not in AXES]:
        raise MessageError(f"There is no axis '{unknown[0]}'. There are: {', '.join(AXES)}.")
    return tuple(name for name in AXES if name in chosen or not chosen)


def _entrants(loaded: LoadedPersona, named: str, taught: Path, *, needed: bool) -> tuple[str, ...]:
    """The modes, and `ft (facts)` where there is its voice; `needed`: whether its folder was named."""
    from chatbot.evaluation.compare import FACTS
    from chatbot.modes import MODES, get_mode

    names = [name.strip() for name in named.split(",") if name.strip()]
    if (needed or FACTS in names) and not taught.is_dir():
        raise MessageError(
            f"There is no voice in {taught}. Train one with `bakerstreet voice train {loaded.id} --facts`, or leave it "
            "out."
        )
    if names:
        return tuple(dict.fromkeys(name if name == FACTS else get_mode(name).name for name in names))
    return (*(mode.name for mode in MODES.values() if loaded.voice or not mode.voice), *([FACTS] * taught.is_dir()))


def _plan(loaded: LoadedPersona, questions: Path | None, number: int | None, seed: int) -> Plan:
    """What every mode is asked."""
    from chatbot.evaluation import choose_questions, questions_file, read_known_questions, read_talk, sample_each
    from chatbot.evaluation.compare import ALTERED, KINDS, TIMED, WISHED, Plan

    file = questions_file(loaded, questions)
    known = choose_questions(file, "test", KINDS)
    left = [one for one in read_known_questions(file) if one.kind == "plain" and one not in known]
    left += read_known_questions(loaded.validation) if loaded.validation else []
    talks = read_talk(loaded.talk) if loaded.talk else []
    provocations = read_talk(loaded.provocations) if loaded.provocations else []
    if not provocations:
        say(f"{loaded.persona.name} has no provocations.jsonl: nobody provokes him.")
    return Plan(
        persona=loaded.id,
        modes=(),
        questions=tuple(sample_each(known, number) if number else known),
        talks=tuple(talks[:number]),
        provocations=tuple(provocations[:number]),
        others=tuple(left or known),
        altered=min(ALTERED, number or ALTERED),
        wished=min(WISHED, number or WISHED),
        timed=min(TIMED, number or TIMED),
        seed=seed,
    )


def _setting(resources: Resources, persona: str, seed: int) -> dict[str, str]:
    """What answers: replies of anything else are not mixed with these."""
    manifest, settings = resources.library(persona).manifest, resources.settings
    voice = resources.persona(persona).voice
    weights = b"".join(file.read_bytes() for file in sorted(voice.glob("*.safetensors"))) if voice else b""
    return {
        "persona": persona,
        "model": settings.model,
        "engine": resources.engine.name,
        "library": f"{manifest.stamp} ({manifest.total} passages)",
        "voice": hashlib.sha256(weights).hexdigest()[:12] if weights else "none",
        "seed": str(seed),
    }


def _command(persona: str, plan: Plan, questions: Path | None, number: int | None, seed: int) -> str:
    from chatbot.evaluation.compare import AXES

    parts: list[Any] = ["bakerstreet compare", persona]
    parts += [f"--questions {shlex.quote(str(questions))}"] * bool(questions)
    parts += [f"--modes {shlex.quote(','.join(plan.modes))}"]
    parts += [f"--axes {','.join(plan.axes)}"] * (plan.axes != tuple(AXES))
    parts += [f"--sample {number}"] * bool(number) + [f"--seed {seed}"] * bool(seed)
    parts += [f"--at-once {plan.at_once}"] * (plan.at_once > 1)
    return " ".join(parts)
