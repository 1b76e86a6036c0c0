"""A fresh LoRA adapter, and the loop that every training uses, with checkpoints.

AdamW with warm-up, a long plateau and a decay at the end (Hu et al., "MiniCPM", 2024). A run that was killed resumes
from its checkpoint, with the same batches in the same order. It also resumes when only batches still to come have
changed: on the plateau, what was learned so far does not depend on them.
"""

from __future__ import annotations

import hashlib
import random
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from chatbot.errors import TrainingError
from chatbot.progress import Say

CHECKPOINT_STEPS = 20
WARMUP_STEPS = 10
DECAY_SHARE = 0.4
BUCKET = 8  # batches sorted together by length
ENDS = 20  # steps at the beginning and the end whose mean loss the card states

Batch = TypeVar("Batch")
Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainingProgress:
    """How far a run is, after a step."""

    step: int
    steps: int
    loss: float
    tokens_per_second: float


OnStep = Callable[[TrainingProgress], None]


@dataclass
class State:
    """What a run has done so far."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    losses: list[float] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """What the model card states of it."""
        return {
            "steps": self.step,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "minutes": round(self.seconds / 60, 1),
            "loss_first": mean_loss(self.losses[:ENDS]),
            "loss_last": mean_loss(self.losses[-ENDS:]),
        }


def with_adapter(load: Callable[[], Any], config: Any, *, seed: int, threads: int) -> Any:
    """A PEFT model with a fresh adapter, on the GPU where there is one.

    It is in evaluation mode, so without dropout: that would cost a third of the time on a CPU, and a run that resumes
    would draw other noise than one that was never interrupted.

    Args:
        load: the base model, a transformers model.
        config: a `LoraConfig`.
        seed: of the first weights.
        threads: CPU threads; 0: as many as torch likes.
    """
    import torch
    from peft import get_peft_model
    from transformers.utils import logging

    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # no warning that a new head starts at random, as it should
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
    warnings.filterwarnings("ignore", message=".*base_model_name_or_path.*")  # set by `publish_adapter`
    model = get_peft_model(load(), config)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def run_steps(
    model: Any,
    batches: Sequence[Batch],
    loss_of: Callable[[Batch], tuple[Any, int]],
    *,
    settings: Any,
    learning_rate: float,
    checkpoint: Path,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> State:
    """Train the adapter of a PEFT model, one step a batch; afterwards it is frozen.

    Args:
        model: on its device, in the mode it is trained in.
        batches: the batches of the whole run; their `repr` identifies them.
        loss_of: the loss of a batch, a tensor of shape (), and how many tokens were read for it.
        settings: whatever else the result depends on, by its `repr`. A checkpoint of other settings, or of other
            batches up to its step, is not used.
        learning_rate: of the plateau.
        checkpoint: the file; its folder is made.
        on_step: told after every step.
        say: told whether a checkpoint is used.

    Raises:
        TrainingError: the checkpoint cannot be written.
    """
    import torch
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from transformers import get_wsd_schedule

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    steps = len(batches)

    def fingerprint(step: int) -> str:
        return hashlib.sha256(repr((batches[:step], settings)).encode()).hexdigest()

    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.01)
    state = State()
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["fingerprint"] == fingerprint(saved["state"]["step"]):
            set_peft_model_state_dict(model, saved["adapter"])
            optimizer.load_state_dict(saved["optimizer"])
            state = State(**saved["state"])
            say(f"Resuming from step {state.step} of {steps}.")
        else:
            say("The checkpoint is of other data or settings; starting from the beginning.")
    decay = round(DECAY_SHARE * steps)
    schedule = get_wsd_schedule(
        optimizer,
        num_warmup_steps=WARMUP_STEPS,
        num_decay_steps=decay,
        num_training_steps=max(steps, WARMUP_STEPS + decay),
        last_epoch=state.step - 1,
    )

    def save() -> None:
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        partial = checkpoint.with_suffix(".partial")
        torch.save(
            {
                "fingerprint": fingerprint(state.step),
                "adapter": get_peft_model_state_dict(model, save_embedding_layers=False),
                "optimizer": optimizer.state_dict(),
                "state": asdict(state),
            },
            partial,
        )
        partial.replace(checkpoint)

    try:
        while state.step < steps:
            began = time.perf_counter()
            loss, tokens = loss_of(batches[state.step])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            state.step += 1
            state.losses.append(round(loss.item(), 4))
            state.seconds += time.perf_counter() - began
            state.tokens += tokens
            if state.step % CHECKPOINT_STEPS == 0 or state.step == steps:
                save()
            on_step(TrainingProgress(state.step, steps, state.losses[-1], state.tokens / max(state.seconds, 1e-9)))
    except OSError as error:
        raise TrainingError(f"The checkpoint {checkpoint} cannot be written: {error}. Free some disk space.") from error
    model.requires_grad_(False)
    return state


def bucketed(
    items: Sequence[Item], size: int, length: Callable[[Item], int], chance: random.Random
) -> list[list[Item]]:
    """Batches of `size` in the order given, but sorted by length within `BUCKET` batches, so that little is padded."""
    batches: list[list[Item]] = []
    for start in range(0, len(items), size * BUCKET):
        bucket = sorted(items[start : start + size * BUCKET], key=length)
        made = [bucket[first : first + size] for first in range(0, len(bucket), size)]
        chance.shuffle(made)
        batches += made
    return batches


def mean_loss(values: Sequence[float]) -> float:
    """The mean of losses to four places; not a number where there are none."""
    return round(sum(values) / len(values), 4) if values else float("nan")
