"""Reasoning before the answer: written apart, on the prompt of the turn, and held against the evidence like a draft.

A small model reasons badly. So the answer is written from those of its sentences alone which the evidence holds, and
the reasoning is no source: a name that stands only there is as invented as anywhere. Where the model does not write the
answer, because the persona's own sentence is said, what the reasoning concluded follows that.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace

from chatbot.drafts import Candidate, Jury, alike
from chatbot.engines import Request
from chatbot.language import Language, declines, split_sentences
from chatbot.prompts import MESSAGE_OVERHEAD, Message, Prompt
from chatbot.sampling import sampling_of
from chatbot.turn_values import Draft, Reasoning, Turn

LEAST_TOKENS = 16  # with less room nothing is reasoned
CONCLUSIONS = 2  # sentences of the reasoning that are said behind the persona's own
CUT = "it was cut off"


def reasoned(turn: Turn, prompt: Prompt, jury: Jury) -> Generator[Draft, None, Reasoning | None]:
    """What the plain model makes of the evidence; None where the window has no room for it.

    Yields a draft without text for every piece, so that whoever wants to stop need not wait for the end.

    Args:
        turn: with a mode that reasons.
        prompt: that of its answer, as it is without reasoning.
        jury: what the drafts of the answer are held against.

    Raises:
        BakerStreetError: generation failed.
    """
    began, engine, settings = time.perf_counter(), turn.resources.engine, turn.resources.settings
    persona = turn.loaded.persona
    asked = (*prompt.messages[:-1], Message("user", f"{prompt.sent}\n{persona.prompts.reason}"))
    taken = sum(engine.count(message.content) + MESSAGE_OVERHEAD for message in asked) + MESSAGE_OVERHEAD
    most = min(settings.reasoning_tokens, settings.context_tokens - taken)
    if most < LEAST_TOKENS:
        return None
    sampling = replace(sampling_of(turn.asked, persona.generation), max_new_tokens=most, temperature=0.0)
    generation = engine.submit(Request(asked, sampling=sampling, copies=True))
    try:
        for _ in generation:
            yield Draft(prompt=prompt)
    finally:
        generation.cancel()
    completion = generation.completion
    sentences = split_sentences(completion.text.strip(), turn.language)
    thoughts = [_thought(sentence, jury) for sentence in sentences]
    if thoughts and completion.finish != "stop":
        thoughts[-1] = Candidate("", why=CUT, written=sentences[-1])
    return Reasoning(
        tuple(thoughts), completion.reply_tokens, milliseconds=round((time.perf_counter() - began) * 1000, 1)
    )


def concluded(reasoning: Reasoning | None, reply: str, language: Language) -> str:
    """What of the reasoning goes beyond a reply: its first sentences that the evidence holds and that say more."""
    more: list[str] = []
    for thought in reasoning.thoughts if reasoning else ():
        said = (*split_sentences(reply, language), *more)
        if thought.chosen and not any(alike(thought.text, sentence) for sentence in said):
            more.append(thought.text)
    return " ".join(more[:CONCLUSIONS])


def _thought(sentence: str, jury: Jury) -> Candidate:
    """A sentence of the reasoning, chosen where the evidence holds it: each stands or falls by itself."""
    if declines(sentence, jury.language):
        return Candidate("", why="it declines", written=sentence)
    (judged,) = jury.decided([jury.judged(sentence, "")], "")
    return judged
