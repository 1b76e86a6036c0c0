"""What a mode needs before it answers: memory, disk, parameters, and the minutes that its models were trained."""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from math import prod
from pathlib import Path

from chatbot.bot import Question
from chatbot.errors import EngineError
from chatbot.evaluation.bench import peak_memory_mb
from chatbot.evaluation.compare.entrants import FACTS, Entrants, mode_of
from chatbot.evaluation.compare.entries import Footprint
from chatbot.modes import Mode
from chatbot.resources import Resources
from chatbot.settings import Settings

MB = 1024 * 1024
CARD = "training.json"
EMBEDDED = 64  # passages, from which it is told how long the library takes


@dataclass(frozen=True)
class _Weights:
    """A folder or file of weights; `trained` for the persona or taken as it was."""

    place: Path
    trained: bool


def footprint(
    resources: Resources, persona: str, mode: str, questions: Sequence[str], facts: Path | None = None
) -> Footprint:
    """What a mode needs; its memory is that of a process of its own, which answers some questions.

    Args:
        resources: of the persona.
        persona: its id.
        mode: who takes part.
        questions: that are answered meanwhile.
        facts: the folder of the taught voice, where it takes part.

    Raises:
        EngineError: that process ended before its time.
    """
    used = mode_of(mode)
    weights = list(_weights(resources, persona, used, facts if mode == FACTS else None))
    library = resources.library(persona) if used.knowledge else None
    folders = [one.place for one in weights] + [resources.library_folder(persona)] * (library is not None)
    minutes = [_minutes(one.place) for one in weights if one.trained]
    return Footprint(
        mode=mode,
        peak_mb=round(_apart(resources.settings, persona, mode, questions, facts), 1),
        disk_mb=round(sum(_size(place) for place in folders) / MB, 1),
        parameters=sum(_parameters(one.place) for one in weights),
        trained=sum(_parameters(one.place) for one in weights if one.trained),
        training_minutes=round(sum(filter(None, minutes)), 1) if None not in minutes else None,
        passages=library.total if library else 0,
        index_seconds=round(_index_seconds(resources, persona), 1) if library else 0.0,
    )


def _weights(resources: Resources, persona: str, mode: Mode, taught: Path | None) -> Iterator[_Weights]:
    """The generator, and what the mode adds: its voice, and the models that its search and its check ask."""
    from chatbot.engines import resolve_model

    loaded, settings = resources.persona(persona), resources.settings
    if settings.engine != "remote":
        yield _Weights(resolve_model(settings.model, settings.models_dir).folder, trained=False)
    if mode.voice and (voice := taught or loaded.voice):
        yield _Weights(voice, trained=True)
    if mode.knowledge is None and not mode.voice:
        return
    yield _Weights(Path(resources.embedder.folder), trained=False)  # the voice's nearest lines are found by it too
    plan = resources.library(persona).plan(mode.knowledge) if mode.knowledge else None
    adapters = [loaded.retriever] if plan is None or plan.modules != ["dense"] else []
    if plan is not None:
        adapters.append(loaded.support)
        if "read" in plan.modules or "cross-encoder" in plan.modules:
            adapters.append(loaded.reader or loaded.reranker)
    for folder in filter(None, adapters):
        yield _Weights(folder, trained=True)


def _index_seconds(resources: Resources, persona: str) -> float:
    passages, embedder = resources.library(persona).passages, resources.library_embedder(persona)
    texts = [passage.text for passage in passages[:: max(len(passages) // EMBEDDED, 1)][:EMBEDDED]]
    embedder.embed_documents(texts[:1])  # what is opened once is not timed
    began = time.perf_counter()
    embedder.embed_documents(texts)
    return (time.perf_counter() - began) * len(passages) / max(len(texts), 1)


def _minutes(folder: Path) -> float | None:
    try:
        return float(json.loads((folder / CARD).read_text(encoding="utf-8"))["minutes"])
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


def _parameters(folder: Path) -> int:
    """Those in the files of weights of a folder, from their headers: 8 bytes with the length, then JSON."""
    number = 0
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as opened:
            header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        number += sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    return number


def _apart(settings: Settings, persona: str, mode: str, questions: Sequence[str], facts: Path | None) -> float:
    spawned = multiprocessing.get_context("spawn")  # a fork would inherit this process's memory
    with ProcessPoolExecutor(1, mp_context=spawned) as pool:
        try:
            return pool.submit(_peak, settings, persona, mode, tuple(questions), facts).result()
        except BrokenProcessPool as error:
            raise EngineError(f"The process that measured the memory of '{mode}' was lost: {error}") from error


def _peak(settings: Settings, persona: str, mode: str, questions: Sequence[str], facts: Path | None) -> float:
    """In the process of its own."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with tempfile.TemporaryDirectory(prefix="bakerstreet-") as folder:
        own = settings.model_copy(update={"database_url": f"sqlite:///{folder}/memory.sqlite3"})
        resources = Resources(own)
        try:
            bot = Entrants(resources, facts)
            for question in questions:
                bot.reply(Question(question, persona=persona, mode=mode))
        finally:
            resources.close()
    return peak_memory_mb()
