"""Prompt lookup: what is guessed, and that a reply with guesses is the reply without them."""

from __future__ import annotations

from chatbot.engines.torch.engine import TorchEngine
from chatbot.engines.torch.lookup import guess
from chatbot.engines.types import Request, Sampling
from chatbot.prompts import Message
from chatbot.settings import Settings


def test_the_longest_match_counts_and_among_these_the_latest() -> None:
    assert guess([1, 2, 3, 4, 9, 9, 2, 3, 5, 6, 1, 2, 3], 2) == [4, 9]
    assert guess([2, 3, 4, 7, 2, 3, 5, 8, 2, 3], 2) == [5, 8]


def test_nothing_is_guessed_where_nothing_was_seen() -> None:
    assert guess([1, 2, 3, 4]) == []
    assert guess([1]) == []
    assert guess([]) == []
    assert guess([3, 1, 3]) == []  # one token alone is no match


def test_guesses_change_no_reply(settings: Settings) -> None:
    told = "The swamp adder was kept in the iron safe, and fed upon a saucer of milk, by the doctor himself."
    requests = [
        Request(
            (Message("user", f"{told}\n\nRepeat this sentence word for word, and then say where the {what} was."),),
            None,
            Sampling(max_new_tokens=48),
            copies=True,
        )
        for what in ("adder", "milk", "doctor")
    ]
    replies = {}
    for lookup in (True, False):
        engine = TorchEngine(
            settings.model, settings.models_dir, threads=settings.cpu_threads(), cache_mb=0, prompt_lookup=lookup
        )
        replies[lookup] = [engine.submit(request).completion for request in requests]
        engine.close()
    assert [reply.text for reply in replies[True]] == [reply.text for reply in replies[False]]
    assert [reply.reply_tokens for reply in replies[True]] == [reply.reply_tokens for reply in replies[False]]
    assert any(told[:40] in reply.text for reply in replies[True]), "nothing was copied, so nothing was tried"
