"""Several drafts of one reply: written in one batch, on one prompt that is read once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from chatbot.engines import Completion, Generation, Request
from chatbot.errors import BusyError
from chatbot.turn_values import Turn

DRAFT_TEMPERATURE = 0.7  # of the drafts but the first
DRAFT_SEEDS = 1000  # between the seeds of two drafts, so that those of a retry are others


def drafts_of(turn: Turn, request: Request, number: int) -> Generator[Completion | None]:
    """So many drafts, written together: what the model finds likeliest first, and others by chance.

    The others wait until the first has been begun: then the prompt has been read for all of them. None is given while
    they are being written. Where the engine is busy, there are fewer.
    """
    generations = [turn.resources.engine.submit(request)]
    try:
        for piece, _ in enumerate(generations[0]):
            if piece == 0:
                generations += _others(turn, request, number - 1)
            yield None
        for generation in generations:
            for _ in generation:
                yield None
            yield generation.completion
    finally:
        for generation in generations:
            generation.cancel()


def _others(turn: Turn, request: Request, number: int) -> list[Generation]:
    """So many drafts of the same by chance, or as many as the engine takes."""
    begun: list[Generation] = []
    for other in range(1, number + 1):
        seed = request.sampling.seed + DRAFT_SEEDS * other
        warmer = replace(request.sampling, temperature=DRAFT_TEMPERATURE, seed=seed)
        try:
            begun.append(turn.resources.engine.submit(replace(request, sampling=warmer)))
        except BusyError:
            break
    return begun
