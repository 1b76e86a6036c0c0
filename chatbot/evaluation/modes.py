"""The same questions in each mode, and a table of what came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from chatbot.bot import Answered, Bot, Question
from chatbot.evaluation.questions import KnownQuestion


@dataclass(frozen=True)
class Result:
    """One question in one mode."""

    known: KnownQuestion
    mode: str
    answered: Answered

    @property
    def right(self) -> bool:
        """Whether an accepted answer stands in the reply."""
        return self.known.answered_by(self.answered.reply)

    @property
    def held(self) -> bool:
        """Whether an accepted answer stands in the evidence."""
        return any(self.known.answered_by(piece.text) for piece in self.answered.trace.evidence)


def ask_all(
    bot: Bot,
    questions: Sequence[KnownQuestion],
    modes: Sequence[str],
    persona: str,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Result]:
    """Ask every question in every mode, each alone."""
    results: list[Result] = []
    total = len(questions) * len(modes)
    on_progress(0, total)
    for known in questions:
        for mode in modes:
            answered = bot.reply(Question(known.question, persona=persona, mode=mode))
            results.append(Result(known, mode, answered))
            on_progress(len(results), total)
    return results


def report(results: Sequence[Result], command: str, about: str) -> str:
    """A Markdown report: figures a mode, then every question with every reply and its evidence."""
    modes = list(dict.fromkeys(result.mode for result in results))
    lines = ["# First light", "", about, "", f"Made by `{command}`.", "", *_figures(results, modes), ""]
    for known in dict.fromkeys(result.known for result in results):
        lines += [f"## {known.question}", "", f"*{known.work}*; accepted: {', '.join(known.answers)}.", ""]
        lines += [
            "| mode | right | reply | evidence | ms: search, first token, all |",
            "|---|---|---|---|---|",
        ]
        for result in results:
            if result.known == known:
                lines.append(_row(result))
        lines.append("")
    return "\n".join(lines)


def _figures(results: Sequence[Result], modes: Sequence[str]) -> list[str]:
    lines = [
        "| mode | right | answer in the evidence | declined | reply replaced after the check "
        "| search ms | first token ms | all ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for mode in modes:
        own = [result for result in results if result.mode == mode]
        verdicts = [result.answered.trace.check.verdict if result.answered.trace.check else "" for result in own]
        times = [result.answered.trace.timings for result in own]
        lines.append(
            f"| {mode} | {sum(result.right for result in own)} of {len(own)} | {sum(result.held for result in own)} "
            f"| {verdicts.count('declined')} | {verdicts.count('withheld')} "
            f"| {median(time.retrieval_ms for time in times):.0f} "
            f"| {median(time.first_token_ms for time in times):.0f} "
            f"| {median(time.total_ms for time in times):.0f} |"
        )
    return [*lines, "", "Times are medians."]


def _row(result: Result) -> str:
    trace = result.answered.trace
    pieces = "<br>".join(
        f"[{number}] {piece.passage.work} ({piece.passage.kind}, {piece.score:.2f})"
        + (f": {_cell(piece.text)}" if piece.passage.kind == "casebook" else f", paragraph {piece.passage.place}")
        for number, piece in enumerate(trace.evidence, 1)
    )
    times = trace.timings
    reply = _cell(result.answered.reply)
    return (
        f"| {result.mode} | {'yes' if result.right else 'no'} | {reply} | {pieces or 'none'} "
        f"| {times.retrieval_ms:.0f}, {times.first_token_ms:.0f}, {times.total_ms:.0f} |"
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
