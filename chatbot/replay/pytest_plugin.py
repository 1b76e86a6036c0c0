"""Collect `*.replay.yaml` as tests, in anybody's repository: each file is one, wherever it lies.

A replay with a cassette beside it is held to that, without the generating model; one without is run with the model, and
`--replay-model` runs all with it. The fixture `replay_stage` opens what the settings name (BAKERSTREET_...); a project
that defines one of that name chooses for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chatbot.replay import Stage

SUFFIX = ".replay.yaml"  # as `format.SUFFIX`, which is not imported for everybody's tests


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of this plugin."""
    group = parser.getgroup("replays", "conversations with a persona (*.replay.yaml)")
    group.addoption("--replay-model", action="store_true", help="run replays with the model, whatever was recorded")


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Collect replay files."""
    return ReplayFile.from_parent(parent, path=file_path) if file_path.name.endswith(SUFFIX) else None


@pytest.fixture(scope="session")
def replay_stage() -> Iterator[Stage]:
    """What replays are run with: the personas, libraries and models that the settings name."""
    from chatbot.replay import open_stage
    from chatbot.settings import get_settings

    with open_stage(get_settings()) as stage:
        yield stage


class ReplayFile(pytest.File):
    """One replay file: one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """The conversation as one test, named after the file."""
        yield ReplayItem.from_parent(self, name=self.path.name.removesuffix(SUFFIX))


class ReplayItem(pytest.Item):
    """One conversation."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        manager = self.session._fixturemanager
        self._fixtureinfo = manager.getfixtureinfo(node=self, func=lambda replay_stage: None, cls=None)
        self.fixturenames = self._fixtureinfo.names_closure
        self.funcargs: dict[str, Any] = {}

    def setup(self) -> None:
        """Request the fixture `replay_stage`."""
        from _pytest.fixtures import TopRequest

        self._request = TopRequest(self, _ispytest=True)  # type: ignore[arg-type]
        self._request._fillfixtures()

    def runtest(self) -> None:
        """Run the conversation; a failure shows the turns that are not as expected, or not as they were."""
        from chatbot.replay import cassette_of, run_file

        against = cassette_of(self.path).is_file() and not self.config.getoption("replay_model")
        outcome = run_file(self.path, self.funcargs["replay_stage"], cassette=against)
        if not outcome.passed:
            pytest.fail(outcome.shown(), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A replay that is refused is told in its own words."""
        from chatbot.errors import BakerStreetError

        if isinstance(excinfo.value, BakerStreetError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test is, and its name."""
        return self.path, 0, f"replay: {self.name}"
