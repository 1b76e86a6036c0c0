"""How long a visitor waits for the first words late in a conversation, against early in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.bot import Bot, Question
from chatbot.evaluation.statistics import percentile
from chatbot.progress import Progress

USER = "bench"


@dataclass(frozen=True)
class Wait:
    """The first words behind so many turns.

    Attributes:
        turns: that stand before the question.
        samples: milliseconds from the message to the first piece of the reply, a question each.
    """

    turns: int
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The 50th percentile, in milliseconds."""
        return percentile(self.samples, 50) or 0.0


def first_words(
    bot: Bot,
    persona: str,
    mode: str,
    exchanges: Sequence[tuple[str, str]],
    questions: Sequence[str],
    lengths: Sequence[int],
    on_progress: Progress = lambda done, total: None,
) -> list[Wait]:
    """Ask the same questions behind conversations of several lengths, in turn, and measure the first words.

    The short conversations are the beginning of the long one, each question a branch at its end, so that nothing but
    the length differs.

    Args:
        bot: is asked; the conversation is written into its memory.
        persona: whom it answers as.
        mode: of every turn.
        exchanges: what was said before, again from the beginning where they are too few.
        questions: each is asked behind every length, after one that does not count.
        lengths: in turns.
        on_progress: told how many questions are answered, of how many.
    """
    memory = bot.resources.memory
    conversation, places = memory.start(USER, persona), list[str | None]([None])
    for number in range(max(lengths)):
        asked, reply = exchanges[number % len(exchanges)]
        turn = memory.ask(conversation, places[-1], mode, asked)
        memory.answer(turn, sent=asked, reply=reply, state="done")
        places.append(turn)
    bot.resources.remembering.now(conversation, persona)
    samples: dict[int, list[float]] = {length: [] for length in lengths}
    for number, question in enumerate([questions[0], *questions]):
        for length in lengths if number % 2 else reversed(lengths):
            parent = places[length]
            answered = bot.reply(
                Question(question, persona=persona, mode=mode, conversation=conversation, parent=parent)
            )
            bot.resources.remembering.settle()
            if number:
                samples[length].append(answered.trace.timings.first_token_ms)
        on_progress(number, len(questions))
    return [Wait(length, tuple(samples[length])) for length in lengths]


def waits_report(waits: Sequence[Wait]) -> list[str]:
    """A line for each length, and how many times as long the last takes as the first."""
    lines = [
        f"behind {wait.turns} turns: first words p50 {wait.median:.0f}, p95 {percentile(wait.samples, 95) or 0:.0f} ms"
        for wait in waits
    ]
    times = waits[-1].median / max(waits[0].median, 1e-9)
    return [*lines, f"{waits[-1].turns} turns against {waits[0].turns}: {times:.2f} times (p50; aimed at: 1.50)"]
