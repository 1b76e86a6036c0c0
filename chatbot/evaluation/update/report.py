"""What it took and what came of it: two tables, and how much of the old was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chatbot.evaluation.markdown import MISSING, change_with, figure, share_with, table
from chatbot.evaluation.statistics import Interval
from chatbot.evaluation.update.experiment import Experiment
from chatbot.evaluation.update.values import Compared, Cost, Update, compared

_ASKED = {
    "new": "new facts, wordings that nothing was taught",
    "taught": "new facts, a wording that the voice was taught",
    "old": "ordinary questions",
}
_Shown = Callable[[float | None, Interval], str]
_WAY = {"text": "text added", "voice": "voice taught"}


def result_of(experiment: Experiment, setting: Mapping[str, str], command: str) -> Update:
    """The result of a run that has come to its end.

    Args:
        experiment: with its log.
        setting: what was used, on what.
        command: that makes the result.
    """
    text, voice = experiment.log.cost("text"), experiment.log.cost("voice")
    assert text is not None and voice is not None, "the run has not come to its end"
    replies = experiment.log.replies
    return Update(
        setting=setting,
        command=command,
        facts=len(experiment.case.facts),
        old=len(experiment.old),
        text=text,
        voice=voice,
        right=tuple(compared(replies, of_tone=False)),
        tone=tuple(compared(replies, of_tone=True)),
        replies=tuple(replies),
    )


def summary(update: Update) -> list[str]:
    """The lines of the tables."""
    return [
        *_costs(update.text, update.voice),
        "",
        *_compared("right", update.right, share_with, change_with),
        "",
        *_compared("tone", update.tone, _score_with, _gain_with),
    ]


def report(update: Update) -> str:
    """Markdown: the tables, how they came about, and some replies."""
    setting = update.setting
    return "\n".join(
        [
            "# Knowledge update",
            "",
            f"{update.facts} facts of an invented case made answerable in two ways: its text added to a copy of the "
            "library (`library add`), and the facts taught to a copy of the voice, closed book. "
            f"{update.old} ordinary questions of the test split show what is lost.",
            "",
            f"{setting['persona']}, {setting['model']} on {setting['engine']}, library {setting['library']}; "
            f"{setting['training']}; {setting['processor']}, {setting['cores']} cores, load {setting['load_before']} "
            "before.",
            "",
            f"Made by `{update.command}`.",
            "",
            *summary(update),
            "",
            "Right: an accepted answer is in the reply, as whole words. The voice is taught two wordings of each fact,",
            "and asked in a third and in one of the two. With the taught voice, modes that search do so in the library",
            "without the text. Tone: of the replies to the ordinary questions. Brackets: 95%, percentile bootstrap; of",
            "a change, over the differences question by question. Energy: of the processor, where it can be read.",
            "",
            "## What the taught voice says",
            "",
            *_replies(update),
            "",
        ]
    )


def _costs(text: Cost, voice: Cost) -> list[str]:
    return table(
        ("", "text added", "voice taught"),
        [
            ("seconds", figure(text.seconds), figure(voice.seconds)),
            ("seconds until the next question finds it", figure(text.ready_seconds), figure(voice.ready_seconds)),
            ("bytes", f"{text.bytes:,}", f"{voice.bytes:,}"),
            (
                "bytes of the converted voice",
                MISSING,
                f"{voice.converted_bytes:,}" if voice.converted_bytes else MISSING,
            ),
            ("energy [J]", figure(text.joules), figure(voice.joules)),
            ("done", f"{text.units} passages", f"{voice.units} steps, {voice.tokens:,} tokens"),
            ("parameters trained", "0", f"{voice.trainable:,}"),
        ],
    )


def _compared(name: str, rows: Sequence[Compared], value: _Shown, change: _Shown) -> list[str]:
    return table(
        (name, "mode", "asked", "of", "before", "after", "change"),
        [
            (
                _WAY[row.way],
                f"`{row.mode}`",
                _ASKED[row.asked],
                str(row.of),
                value(row.before, row.before_interval),
                value(row.after, row.after_interval),
                change(row.change, row.change_interval),
            )
            for row in rows
        ],
    )


def _score_with(value: float | None, interval: Interval) -> str:
    return MISSING if value is None or interval is None else f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _gain_with(value: float | None, interval: Interval) -> str:
    return MISSING if value is None or interval is None else f"{value:+.3f} [{interval[0]:+.3f}, {interval[1]:+.3f}]"


def _replies(update: Update) -> list[str]:
    rows = [
        (reply.question, reply.reply, "yes" if reply.right else "no")
        for reply in update.replies
        if reply.condition == "voice" and reply.asked == "new"
    ]
    return table(
        ("asked", "reply", "right"),
        [tuple(" ".join(cell.replace("|", "\\|").split()) for cell in row) for row in rows],
        padded=False,
    )
