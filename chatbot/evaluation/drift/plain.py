"""What the plain model answers to the same messages: the base, told nothing of the persona or of what went before."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.engines import Engine, Request, Sampling
from chatbot.evaluation.replies import AnswerLog, TalkReply
from chatbot.evaluation.talk import Talk
from chatbot.progress import Progress
from chatbot.prompts import Message

PLAIN = "plain"  # stands where the mode does; no mode has this name
TOKENS = 70  # of a reply: about as long as a persona's
TOGETHER = 16  # requests that are written in one batch


def plain_replies(
    engine: Engine,
    talks: Sequence[Talk],
    log: AnswerLog | None = None,
    on_progress: Progress = lambda done, total: None,
) -> list[TalkReply]:
    """A reply to every message of every conversation, each by itself, in their order.

    Args:
        engine: answers without a voice.
        talks: the conversations.
        log: what it holds is not asked again; it is given every new reply.
        on_progress: told how many replies there are, of how many.
    """
    wanted = [(turn, number) for talk in talks for number, turn in enumerate(talk, 1)]
    held = {(reply.turn, reply.number): reply for reply in (log.talk if log else []) if reply.mode == PLAIN}
    missing = [key for key in wanted if key not in held]
    for start in range(0, len(missing), TOGETHER):
        on_progress(len(wanted) - len(missing) + start, len(wanted))
        batch = missing[start : start + TOGETHER]
        under_way = [
            engine.submit(Request((Message("user", turn.message),), sampling=Sampling(max_new_tokens=TOKENS)))
            for turn, _ in batch
        ]
        for (turn, number), generation in zip(batch, under_way, strict=True):
            held[turn, number] = TalkReply(
                turn=turn,
                number=number,
                mode=PLAIN,
                reply=generation.completion.text.strip(),
                verdict="",
                search_ms=0,
                first_token_ms=0,
                total_ms=0,
            )
        if log:
            log.append(*(held[key] for key in batch))
    on_progress(len(wanted), len(wanted))
    return [held[key] for key in wanted]
