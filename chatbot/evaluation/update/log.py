"""The replies and costs of a run in a file, so that a run that was killed goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from chatbot.evaluation.run_log import RunLog
from chatbot.evaluation.update.values import Cost, Reply, Way

_STEP: TypeAdapter[Reply | Cost] = TypeAdapter(Reply | Cost)


class UpdateLog(RunLog[Reply | Cost]):
    """The steps of an experiment; see `RunLog`."""

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        super().__init__(file, about, _STEP)

    @property
    def replies(self) -> Sequence[Reply]:
        """All that were given, in their order."""
        return [step for step in self.kept if isinstance(step, Reply)]

    def has(self, key: tuple[str, ...]) -> bool:
        """Whether a reply of this key was given."""
        return any(reply.key == key for reply in self.replies)

    def cost(self, way: Way) -> Cost | None:
        """What a way cost; None where it was not gone to its end."""
        return next((step for step in self.kept if isinstance(step, Cost) and step.way == way), None)
