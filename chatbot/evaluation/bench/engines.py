"""What is measured: the engines of this project that run on a CPU, and plain generation as most programs write it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.engines import Engine
from chatbot.errors import MessageError
from chatbot.evaluation.bench.measures import Plan


@dataclass(frozen=True)
class Setup:
    """What every engine is made from; it is sent to the engine's process.

    Attributes:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        threads: CPU threads.
        context_tokens: prompt and reply together.
        cache_mb: memory for the key/value caches of earlier prompts.
        batch_size: the most requests written together.
        voice: the adapter's folder; None: nothing is measured with a voice.
        source: the text whose sentences the prompts are made of.
        plan: what is measured.
    """

    model: str
    models_dir: Path
    threads: int
    context_tokens: int
    cache_mb: int
    batch_size: int
    voice: Path | None
    source: str
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True)
class Measured:
    """An engine that is measured.

    Attributes:
        name: as in `--engines`.
        make: makes the engine; a module's function, so that another process finds it.
        package: what has to be installed.
        alone: it answers one request after the other, so that several at once say nothing of it.
    """

    name: str
    make: Callable[[Setup], Engine]
    package: str
    alone: bool = False

    @property
    def installed(self) -> bool:
        """Whether it can run here."""
        return importlib.util.find_spec(self.package) is not None


def _plain(setup: Setup) -> Engine:
    from chatbot.evaluation.bench.plain import PlainGenerate

    return PlainGenerate(setup.model, setup.models_dir, setup.threads)


def _transformers(setup: Setup) -> Engine:
    from chatbot.engines.torch import TorchEngine

    return TorchEngine(
        setup.model,
        setup.models_dir,
        device="cpu",
        threads=setup.threads,
        context_tokens=setup.context_tokens,
        cache_mb=setup.cache_mb,
        batch_size=setup.batch_size,
        prompt_lookup=False,  # what it gains depends on what is asked, and these prompts are made up
    )


def _openvino(setup: Setup) -> Engine:
    from chatbot.engines.openvino import OpenVinoEngine

    return OpenVinoEngine(
        setup.model,
        setup.models_dir,
        threads=setup.threads,
        context_tokens=setup.context_tokens,
        cache_mb=setup.cache_mb,
        batch_size=setup.batch_size,
    )


ENGINES = (
    Measured("plain", _plain, "transformers", alone=True),
    Measured("transformers", _transformers, "transformers"),
    Measured("openvino", _openvino, "openvino_genai"),
)


def choose_engines(names: Sequence[str]) -> list[Measured]:
    """The engines called `names`, in the bench's order; without names all that are installed.

    Raises:
        MessageError: there is none of that name, or it is not installed.
    """
    known = [one.name for one in ENGINES]
    if unknown := [name for name in names if name not in known]:
        raise MessageError(f"There is no engine '{unknown[0]}' to measure. There are: {', '.join(known)}.")
    chosen = [one for one in ENGINES if (one.name in names if names else one.installed)]
    if missing := [one for one in chosen if not one.installed]:
        raise MessageError(
            f"The engine '{missing[0].name}' needs the package {missing[0].package}. Install it, or leave the name out "
            "of --engines."
        )
    return chosen
