"""The loop of every training: AdamW, warm-up, a long plateau and a decay at the end, with checkpoints as it goes.

A run that was killed goes on from its checkpoint, with the same batches in the same order. It also goes on when only
batches that are still to come have changed: with a plateau, what was learned so far does not depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError

CHECKPOINT_STEPS = 20
WARMUP_STEPS = 10
DECAY_SHARE = 0.4


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run stands."""

    step: int
    steps: int
    loss: float
    tokens_per_second: float


@dataclass
class State:
    """What a run has done so far."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    losses: list[float] = field(default_factory=list)


def run_steps(
    model: Any,
    steps: int,
    loss_of: Callable[[int], tuple[Any, int]],
    *,
    learning_rate: float,
    checkpoint: Path,
    fingerprint: Callable[[int], str],
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> State:
    """Train the adapter of a PEFT model.

    Args:
        model: on its device, in the mode it is trained in.
        steps: how many there are in all.
        loss_of: the loss of a step, a tensor of shape (), and the tokens that were read for it.
        learning_rate: of the plateau.
        checkpoint: the file; its folder is made.
        fingerprint: names the data of the first so many steps and the settings; a checkpoint with another is not used.
        on_progress: told after every step.
        say: told what is taken up again.

    Raises:
        TrainingError: the checkpoint cannot be written.
    """
    import torch
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from transformers import get_wsd_schedule

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.01)
    state = State()
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["fingerprint"] == fingerprint(saved["state"]["step"]):
            set_peft_model_state_dict(model, saved["adapter"])
            optimizer.load_state_dict(saved["optimizer"])
            state = State(**saved["state"])
            say(f"Going on from step {state.step} of {steps}.")
        else:
            say("An earlier run had other data or settings; starting anew.")
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
            loss, tokens = loss_of(state.step)
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
            on_progress(TrainingProgress(state.step, steps, state.losses[-1], state.tokens / max(state.seconds, 1e-9)))
    except OSError as error:
        raise TrainingError(f"The checkpoint {checkpoint} cannot be written: {error}. Free some disk.") from error
    return state


def mean_loss(values: Sequence[float]) -> float:
    """The mean of some losses; not a number where there are none."""
    return round(sum(values) / len(values), 4) if values else float("nan")
