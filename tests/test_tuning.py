"""Training a voice with the real model, on a few lines: it learns, goes on after a kill, and says what it did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from chatbot.engines.weights import GeneratorWeights, check_voice, resolve_model
from chatbot.errors import TrainingError
from chatbot.prompts import Message
from chatbot.settings import Settings
from chatbot.tuning.examples import Example
from chatbot.tuning.loop import TrainingProgress
from chatbot.tuning.train import IGNORED, encode_example, make_batches, train_voice
from personas import LoadedPersona, load_persona

RECIPE = {"rank": 4, "alpha": 8, "reading": 0, "epochs": 2, "batch_size": 4, "learning_rate": 2e-3}


@pytest.fixture(scope="module")
def weights(settings: Settings) -> GeneratorWeights:
    return resolve_model(settings.model, settings.models_dir)


@pytest.fixture(scope="module")
def small(sherlock: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> LoadedPersona:
    """Sherlock with eight short lines of his own."""
    root = tmp_path_factory.mktemp("personas")
    folder = root / "sherlock"
    folder.mkdir()
    shutil.copy(sherlock.folder / "persona.yaml", folder)
    rows = [
        {
            "kind": "voice",
            "messages": [{"role": "user", "content": f"Question {n}?"}, {"role": "assistant", "content": text}],
        }
        for n, text in enumerate(["I see mud upon your boots.", "Draw up a chair.", "Data, my dear sir."] * 3)
    ]
    (folder / "lines.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_persona("sherlock", root)


def trained(
    small: LoadedPersona, weights: GeneratorWeights, runs: Path, out: Path, **more: object
) -> list[TrainingProgress]:
    steps: list[TrainingProgress] = []
    recipe = small.persona.training.model_copy(update=RECIPE)
    train_voice(small, weights, runs, reading=None, destination=out, recipe=recipe, on_progress=steps.append, **more)  # type: ignore[arg-type]
    return steps


def test_training_lowers_the_loss_and_writes_an_adapter_with_a_card(
    small: LoadedPersona, weights: GeneratorWeights, tmp_path: Path
) -> None:
    steps = trained(small, weights, tmp_path / "runs", tmp_path / "voice")
    assert steps[-1].step == steps[-1].steps
    assert steps[-1].loss < steps[0].loss
    check_voice(tmp_path / "voice", weights)
    card = (tmp_path / "voice" / "README.md").read_text()
    facts = json.loads((tmp_path / "voice" / "training.json").read_text())
    for stated in ("SmolLM2-135M-Instruct", "Rank 4", "seed 7", str(facts["loss_last"]), "voice | 18"):
        assert stated in card
    assert str(tmp_path) not in card + (tmp_path / "voice" / "adapter_config.json").read_text()
    from safetensors.torch import load_file

    tensors = load_file(tmp_path / "voice" / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(
    small: LoadedPersona, weights: GeneratorWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.tuning.loop.CHECKPOINT_STEPS", 1)
    whole = trained(small, weights, tmp_path / "one", tmp_path / "a")

    class Killed(Exception):
        pass

    def kill(step: TrainingProgress) -> None:
        if step.step == 2:
            raise Killed

    recipe = small.persona.training.model_copy(update=RECIPE)
    with pytest.raises(Killed):
        train_voice(
            small, weights, tmp_path / "two", reading=None, destination=tmp_path / "b", recipe=recipe, on_progress=kill
        )
    assert not (tmp_path / "b").exists()
    said: list[str] = []
    rest = trained(small, weights, tmp_path / "two", tmp_path / "b", say=said.append)
    assert said == [f"Going on from step 2 of {whole[-1].steps}."]
    assert [step.step for step in rest] == [step.step for step in whole[2:]]
    assert [step.loss for step in rest] == pytest.approx([step.loss for step in whole[2:]], abs=2e-3)


@pytest.mark.slow
def test_a_checkpoint_of_other_lines_is_not_gone_on_with(
    small: LoadedPersona, weights: GeneratorWeights, tmp_path: Path
) -> None:
    trained(small, weights, tmp_path / "runs", tmp_path / "a")
    said: list[str] = []
    trained(small, weights, tmp_path / "runs", tmp_path / "b", seed=8, say=said.append)
    assert said == ["An earlier run had other data or settings; starting anew."]


def test_the_loss_is_on_the_replies_alone(weights: GeneratorWeights) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights.folder)
    example = Example(
        "voice",
        (
            Message("user", "Who are you?"),
            Message("assistant", "A consulting detective."),
            Message("user", "And he?"),
            Message("assistant", "My doctor."),
        ),
    )
    encoded = encode_example(tokenizer, Message("system", "Be Holmes."), example)
    assert len(encoded.ids) == len(encoded.labels)
    learned = [label for label in encoded.labels if label != IGNORED]
    assert tokenizer.decode(learned) == "A consulting detective.<|im_end|>My doctor.<|im_end|>"
    assert all(label in (token, IGNORED) for token, label in zip(encoded.ids, encoded.labels, strict=True))
    assert "<|im_start|>user\nAnd he?<|im_end|>" in tokenizer.decode(encoded.ids)


def test_batches_hold_every_example_once(weights: GeneratorWeights) -> None:
    from chatbot.tuning.train import Encoded

    examples = [Encoded([number] * (number % 7 + 1), []) for number in range(50)]
    batches = list(make_batches(examples, 4, seed=1))
    assert sorted(item.ids[0] for batch in batches for item in batch) == list(range(50))
    assert batches == list(make_batches(examples, 4, seed=1))


def test_reading_practice_that_is_asked_for_but_not_named_is_an_error(
    sherlock: LoadedPersona, weights: GeneratorWeights, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="--reading"):
        train_voice(sherlock, weights, tmp_path, reading=None, destination=tmp_path / "voice")


def test_the_voice_that_ships_belongs_to_the_bundled_model_and_is_small(
    sherlock: LoadedPersona, weights: GeneratorWeights
) -> None:
    assert sherlock.voice is not None
    check_voice(sherlock.voice, weights)
    size = sum(file.stat().st_size for file in sherlock.voice.iterdir())
    assert size < 20_000_000
    assert "FairytaleQA" in (sherlock.voice / "README.md").read_text()
