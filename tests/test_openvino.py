"""The converted models: they say what the originals say, with a voice and without, and a damaged one is made anew."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatbot.conversion import DATA, GRAPH
from chatbot.engine_choice import open_engine
from chatbot.engines.openvino import models as openvino_models
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.openvino.models import converted, is_whole
from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.types import Engine, Request, Sampling
from chatbot.engines.weights import GeneratorWeights
from chatbot.errors import ConversionError, SettingsError
from chatbot.library.encoders.embedder import Embedder
from chatbot.prompts import Message, render_turn
from chatbot.settings import Settings, load_settings
from personas import LoadedPersona

NEXT = Sampling(max_new_tokens=1, presence_penalty=0.0)
POSITIONS = 200  # places at which next tokens are compared, at least
AGREED = 0.91  # the share of them at which the converted model has to choose what the original does


def conversations(persona: LoadedPersona, every: int = 180) -> list[tuple[list[Message], str]]:
    """Lines of the persona, evenly spread: what was said before, and the last reply.

    A short answer has the sentence that it rests on as its note, as in a turn.
    """
    rows = persona.lines.read_text(encoding="utf-8").splitlines()
    found = []
    for line in map(json.loads, rows[::every]):
        *before, last = (Message(part["role"], part["content"]) for part in line["messages"])
        if "sentence" in line:
            notes = [(line["work"], line["sentence"])]
            before = [Message("user", render_turn(before[0].content, notes, persona.persona.prompts))]
        found.append((before, last.content))
    return found


class Forced:
    """A converted model that is told each token before it says the next (teacher forcing): one pass a text.

    It is compiled with the properties that the engine gives its pipelines.
    """

    def __init__(self, engine: OpenVinoEngine, models: Path, voice: Path | None) -> None:
        import openvino

        model = converted(engine.weights, models, voice)
        self._request = openvino.compile_model(model.folder / GRAPH, "CPU", engine._properties).create_infer_request()

    def next_tokens(self, tokens: list[int]) -> list[int]:
        """The likeliest next token behind each of `tokens`."""
        import numpy as np

        self._request.reset_state()
        logits = self._request.infer(
            {
                "input_ids": np.array([tokens]),
                "attention_mask": np.ones((1, len(tokens)), dtype=np.int64),
                "position_ids": np.arange(len(tokens))[None],
                "beam_idx": np.zeros(1, dtype=np.int32),
            }
        )["logits"][0]
        chosen: list[int] = logits.argmax(-1).tolist()
        return chosen


@pytest.fixture(scope="module")
def forced(settings: Settings, engine: OpenVinoEngine, voice: Path) -> dict[bool, Forced]:
    """The converted models: without the voice (False), and with it (True)."""
    return {
        with_voice: Forced(engine, settings.models_dir, voice if with_voice else None) for with_voice in (False, True)
    }


@pytest.fixture(scope="module")
def short(engine: OpenVinoEngine, sherlock: LoadedPersona) -> list[tuple[list[Message], str]]:
    """Lines whose reply is long for their prompt, half of them with notes: most of what is read is compared."""

    def prompt(line: tuple[list[Message], str]) -> float:
        return len(engine.tokenizer.encode_messages(line[0])) / len(line[1])

    lines = sorted(conversations(sherlock, 18), key=prompt)
    noted = [line for line in lines if sherlock.persona.prompts.notes in line[0][-1].content]
    return [*[line for line in lines if line not in noted][:3], *noted[:3]]


@pytest.fixture(scope="module")
def texts(engine: OpenVinoEngine, short: list[tuple[list[Message], str]]) -> list[tuple[list[int], int]]:
    """Conversations in tokens with the number of the last token before the reply; `POSITIONS` places or more."""
    encoded = []
    for messages, reply in short:
        prompt = engine.tokenizer.encode_messages(messages)
        encoded.append(([*prompt, *engine.tokenizer.encode(reply)], len(prompt) - 1))
    assert sum(len(tokens) - start for tokens, start in encoded) >= POSITIONS
    return encoded


@pytest.fixture(scope="module")
def originals(reference: Any, texts: list[tuple[list[int], int]]) -> dict[bool, list[list[int]]]:
    """What the original says next at every place of `texts`: without the voice (False), and with it (True)."""
    import torch

    def said(tokens: list[int], start: int) -> list[int]:
        logits = reference(input_ids=torch.tensor([tokens]), logits_to_keep=len(tokens) - start).logits[0]
        chosen: list[int] = logits.argmax(-1).tolist()
        return chosen

    with torch.inference_mode():
        voiced = [said(*text) for text in texts]
        with reference.disable_adapter():
            return {True: voiced, False: [said(*text) for text in texts]}


def agreement(converted_: Forced, texts: list[tuple[list[int], int]], wanted: list[list[int]]) -> float:
    """The share of places at which a converted model says what is wanted."""
    pairs = [
        (said, right)
        for (tokens, start), rights in zip(texts, wanted, strict=True)
        for said, right in zip(converted_.next_tokens(tokens)[start:], rights, strict=True)
    ]
    return sum(said == right for said, right in pairs) / len(pairs)


@pytest.mark.slow
def test_the_next_token_is_the_original_s_with_the_voice_and_without(
    forced: dict[bool, Forced], texts: list[tuple[list[int], int]], originals: dict[bool, list[list[int]]]
) -> None:
    for with_voice in (False, True):
        assert agreement(forced[with_voice], texts, originals[with_voice]) >= AGREED
        # A conversion without its voice must not pass for one with it, nor the other way round.
        assert agreement(forced[with_voice], texts, originals[not with_voice]) < 0.7


@pytest.mark.parametrize("with_voice", [False, True], ids=["base", "voice"])
def test_the_engine_writes_what_the_converted_model_says(
    engine: OpenVinoEngine,
    forced: dict[bool, Forced],
    short: list[tuple[list[Message], str]],
    voice: Path,
    with_voice: bool,
) -> None:
    # Between the graph and a reply stand the template, the pipeline's blocks, and a cache in half floats, which changes
    # a few tokens. The model without the voice writes four of five like the one with it at the most.
    places = agreed = 0
    for messages, _ in short[-6:]:
        prompt = engine.tokenizer.encode_messages(messages)
        sampling = Sampling(max_new_tokens=16, presence_penalty=0.0)
        reply = engine.submit(Request(tuple(messages), voice if with_voice else None, sampling)).completion.text
        written = engine.tokenizer.encode(reply)
        said = forced[with_voice].next_tokens([*prompt, *written])[len(prompt) - 1 : -1]
        places += len(written)
        agreed += sum(one == other for one, other in zip(said, written, strict=True))
    assert places >= 50
    assert agreed >= 0.85 * places, f"{agreed} of {places}"


def test_a_voice_that_was_on_leaves_nothing_behind(engine: Engine, sherlock: LoadedPersona) -> None:
    asked = (Message("user", "Describe the rooms in Baker Street."),)
    off, on, off_again = (
        engine.submit(Request(asked, voice, Sampling(max_new_tokens=24))).completion.text
        for voice in (None, sherlock.voice, None)
    )
    assert on != off == off_again


def test_the_tokenizer_gives_transformers_ids(engine: OpenVinoEngine, sherlock: LoadedPersona) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(engine.weights.folder)
    ours = ChatTokenizer(engine.weights.folder)
    for messages, reply in conversations(sherlock):
        dicts = [{"role": message.role, "content": message.content} for message in messages]
        text = theirs.apply_chat_template(dicts, tokenize=False, add_generation_prompt=True)
        assert ours.encode_messages(messages) == theirs(text, add_special_tokens=False)["input_ids"]
        assert ours.decode(ours.encode(reply)) == reply


def tiny(folder: Path, family: str) -> GeneratorWeights:
    """A model of a family with random weights, small enough to convert in a moment."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(
        family,
        vocab_size=320,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=128,
        tie_word_embeddings=family == "llama",
        eos_token_id=2,
        sliding_window=None,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return GeneratorWeights(folder.name, folder)


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "qwen3"])
def test_every_family_is_converted_to_what_it_was(tmp_path: Path, family: str) -> None:
    # The conversion holds itself against the original and raises where they differ.
    model = converted(tiny(tmp_path / family, family), tmp_path)
    assert is_whole(model.folder)
    assert (model.end_tokens, model.window) == ({2}, 128)


