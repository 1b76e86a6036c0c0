"""The training loop on a layer of four weights; a voice with the real model on a few lines."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.weights import GeneratorWeights, check_voice, resolve_model
from chatbot.errors import TrainingError
from chatbot.lines import Example
from chatbot.prompts import Message
from chatbot.settings import Settings
from chatbot.tuning import TrainingProgress, train_voice
from chatbot.tuning.loop import bucketed, run_steps, with_adapter
from chatbot.tuning.train import IGNORED, encode_example
from personas import LoadedPersona, load_persona

RECIPE = {"rank": 4, "alpha": 8, "reading": 0, "epochs": 1, "batch_size": 2, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def weights(settings: Settings) -> GeneratorWeights:
    return resolve_model(settings.model, settings.models_dir)


@pytest.fixture(scope="module")
def small(sherlock: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> LoadedPersona:
    """Sherlock with eight short exchanges of his own."""
    root = tmp_path_factory.mktemp("personas")
    folder = root / "sherlock"
    folder.mkdir()
    shutil.copy(sherlock.folder / "persona.yaml", folder)
    rows = [
        {
            "kind": "voice",
            "messages": [
                {"role": "user", "content": f"Question {n}?"},
                {"role": "assistant", "content": "Data, my dear sir."},
            ],
        }
        for n in range(8)
    ]
    (folder / "lines.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_persona("sherlock", root)


def trained(
    small: LoadedPersona, weights: GeneratorWeights, runs: Path, out: Path, **more: object
) -> list[TrainingProgress]:
    steps: list[TrainingProgress] = []
    recipe = small.persona.training.model_copy(update=RECIPE)
    train_voice(
        small, weights, runs, reading=None, destination=out, recipe=recipe, threads=1, on_step=steps.append, **more
    )  # type: ignore[arg-type]
    return steps


@pytest.mark.slow
def test_training_lowers_the_loss_and_writes_an_adapter_with_a_card(
    small: LoadedPersona, weights: GeneratorWeights, tmp_path: Path
) -> None:
    steps = trained(small, weights, tmp_path / "runs", tmp_path / "voice")
    assert steps[-1].step == steps[-1].steps
    assert steps[-1].loss < steps[0].loss
    check_voice(tmp_path / "voice", weights)
    card = (tmp_path / "voice" / "README.md").read_text()
    facts = json.loads((tmp_path / "voice" / "training.json").read_text())
    for stated in ("SmolLM2-135M-Instruct", "Rank 4", "seed 7", str(facts["loss_last"]), "voice | 8"):
        assert stated in card
    assert str(tmp_path) not in card + (tmp_path / "voice" / "adapter_config.json").read_text()
    from safetensors.torch import load_file

    tensors = load_file(tmp_path / "voice" / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}


class Killed(Exception):
    """A run ends here."""


def kill_after_two(progress: TrainingProgress) -> None:
    if progress.step == 2:
        raise Killed


@pytest.mark.slow
def test_a_voice_whose_training_was_killed_resumes_and_ends_as_if_it_had_not_been(
    small: LoadedPersona, weights: GeneratorWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.tuning.loop.CHECKPOINT_STEPS", 1)
    whole = trained(small, weights, tmp_path / "one", tmp_path / "a")
    recipe = small.persona.training.model_copy(update=RECIPE)
    with pytest.raises(Killed):
        train_voice(
            small,
            weights,
            tmp_path / "two",
            reading=None,
            destination=tmp_path / "b",
            recipe=recipe,
            on_step=kill_after_two,
        )
    assert not (tmp_path / "b").exists()
    said: list[str] = []
    rest = trained(small, weights, tmp_path / "two", tmp_path / "b", say=said.append)
    assert said == [f"Resuming from step 2 of {whole[-1].steps}."]
    assert [step.step for step in rest] == [step.step for step in whole[2:]]
    assert [step.loss for step in rest] == pytest.approx([step.loss for step in whole[2:]], abs=2e-3)


BATCHES = [[0.1 * row, 0.5, -0.2, 0.3] for row in range(6)]


def run_tiny(
    checkpoint: Path, batches: Sequence[list[float]] = BATCHES, settings: object = "lr 0.1", **more: Any
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The adapter of a layer of four weights after a run, and what the run said."""
    from peft import LoraConfig, get_peft_model_state_dict

    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 1)

        @property
        def device(self) -> torch.device:
            return self.linear.weight.device

        def forward(self, row: torch.Tensor) -> torch.Tensor:
            return self.linear(row)

    model = with_adapter(Layer, LoraConfig(r=2, target_modules=["linear"]), seed=7, threads=0)
    said: list[str] = []
    run_steps(
        model,
        batches,
        lambda row: ((model(torch.tensor(row)) - 1.0).square().mean(), len(row)),
        settings=settings,
        learning_rate=0.1,
        checkpoint=checkpoint,
        say=said.append,
        **more,
    )
    return get_peft_model_state_dict(model), said


