"""Who is measured: the engines of this house, plain generation as most programs write it, and llama.cpp.

A contender is a name and a function that makes its engine; the function is called in the contender's own process.
All of them run on the CPU, so that one bench compares like with like.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.engines import BUNDLED, Engine
from chatbot.errors import MessageError
from chatbot.evaluation.bench.measures import Plan

PLAIN, TRANSFORMERS, OPENVINO, LLAMA = "plain", "transformers", "openvino", "llama.cpp"


@dataclass(frozen=True)
class Setup:
    """What every contender is made from; it is sent to the contender's process.

    Attributes:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        threads: CPU threads.
        context_tokens: prompt and reply together.
        cache_mb: memory for the key/value caches of earlier prompts.
        batch_size: the most requests written together.
        voice: the adapter's folder; None: nothing is measured with a voice.
        source: the text whose words the prompts are made of.
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
    plan: Plan


@dataclass(frozen=True)
class Contender:
    """One who is measured.

    Attributes:
        name: as in `--engines`.
        title: as in the table.
        make: makes the engine; a function of a module, so that another process finds it.
        packages: what it imports, the names of the modules; the first one has to be there.
        voices: whether it can speak with a voice.
        leaves_out: measures that say nothing of it, by name.
        users: how many users at once are worth measuring; None: as planned.
    """

    name: str
    title: str
    make: Callable[[Setup], Engine]
    packages: tuple[str, ...] = ()
    voices: bool = True
    leaves_out: frozenset[str] = frozenset()
    users: tuple[int, ...] | None = None

    def installed(self, model: str) -> bool:
        """Whether it can run `model` here."""
        if self.name == LLAMA and model != BUNDLED:
            return False
        return not self.packages or importlib.util.find_spec(self.packages[0]) is not None


def _plain(setup: Setup) -> Engine:
    from chatbot.evaluation.bench.rivals import PlainGenerate

    return PlainGenerate(setup.model, setup.models_dir, threads=setup.threads, context_tokens=setup.context_tokens)


def _transformers(setup: Setup) -> Engine:
    from chatbot.engines.torch import TorchEngine

    # Without prompt lookup: how much it wins is a matter of what is asked, and these prompts are made up.
    return TorchEngine(
        setup.model,
        setup.models_dir,
        device="cpu",
        threads=setup.threads,
        context_tokens=setup.context_tokens,
        cache_mb=setup.cache_mb,
        batch_size=setup.batch_size,
        prompt_lookup=False,
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


def _llama(setup: Setup) -> Engine:
    from chatbot.evaluation.bench.rivals import LlamaCpp

    return LlamaCpp(setup.model, setup.models_dir, threads=setup.threads, context_tokens=setup.context_tokens)


CONTENDERS = (
    Contender(
        PLAIN,
        "plain generate",
        _plain,
        ("transformers", "torch", "peft"),
        # It answers one after the other: what several get together is what one gets, and comparing is taking turns.
        leaves_out=frozenset({"switch", "modes"}),
        users=(1,),
    ),
    Contender(TRANSFORMERS, "transformers", _transformers, ("transformers", "torch", "peft")),
    Contender(OPENVINO, "openvino", _openvino, ("openvino_genai",)),
    Contender(LLAMA, "llama.cpp", _llama, ("llama_cpp",), voices=False),
)


def choose(names: Sequence[str], model: str) -> list[Contender]:
    """The contenders called `names`, in the bench's order; without names all that are installed.

    Raises:
        MessageError: there is none of that name, or it cannot run here.
    """
    unknown = [name for name in names if name not in {one.name for one in CONTENDERS}]
    if unknown:
        raise MessageError(
            f"There is no engine '{unknown[0]}' to measure. There are: {', '.join(one.name for one in CONTENDERS)}."
        )
    chosen = [one for one in CONTENDERS if (one.name in names if names else one.installed(model))]
    for one in chosen:
        if not one.installed(model):
            raise MessageError(
                f"The engine '{one.name}' cannot be measured here: it needs the package {one.packages[0]}"
                + (" and BAKERSTREET_MODEL=bundled" if one.name == LLAMA else "")
                + ". Install it, or leave the name out of --engines."
            )
    return chosen