def test_a_graph_that_says_something_else_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from openvino import opset13

    from chatbot.engines.openvino import graph as openvino_graph

    weights = tiny(tmp_path / "llama", "llama")
    right = openvino_graph._Builder._norm
    monkeypatch.setattr(
        openvino_graph._Builder, "_norm", lambda self, value, name: right(self, opset13.negative(value), name)
    )
    with pytest.raises(ConversionError, match="does not agree"):
        converted(weights, tmp_path)
    assert not list((tmp_path / "openvino").iterdir())


def damaged(file: Path, how: str) -> None:
    if how == "cut short":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif how == "one byte changed":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    else:
        file.unlink()


@pytest.mark.parametrize("how", ["cut short", "one byte changed", "missing"])
def test_a_damaged_conversion_is_made_anew(tmp_path: Path, how: str) -> None:
    weights, said = tiny(tmp_path / "llama", "llama"), []
    model = converted(weights, tmp_path, None, said.append)
    whole = (model.folder / DATA).read_bytes()
    assert converted(weights, tmp_path, None, said.append) == model
    assert len(said) == 1
    damaged(model.folder / DATA, how)
    assert not is_whole(model.folder)
    again = converted(weights, tmp_path, None, said.append)
    assert len(said) == 2
    assert (again.folder / DATA).read_bytes() == whole
    assert [folder.name for folder in (tmp_path / "openvino").iterdir()] == [model.folder.name]


