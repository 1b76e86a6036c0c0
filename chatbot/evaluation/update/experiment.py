"""New facts made answerable in two ways, each on a copy: a text is added to the library, and a voice is taught them."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.bot import Bot, Question
from chatbot.engines import Engine
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.update.case import Case
from chatbot.evaluation.update.energy import EnergyMeter
from chatbot.evaluation.update.log import UpdateLog
from chatbot.evaluation.update.values import Asked, Condition, Cost, Reply
from chatbot.library.encoders import ADAPTER_WEIGHTS
from chatbot.library.index import add_text
from chatbot.modes import get_mode
from chatbot.progress import Progress, Say
from chatbot.resources import Resources
from chatbot.settings import Settings

CLOSED_BOOK = "ft"  # the mode that answers from the voice alone

# Teaches a copy of the voice: into the first folder, with its checkpoint in the second; tells the number of every step,
# and returns what `training.json` says.
Teach = Callable[[Path, Path, Callable[[int], None]], Mapping[str, Any]]


class CopiedLibrary(Resources):
    """Resources whose libraries are copies.

    Args:
        settings: of the process.
        libraries: the folder of the copies, one for each persona.
        engine: another engine than the settings name.
        say: told what is being done when it takes more than a moment.
    """

    def __init__(
        self, settings: Settings, libraries: Path, *, engine: Engine | None = None, say: Say = lambda _: None
    ) -> None:
        super().__init__(settings, engine=engine, say=say)
        self._copies = libraries

    def library_folder(self, persona_id: str) -> Path:
        """Where the copy lies."""
        return self._copies / persona_id


@dataclass(frozen=True)
class Experiment:
    """What is asked, and where the copies lie.

    Attributes:
        persona: its id.
        case: the new facts.
        old: ordinary questions.
        modes: those that search; of these, those with a voice are asked the ordinary questions with the taught one too.
        work: the folder of the copies.
        log: what it holds is not done again; it is given every reply and cost.
    """

    persona: str
    case: Case
    old: Sequence[KnownQuestion]
    modes: Sequence[str]
    work: Path
    log: UpdateLog

    @property
    def libraries(self) -> Path:
        """The folder of the copied library."""
        return self.work / "library"

    @property
    def voice(self) -> Path:
        """The folder of the taught copy of the voice."""
        return self.work / "voice"

    def missing(self, condition: Condition) -> list[tuple[str, Asked, KnownQuestion]]:
        """What has still to be asked in a condition: mode, of which questions it is, and the question."""
        return [wanted for wanted in self._wanted(condition) if not self.log.has(_key(condition, *wanted))]

    def ask(self, bot: Bot, condition: Condition, on_progress: Progress = lambda done, total: None) -> None:
        """Ask what is missing.

        Args:
            bot: answers; under "text", from the copy of the library.
            condition: what is so; under "voice" the taught copy speaks.
            on_progress: told how many questions are answered, of how many.
        """
        wanted, missing = list(self._wanted(condition)), self.missing(condition)
        meter = bot.resources.models(self.persona).tone()
        on_progress(len(wanted) - len(missing), len(wanted))
        for done, (mode, asked, known) in enumerate(missing, len(wanted) - len(missing) + 1):
            voice = self.voice if condition == "voice" else None
            answered = bot.reply(Question(known.question, persona=self.persona, mode=mode, voice=voice))
            self.log.append(
                Reply(
                    condition=condition,
                    mode=mode,
                    asked=asked,
                    question=known.question,
                    reply=answered.reply,
                    right=known.answered_by(answered.reply),
                    tone=round(meter.score(answered.reply), 4) if meter else None,
                    total_ms=round(answered.trace.timings.total_ms, 1),
                )
            )
            on_progress(done, len(wanted))

    def copy_library(self, folder: Path) -> None:
        """Copy the library; what a run that was killed left there goes."""
        shutil.rmtree(self.libraries, ignore_errors=True)
        shutil.copytree(folder, self.libraries / self.persona)

    def add(self, resources: Resources) -> None:
        """Add the text of the case to the copy, as `library add` does, and log what that cost.

        Args:
            resources: with the copy; warm, as a program that is running has them.
        """
        folder = resources.library_folder(self.persona)
        before = disk_size(folder)
        meter, began = EnergyMeter(), time.perf_counter()
        added = add_text(
            resources.persona(self.persona), folder, resources.library_embedder(self.persona), self.case.text
        )
        done, joules = time.perf_counter(), meter.joules()
        resources.library(self.persona).warm()
        self.log.append(
            Cost(
                way="text",
                seconds=round(done - began, 3),
                ready_seconds=round(time.perf_counter() - done, 3),
                bytes=disk_size(folder) - before,
                joules=joules,
                units=added.passages,
            )
        )

    def forget_library(self) -> None:
        """Delete the copy of the library."""
        shutil.rmtree(self.libraries, ignore_errors=True)

    def teach(self, teach: Teach, opened: Callable[[], AbstractContextManager[Resources]]) -> None:
        """Teach a copy of the voice, and log what that cost.

        The energy is that of the steps; it is not known where the run goes on after it was stopped.

        Args:
            teach: teaches.
            opened: opens resources; after the training, so that the two need not fit into the memory together.
        """
        meter, steps, joules = EnergyMeter(), list[int](), list[float | None]()

        def stepped(step: int) -> None:
            steps.append(step)
            joules.append(meter.joules())

        run = self.work / "run"
        facts = teach(self.voice, run, stepped)
        with opened() as resources:
            models = resources.settings.models_dir
            resources.engine.warm([])
            before, began = _conversions(models), time.perf_counter()
            resources.engine.warm([self.voice])
            ready, converted = time.perf_counter() - began, _conversions(models) - before
        self.log.append(
            Cost(
                way="voice",
                seconds=facts["seconds"],
                ready_seconds=round(ready, 3),
                bytes=disk_size(self.voice),
                converted_bytes=sum(map(disk_size, converted)),
                joules=joules[-1] if steps[:1] == [1] else None,
                units=facts["steps"],
                tokens=facts["tokens"],
                trainable=_parameters(self.voice / ADAPTER_WEIGHTS),
            )
        )
        shutil.rmtree(run, ignore_errors=True)

    def _wanted(self, condition: Condition) -> Iterator[tuple[str, Asked, KnownQuestion]]:
        new = self.case.facts
        taught = [fact.model_copy(update={"question": fact.also[0]}) for fact in new]
        if condition == "voice":
            yield from ((CLOSED_BOOK, "new", known) for known in new)
            yield from ((CLOSED_BOOK, "taught", known) for known in taught)
            for mode in (CLOSED_BOOK, *(mode for mode in self.modes if get_mode(mode).voice)):
                yield from ((mode, "old", known) for known in self.old)
            return
        for mode in (*self.modes, *([CLOSED_BOOK] if condition == "before" else ())):
            yield from ((mode, "new", known) for known in new)
            yield from ((mode, "old", known) for known in self.old)


def disk_size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _key(condition: Condition, mode: str, asked: Asked, known: KnownQuestion) -> tuple[str, ...]:
    return condition, mode, asked, known.question


def _conversions(models: Path) -> set[Path]:
    """The folders of converted models; an engine that converts nothing has none."""
    return {folder for folder in models.glob("openvino/*") if folder.is_dir()}


def _parameters(file: Path) -> int:
    """How many numbers a safetensors file holds, as its head says."""
    with file.open("rb") as raw:
        head = json.loads(raw.read(int.from_bytes(raw.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in head.items() if name != "__metadata__")
