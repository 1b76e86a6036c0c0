"""Collect `replays/*.yaml` as tests: `pytest tests/replays` runs every conversation in it.

The bot comes from a fixture called `replay_bot`, so that a project chooses its model and library.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Collect YAML files in folders called `replays`."""
    if file_path.suffix == ".yaml" and file_path.parent.name == "replays":
        return ReplayFile.from_parent(parent, path=file_path)
    return None


class ReplayFile(pytest.File):
    """One replay file: one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """The conversation as one test, named after the file."""
        yield ReplayItem.from_parent(self, name=self.path.stem)


class ReplayItem(pytest.Item):
    """One conversation."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.fixturenames = ["replay_bot"]
        manager = self.session._fixturemanager
        self._fixtureinfo = manager.getfixtureinfo(node=self, func=lambda replay_bot: None, cls=None)
        self.fixturenames = self._fixtureinfo.names_closure
        self.funcargs: dict[str, Any] = {}

    def setup(self) -> None:
        """Request the fixture `replay_bot`."""
        from _pytest.fixtures import TopRequest

        self._request = TopRequest(self, _ispytest=True)  # type: ignore[arg-type]
        self._request._fillfixtures()

    def runtest(self) -> None:
        """Run the conversation; a failure shows the replies and the expectations they do not meet."""
        from chatbot.replay import read_replay, run_replay

        failed = [
            f"> {outcome.message}\n{outcome.answered.reply}\n" + "\n".join(f"  - {item}" for item in outcome.failures)
            for outcome in run_replay(read_replay(self.path), self.funcargs["replay_bot"])
            if outcome.failures
        ]
        if failed:
            pytest.fail("\n\n".join(failed), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test is, and its name."""
        return self.path, 0, f"replay: {self.name}"