def test_a_model_that_openvino_does_not_know_is_answered_by_transformers(
    settings: Settings, engine: OpenVinoEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "gpt"
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=49152, n_embd=32, n_layer=1, n_head=2, n_positions=256, eos_token_id=2)
    GPT2LMHeadModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(engine.weights.folder / name, folder / name)
    said: list[str] = []
    own = load_settings(home=tmp_path, model=str(folder), engine="auto", device="cpu")
    chosen = open_engine(own, said.append)
    assert chosen.name == "transformers"
    told = [line for line in said if "transformers answers instead" in line]
    assert len(told) == 1 and "'gpt2' are not supported" in told[0] and "\n" not in told[0]
    assert chosen.submit(Request((Message("user", "Who?"),), None, NEXT)).completion.reply_tokens == 1
    chosen.close()
    with pytest.raises(ConversionError):
        open_engine(own.model_copy(update={"engine": "openvino"}))


def test_a_cpu_is_given_openvino_and_a_remote_engine_needs_an_address(settings: Settings) -> None:
    chosen = open_engine(settings.model_copy(update={"engine": "auto", "device": "cpu"}))
    assert chosen.name == "openvino"
    chosen.close()
    with pytest.raises(SettingsError, match="BAKERSTREET_REMOTE_URL"):
        open_engine(settings.model_copy(update={"engine": "remote"}))


def test_only_the_newest_voices_of_a_base_stay_on_disk(
    settings: Settings, sherlock: LoadedPersona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_models, "KEPT_VOICES", 1)
    for number in range(3):
        folder = tmp_path / "openvino" / f"base+{number}"
        folder.mkdir(parents=True)
    openvino_models._forget_old_voices(tmp_path / "openvino" / "base+2")
    assert len(list((tmp_path / "openvino").iterdir())) == 1


def test_once_converted_neither_the_engine_nor_the_embedder_needs_torch(
    engine: OpenVinoEngine, embedder: Embedder, settings: Settings, sherlock: LoadedPersona
) -> None:
    engine.warm([sherlock.voice] if sherlock.voice else [])
    embedder.warm()
    program = """
import sys
from pathlib import Path
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.types import Request, Sampling
from chatbot.library.encoders.embedder import Embedder
from chatbot.prompts import Message, render_turn

models, voice, retriever = map(Path, sys.argv[1:])
engine = OpenVinoEngine("bundled", models)
request = Request((Message("user", "Who are you?"),), voice, Sampling(max_new_tokens=4))
assert engine.submit(request).completion.reply_tokens == 4
engine.close()
assert len(Embedder(adapter=retriever, cache=models).embed_query("A clue.")) == 384
print(sorted({"torch", "transformers", "sentence_transformers", "peft"} & set(sys.modules)))
"""
    folders = map(str, (settings.models_dir, sherlock.voice, sherlock.retriever))
    done = subprocess.run([sys.executable, "-c", program, *folders], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