def killed_run(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.tuning.loop.CHECKPOINT_STEPS", 1)
    with pytest.raises(Killed):
        run_tiny(checkpoint, on_step=kill_after_two)


def test_a_killed_run_resumes_and_ends_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, said = run_tiny(tmp_path / "whole.pt")
    assert not said
    killed_run(tmp_path / "killed.pt", monkeypatch)
    resumed, said = run_tiny(tmp_path / "killed.pt")
    assert said == ["Resuming from step 2 of 6."]
    assert all(torch.equal(tensor, resumed[name]) for name, tensor in whole.items())


@pytest.mark.parametrize(
    ("change", "resumes"),
    [
        ({"batches": [*BATCHES[:3], [9.0] * 4, *BATCHES[4:]]}, True),
        ({"batches": [*BATCHES, [0.0] * 4]}, True),
        ({"batches": [BATCHES[0], [9.0] * 4, *BATCHES[2:]]}, False),
        ({"settings": "lr 0.2"}, False),
    ],
)
def test_a_checkpoint_serves_while_its_settings_and_the_batches_behind_it_are_the_same(
    change: dict[str, Any], resumes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_run(tmp_path / "checkpoint.pt", monkeypatch)
    steps: list[TrainingProgress] = []
    _, said = run_tiny(tmp_path / "checkpoint.pt", on_step=steps.append, **change)
    assert steps[0].step == (3 if resumes else 1)
    assert said[0].startswith("Resuming from step 2" if resumes else "The checkpoint is of other data or settings")


def test_the_loss_is_on_the_replies_alone(weights: GeneratorWeights) -> None:
    from transformers import AutoTokenizer

    plain = AutoTokenizer.from_pretrained(weights.folder)
    example = Example(
        "voice",
        (
            Message("user", "Who are you?"),
            Message("assistant", "A consulting detective."),
            Message("user", "And he?"),
            Message("assistant", "My doctor."),
        ),
    )
    encoded = encode_example(ChatTokenizer(weights.folder), Message("system", "Be Holmes."), example)
    assert len(encoded.ids) == len(encoded.labels)
    learned = [label for label in encoded.labels if label != IGNORED]
    assert plain.decode(learned) == "A consulting detective.<|im_end|>My doctor.<|im_end|>"
    assert all(label in (token, IGNORED) for token, label in zip(encoded.ids, encoded.labels, strict=True))
    assert "<|im_start|>user\nAnd he?<|im_end|>" in plain.decode(encoded.ids)


def test_batches_hold_every_item_once_and_little_padding() -> None:
    items = [[number] * (number % 7 + 1) for number in range(50)]
    batches = bucketed(items, 4, len, random.Random(1))
    assert sorted(item[0] for batch in batches for item in batch) == list(range(50))
    assert batches == bucketed(items, 4, len, random.Random(1))
    widths = [max(map(len, batch)) * len(batch) for batch in batches]
    assert sum(widths) < 1.3 * sum(map(len, items))


def test_a_reading_set_that_is_asked_for_but_not_named_is_an_error(
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
    assert "lines.jsonl" in (sherlock.voice / "README.md").read_text()
