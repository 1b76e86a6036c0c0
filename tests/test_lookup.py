"""Prompt lookup: what is guessed, and that a reply with guesses is the reply without them."""

from __future__ import annotations

import pytest

from chatbot.engines.torch.engine import TorchEngine
from chatbot.engines.torch.lookup import guess
from chatbot.engines.types import Request, Sampling
from chatbot.prompts import Message


def test_the_longest_match_counts_and_among_these_the_latest() -> None:
    assert guess([1, 2, 3, 4, 9, 9, 2, 3, 5, 6, 1, 2, 3], 2) == [4, 9]
    assert guess([2, 3, 4, 7, 2, 3, 5, 8, 2, 3], 2) == [5, 8]


def test_nothing_is_guessed_where_nothing_was_seen() -> None:
    assert guess([1, 2, 3, 4]) == []
    assert guess([1]) == []
    assert guess([]) == []
    assert guess([3, 1, 3]) == []  # one token alone is no match


@pytest.mark.parametrize("make_engine", [TorchEngine], ids=["transformers"], indirect=True)
def test_guesses_change_no_reply(uncached: TorchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "The swamp adder was kept in the iron safe, and fed upon a saucer of milk, by the doctor himself."
    question = f"{told}\n\nRepeat this sentence word for word, and then say where the adder was."
    request = Request((Message("user", question),), None, Sampling(max_new_tokens=36), copies=True)
    with_guesses = uncached.submit(request).completion
    monkeypatch.setattr(uncached, "_prompt_lookup", False)
    without = uncached.submit(request).completion
    assert (with_guesses.text, with_guesses.reply_tokens) == (without.text, without.reply_tokens)
    assert told[:40] in without.text, "nothing was copied, so nothing was tried"
