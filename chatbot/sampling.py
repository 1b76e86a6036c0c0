"""How a reply is sampled: as the persona has it, but for what the visitor wants otherwise."""

from __future__ import annotations

from dataclasses import replace

from chatbot.engines import Sampling
from chatbot.errors import MessageError
from chatbot.events import Question
from personas import Generation

RETRY_TEMPERATURE = 0.7  # a retry under greedy decoding would say the same again
LEAST_TOKENS = 8  # of a reply
MOST_TEMPERATURE = 2.0
MOST_SEED = 2**31 - 1


def check_wishes(asked: Question, context_tokens: int) -> None:
    """Raise MessageError if a reply cannot be written as a question wants it.

    Args:
        asked: the question with its wishes.
        context_tokens: the length of the window; half of it is for the prompt.
    """
    most = context_tokens // 2
    if asked.length is not None and not LEAST_TOKENS <= asked.length <= most:
        raise MessageError(
            f"The length has to be from {LEAST_TOKENS} to {most} tokens, or empty: as the persona has it."
        )
    if asked.temperature is not None and not 0 <= asked.temperature <= MOST_TEMPERATURE:
        raise MessageError(
            f"The temperature has to be from 0 to {MOST_TEMPERATURE:g}, or empty: as the persona has it."
        )
    if not 0 <= asked.seed <= MOST_SEED:
        raise MessageError(f"The seed has to be a whole number from 0 to {MOST_SEED}.")


def with_wishes(asked: Question, length: str = "", temperature: str = "", seed: str = "") -> Question:
    """A question with the wishes that somebody wrote; an empty one leaves it as the persona has it.

    Raises:
        MessageError: one of them is no number.
    """
    return replace(
        asked,
        length=_whole("length", length),
        temperature=_number("temperature", temperature),
        seed=_whole("seed", seed) or 0,
    )


def _whole(what: str, text: str) -> int | None:
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise MessageError(f"The {what} has to be a whole number, or empty: as the persona has it.") from None


def _number(what: str, text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError:
        raise MessageError(f"The {what} has to be a number, or empty: as the persona has it.") from None


def longest(asked: Question, persona: Generation) -> int:
    """The longest reply to a question, in tokens."""
    return persona.max_new_tokens if asked.length is None else asked.length


def sampling_of(asked: Question, persona: Generation) -> Sampling:
    """How the reply to a question is sampled.

    Args:
        asked: the question with its wishes; a retry gets another seed, and is never greedy.
        persona: as the persona has it.
    """
    temperature = persona.temperature if asked.temperature is None else asked.temperature
    return Sampling(
        max_new_tokens=longest(asked, persona),
        temperature=max(temperature, RETRY_TEMPERATURE) if asked.attempt else temperature,
        top_p=persona.top_p,
        presence_penalty=persona.presence_penalty,
        seed=asked.seed + asked.attempt,
    )
