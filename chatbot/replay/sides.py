"""The same conversations on two sides: two voices, models, versions of a library, or settings; as a report."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from chatbot.errors import BakerStreetError, ReplayError
from chatbot.progress import Progress, Say
from chatbot.replay.cassette import RecordedTurn
from chatbot.replay.differences import Difference, differences
from chatbot.replay.format import SUFFIX, read_replay
from chatbot.replay.runner import ReplayOutcome, run_replay
from chatbot.replay.stage import Stage, open_stage
from chatbot.settings import Settings, load_settings

STYLE = """
:root { color-scheme: light dark }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; font: 1rem/1.5 Georgia, serif }
table { border-collapse: collapse } th, td { border: 1px solid #8886; padding: .25rem .6rem; text-align: left }
article { border: 1px solid #8886; border-radius: .5rem; margin: 1rem 0; padding: .5rem 1rem }
p { white-space: pre-wrap; overflow-wrap: anywhere } .what { opacity: .7; font-size: .875rem }
del { background: #c003; text-decoration: line-through } ins { background: #0903; text-decoration: none }
"""


@dataclass(frozen=True)
class Side:
    """One of the two: its name in the report, and the settings that make it."""

    name: str
    settings: Settings


@dataclass(frozen=True)
class Played:
    """What came of replays on one side.

    Attributes:
        side: which.
        outcomes: by the name of the replay.
        refused: why those could not be run that are not among them.
        tones: of the replies, from 0 to 1, where the persona has a tone meter.
    """

    side: Side
    outcomes: dict[str, ReplayOutcome]
    refused: dict[str, str]
    tones: tuple[float, ...] = ()

    @property
    def passed(self) -> str:
        """How many replays are as expected."""
        return str(sum(outcome.passed for outcome in self.outcomes.values()))

    @property
    def tone(self) -> str:
        """The mean."""
        return f"{sum(self.tones) / len(self.tones):.3f}" if self.tones else "-"

    @property
    def seconds(self) -> str:
        """That all took."""
        return f"{sum(outcome.seconds for outcome in self.outcomes.values()):.1f}"

    def with_verdict(self, verdict: str) -> str:
        """How many turns have it."""
        return str(sum(turn.verdict == verdict for turn in self.turns))

    @property
    def turns(self) -> list[RecordedTurn]:
        """All that were taken."""
        return [turn.came for outcome in self.outcomes.values() for turn in outcome.turns]


def open_side(text: str) -> Side:
    """A side as the command line names it.

    Args:
        text: a folder: that is BAKERSTREET_HOME there; a file of settings (TOML); or settings as `name=value`, with
            commas between them.

    Raises:
        ReplayError: it is none of these.
        SettingsError: a setting is invalid.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return Side(text, load_settings(home=path))
    if path.is_file():
        try:
            return Side(text, load_settings(**tomllib.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError) as error:
            raise ReplayError(
                f"{text} cannot be read as settings: {error}. Write them as in bakerstreet.toml."
            ) from error
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise ReplayError(
            f"'{text}' is neither a folder nor a file, nor settings. Name a home (a folder), a file of settings "
            "(TOML), or settings such as 'model=/models/other' or 'personas=/other/personas,exact=true'."
        )
    return Side(text, load_settings(**{name.strip(): value.strip() for name, _, value in pairs}))


def played(
    side: Side,
    files: Sequence[Path],
    say: Say = lambda _: None,
    on_progress: Progress = lambda done, total: None,
    stage: Callable[..., Any] = open_stage,
) -> Played:
    """Run replays on a side, with its models; what one expects is noted, and stops nothing.

    Args:
        side: where.
        files: of the replays.
        say: told what is being done when it takes more than a moment.
        on_progress: told how many have been run, of how many.
        stage: opens the side's stage.
    """
    outcomes: dict[str, ReplayOutcome] = {}
    refused: dict[str, str] = {}
    tones: list[float] = []
    with stage(side.settings, say) as opened:
        for number, file in enumerate(files, 1):
            name = str(file).removesuffix(SUFFIX)
            try:
                replay = read_replay(file, opened.personas())
                opened.ready(replay)
                outcomes[name] = run_replay(replay, opened, file)
                tones += _tones(opened, replay.persona, outcomes[name])
            except BakerStreetError as error:
                refused[name] = str(error)
            on_progress(number, len(files))
    return Played(side, outcomes, refused, tuple(tones))


def report(a: Played, b: Played, *, html: bool = False) -> str:
    """Both side by side: figures, then every turn of which something else came.

    Args:
        a, b: the same replays on either side.
        html: a page that stands alone; otherwise Markdown.
    """
    names = [name for name in a.outcomes if name in b.outcomes]
    pairs = [(name, *pair) for name in names for pair in _paired(a.outcomes[name], b.outcomes[name])]
    figures: Figures = [
        ("replays", str(len(a.outcomes)), str(len(b.outcomes))),
        ("as expected", a.passed, b.passed),
        ("turns", str(len(a.turns)), str(len(b.turns))),
        ("he declines", a.with_verdict("declined"), b.with_verdict("declined")),
        ("withheld", a.with_verdict("withheld"), b.with_verdict("withheld")),
        ("mean tone", a.tone, b.tone),
        ("seconds", a.seconds, b.seconds),
    ]
    same = sum(one.reply == other.reply for _, _, one, other in pairs)
    evidence = sum(one.evidence == other.evidence for _, _, one, other in pairs)
    summary = f"Of {len(pairs)} turns that both took, {evidence} have the same evidence and {same} the same reply."
    compared = [(name, number, one, other, differences(one, other)) for name, number, one, other in pairs]
    changed = [turn for turn in compared if turn[-1]]
    refused = [f"{side.side.name}: {name}: {why}" for side in (a, b) for name, why in side.refused.items()]
    write = _html if html else _markdown
    return "".join(write(a.side.name, b.side.name, figures, summary, changed, refused))


Changed = tuple[str, int, RecordedTurn, RecordedTurn, list[Difference]]
Figures = Sequence[tuple[str, str, str]]


def _paired(a: ReplayOutcome, b: ReplayOutcome) -> Iterator[tuple[int, RecordedTurn, RecordedTurn]]:
    for one, other in zip(a.turns, b.turns, strict=False):
        yield one.number, one.came, other.came


def _tones(stage: Stage, persona: str, outcome: ReplayOutcome) -> list[float]:
    meter = stage.models(persona).tone()
    return [meter.score(turn.came.reply) for turn in outcome.turns] if meter else []


def _markdown(
    a: str, b: str, figures: Figures, summary: str, changed: Sequence[Changed], refused: Sequence[str]
) -> Iterator[str]:
    yield f"# Replays: {a} and {b}\n\n| | {a} | {b} |\n|---|---|---|\n"
    yield from (f"| {name} | {one} | {other} |\n" for name, one, other in figures)
    yield f"\n{summary}\n"
    for name, number, one, other, found in changed:
        yield f"\n## {name}, turn {number}\n\n**You**: {one.user}\n\n"
        yield f"**{a}**: {_quoted(one.reply)}\n\n**{b}**: {_quoted(other.reply)}\n"
        for difference in found:
            if difference.what not in ("reply", "prompt"):
                yield f"\n{_fenced(difference.shown())}\n"
    yield from (f"\nNot run: {why}\n" for why in refused)


def _quoted(reply: str) -> str:
    return "\n> " + reply.replace("\n", "\n> ")


def _fenced(text: str) -> str:
    return f"~~~~\n{text.replace('~~~~', '~~~')}\n~~~~"


def _html(
    a: str, b: str, figures: Figures, summary: str, changed: Sequence[Changed], refused: Sequence[str]
) -> Iterator[str]:
    title = escape(f"Replays: {a} and {b}")
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    yield f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    yield f"<table>\n<tr><th></th><th>{escape(a)}</th><th>{escape(b)}</th></tr>\n"
    yield from (f"<tr><th>{name}</th><td>{one}</td><td>{other}</td></tr>\n" for name, one, other in figures)
    yield f"</table>\n<p>{summary}</p>\n"
    for name, number, one, _, found in changed:
        yield f"<article>\n<h2>{escape(name)}, turn {number}</h2>\n<p><b>You</b>: {escape(one.user)}</p>\n"
        yield from (f'<p class="what">{each.what}</p>\n<p>{each.html()}</p>\n' for each in found)
        yield "</article>\n"
    yield from (f"<p>Not run: {escape(why)}</p>\n" for why in refused)
    yield "</body>\n</html>\n"
