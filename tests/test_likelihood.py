"""How likely a text is behind another one: told right, beside replies, and refused where it makes no sense."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chatbot.engines.likelihood import BATCH_TOKENS, Batch, Text, batches, texts_of
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.torch.engine import TorchEngine
from chatbot.engines.types import Request, Sampling
from chatbot.errors import MessageError
from chatbot.prompts import Message

PASSAGES = (
    "The old clockmaker keeps the key of his shop under the third flowerpot, left of the door.",
    "Rain fell on the harbour all night, and the ferry to the islands was two hours late.",
    "A good loaf wants strong flour, a little salt, and a night in a cool place before it is baked.",
    "The violin was made in Cremona; its varnish had gone dark, and one peg was not the maker's own.",
)
QUESTIONS = (
    " Where does the clockmaker keep his key?",
    " Why did the ferry come late to the islands?",
    " What flour is wanted for a good loaf?",
    " Where was the violin made?",
)
PAIRS = [(passage, question) for question in QUESTIONS for passage in PASSAGES]
SHORT = Sampling(max_new_tokens=12)

Either = TorchEngine | OpenVinoEngine


def asked(text: str, voice: Path | None = None, sampling: Sampling = SHORT) -> Request:
    return Request((Message("user", text),), voice, sampling)


@pytest.fixture(scope="module")
def original(reference: Any, engine: OpenVinoEngine) -> list[float]:
    """The likelihoods of `PAIRS` by the definition: every text alone, all logits of it."""
    import torch

    means = []
    for context, continuation in PAIRS:
        before, behind = engine.tokenizer.encode(context), engine.tokenizer.encode(continuation)
        with torch.inference_mode(), reference.disable_adapter():
            chances = reference(input_ids=torch.tensor([before + behind])).logits[0].log_softmax(-1)
        places = range(len(before) - 1, len(before) + len(behind) - 1)
        means.append(sum(float(chances[at, token]) for at, token in zip(places, behind, strict=True)) / len(behind))
    return means


# ---------------------------------------------------------------------- what is told


def test_an_engine_tells_what_the_definition_says(
    either: Either, engine: OpenVinoEngine, original: list[float]
) -> None:
    exact = isinstance(either, TorchEngine)
    for one in (either,) if exact else (either, engine):
        told = one.likelihood(PAIRS)
        apart = [abs(mine - right) for mine, right in zip(told, original, strict=True)]
        assert max(apart) < 1e-3 if exact else sum(apart) / len(PAIRS) < 0.08
        for number in range(len(QUESTIONS)):
            own = told[number * len(PASSAGES) : (number + 1) * len(PASSAGES)]
            assert own.index(max(own)) == number


def test_what_repeats_its_context_is_likelier_than_what_does_not(either: Either) -> None:
    repeated, other = either.likelihood([(PASSAGES[0], " " + PASSAGES[0]), (PASSAGES[1], " " + PASSAGES[0])])
    assert repeated > other + 1.0


def test_company_and_order_change_nothing(either: Either) -> None:
    some = [*PAIRS[::5], ("", PASSAGES[0]), (" ".join(PASSAGES), QUESTIONS[0])]
    alone = [either.likelihood([pair])[0] for pair in some]
    assert either.likelihood(some) == pytest.approx(alone, abs=1e-3)
    assert either.likelihood(some[::-1]) == pytest.approx(alone[::-1], abs=1e-3)
    assert either.likelihood([some[0], some[1], some[0]]) == pytest.approx([alone[0], alone[1], alone[0]], abs=1e-3)
    assert either.likelihood([]) == []


def test_behind_nothing_all_tokens_but_the_first_are_counted(either: Either) -> None:
    tokens = either.tokenizer.encode(PASSAGES[1])
    first, rest = either.tokenizer.decode(tokens[:1]), either.tokenizer.decode(tokens[1:])
    nothing, something = either.likelihood([("", PASSAGES[1]), (first, rest)])
    assert nothing == pytest.approx(something, abs=1e-3)


# ---------------------------------------------------------------------- beside replies


def test_replies_and_voices_change_no_likelihood_nor_it_a_reply(either: Either, voice: Path) -> None:
    before = [either.submit(asked("What is a clue?", who)).completion.text for who in (None, voice)]
    told = either.likelihood(PAIRS[:4])
    behind = [either.submit(asked("What is a clue?", who)).completion.text for who in (None, voice)]
    assert behind == before
    assert either.likelihood(PAIRS[:4]) == pytest.approx(told, abs=1e-3)


def test_a_reply_under_way_is_neither_waited_for_nor_changed(narrow: Either) -> None:
    story = asked("Tell me a very long story.")
    alone = narrow.submit(story).completion.text
    told = narrow.likelihood(PAIRS[:4])
    endless = narrow.submit(asked("Tell me a very long story.", None, Sampling(max_new_tokens=1500)))
    next(iter(endless))  # it has the only place
    assert narrow.likelihood(PAIRS[:4]) == pytest.approx(told, abs=1e-3)
    endless.cancel()
    assert endless.completion.finish == "cancelled"
    under_way = narrow.submit(story)
    next(iter(under_way))
    narrow.likelihood(PAIRS[:4])
    assert under_way.completion.text == alone


def test_many_may_ask_at_once(either: Either) -> None:
    wanted = either.likelihood(PAIRS[:6])
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda pair: either.likelihood([pair])[0], PAIRS[:6]))
    assert told == pytest.approx(wanted, abs=1e-3)


# ---------------------------------------------------------------------- what is refused


def test_what_has_no_likelihood_is_refused_and_the_engine_goes_on(either: Either) -> None:
    with pytest.raises(MessageError, match="pair 2 is empty"):
        either.likelihood([PAIRS[0], ("Rain.", "")])
    with pytest.raises(MessageError, match="pair 1 is a single token after an empty context"):
        either.likelihood([("", "Rain")])
    with pytest.raises(MessageError, match=r"A context of \d+ tokens and a continuation of \d+ .* window of 2048"):
        either.likelihood([PAIRS[0], ("word " * 3000, QUESTIONS[0])])
    assert either.likelihood(PAIRS[:1])[0] < 0
    assert either.submit(asked("Who are you?")).completion.reply_tokens > 0


# ---------------------------------------------------------------------- batches


def test_batches_hold_every_different_text_once_and_are_no_larger_than_they_may_be() -> None:
    texts = [Text(tuple(range(length)), 2) for length in (3, 90, 40, 41, 300, 90, 5, 120)]
    made_ = list(batches(texts, 1000))
    assert sorted(len(text.tokens) for batch in made_ for text in batch.texts) == [3, 5, 40, 41, 90, 120, 300]
    assert all(batch.ids.size <= BATCH_TOKENS or len(batch.texts) == 1 for batch in made_)
    assert len(made_) < 5


def test_a_batch_says_where_each_scored_token_is_foretold() -> None:
    batch = Batch.of([Text((7, 8, 9), 1), Text((1, 2, 3, 4, 5), 3)])
    assert batch.ids.tolist() == [[7, 8, 0, 0], [1, 2, 3, 4]]
    assert batch.rows.tolist() == [1, 5, 6, 7]
    assert batch.targets.tolist() == [9, 3, 4, 5]
    assert [mean for _, mean in batch.means([-1.0, -2.0, -3.0, -7.0])] == [-1.0, -4.0]


def test_a_continuation_is_the_same_tokens_behind_every_context(engine: OpenVinoEngine) -> None:
    one, other = texts_of([("A dog barked", "s."), ("The cow", "s.")], engine.tokenizer.encode)
    assert one.tokens[-one.scored :] == other.tokens[-other.scored :]
