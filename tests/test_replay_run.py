"""Replays run over the session's library, against the cassettes that are shipped; with the model in a slow test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.errors import ReplayError
from chatbot.library.search.library import Library
from chatbot.replay import Stage, cassette_of, open_side, open_stage, played, report, run_file
from chatbot.replay.sides import Side
from chatbot.settings import Settings

pytest_plugins = ["pytester"]

SHIPPED = Path(__file__).with_name("replays")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of a replay that is shipped, with its cassette."""
    file = SHIPPED / "speckled-band.replay.yaml"
    shutil.copy(cassette_of(file), tmp_path)
    return Path(shutil.copy(file, tmp_path))


def test_against_a_cassette_no_model_is_asked(
    shipped: Path, replay_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise AssertionError("a model was asked")

    monkeypatch.setattr(OpenVinoEngine, "submit", fails)
    monkeypatch.setattr(OpenVinoEngine, "count", fails)
    monkeypatch.setattr("chatbot.library.encoders.encoder.Encoder._rows", fails)
    outcome = run_file(shipped, replay_stage, cassette=True)
    assert outcome.passed, outcome.shown()
    assert [turn.came.user for turn in outcome.turns] == ["What killed Julia Stoner?", "What animals did he keep?"]
    assert outcome.notes == ()


def test_what_is_not_as_it_was_is_shown_with_its_turn(shipped: Path, replay_stage: Stage) -> None:
    cassette = cassette_of(shipped)
    text = cassette.read_text(encoding="utf-8")
    reply = run_file(shipped, replay_stage, cassette=True).turns[0].came.reply
    assert reply in text
    cassette.write_text(text.replace(f'"reply":"{reply}"', '"reply":"It was a cobra."'), encoding="utf-8")
    outcome = run_file(shipped, replay_stage, cassette=True)
    assert not outcome.passed
    shown = outcome.shown()
    assert "turn 1: What killed Julia Stoner?" in shown
    assert "reply:" in shown
    assert "cobra" in shown


def test_an_expectation_that_is_not_met_is_shown_against_a_cassette_too(shipped: Path, replay_stage: Stage) -> None:
    shipped.write_text(shipped.read_text(encoding="utf-8").replace("tiger", "baboon"), encoding="utf-8")
    assert "expected: the reply has 'baboon'" in run_file(shipped, replay_stage, cassette=True).shown()


def test_another_message_is_no_turn_of_the_cassette(shipped: Path, replay_stage: Stage) -> None:
    text = shipped.read_text(encoding="utf-8")
    shipped.write_text(text.replace("user: What animals did he keep?", "user: Good evening."), encoding="utf-8")
    assert not run_file(shipped, replay_stage, cassette=True).passed
    shipped.write_text(text + "  - user: Good evening.\n", encoding="utf-8")
    assert "no such turn" in run_file(shipped, replay_stage, cassette=True).shown()


def test_a_cassette_of_other_models_is_refused(shipped: Path, replay_stage: Stage) -> None:
    voice = replay_stage.made_with("sherlock")["voice"]
    text = cassette_of(shipped).read_text(encoding="utf-8")
    cassette_of(shipped).write_text(text.replace(voice, "0" * len(voice)), encoding="utf-8")
    with pytest.raises(ReplayError, match="another voice"):
        run_file(shipped, replay_stage, cassette=True)


def test_nothing_is_left_of_a_replay_that_adds_texts(replay_stage: Stage) -> None:
    visitors = replay_stage.library_folder("sherlock") / "visitors"
    before = sorted(visitors.iterdir()) if visitors.is_dir() else []
    assert run_file(SHIPPED / "source-added.replay.yaml", replay_stage, cassette=True).passed
    assert (sorted(visitors.iterdir()) if visitors.is_dir() else []) == before
    assert replay_stage.settings.evidence_tokens == 220


def test_the_plugin_collects_replays_anywhere_and_tells_what_is_wrong(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        class Nowhere:
            def personas(self):
                return ["sherlock"]

        @pytest.fixture(scope="session")
        def replay_stage():
            return Nowhere()
        """
    )
    pytester.mkdir("talk").joinpath("a.replay.yaml").write_text("persona: watson\nturns: [{user: hi}]", "utf-8")
    pytester.path.joinpath("b.yaml").write_text("turns: []", "utf-8")
    done = pytester.runpytest("-q")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*persona: there is no 'watson'*line 1*"])


@pytest.mark.parametrize("text", ["nowhere", "model", "=x"])
def test_a_side_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ReplayError, match="Name a home"):
        open_side(text)


def test_a_side_is_a_home_a_file_or_settings(tmp_path: Path) -> None:
    assert open_side(str(tmp_path)).settings.home == tmp_path
    assert open_side("evidence_tokens=64,exact=true").settings.evidence_tokens == 64
    file = tmp_path / "other.toml"
    file.write_text("evidence_tokens = 99\n")
    assert open_side(str(file)).settings.evidence_tokens == 99


@pytest.mark.slow
def test_two_runs_with_one_seed_give_the_same_replies_and_two_sides_are_compared(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    files = []
    for name in ("voice-alone", "standard-mode", "branch-back", "speckled-band"):
        text = (SHIPPED / f"{name}.replay.yaml").read_text(encoding="utf-8")
        files.append(tmp_path / f"{name}.replay.yaml")
        files[-1].write_text(f"seed: 7\n{text}", encoding="utf-8")
    one = played(Side("one", settings), files)
    two = played(Side("<two>", settings), files)
    assert not one.refused
    assert [turn.reply for turn in one.turns] == [turn.reply for turn in two.turns]
    number = len(one.turns)
    same = f"Of {number} turns that both took, {number} have the same evidence and {number} the same reply."
    assert same in report(one, two)
    narrow = played(Side("narrow", settings.model_copy(update={"evidence_tokens": 32})), files)
    page = report(one, narrow, html=True)
    assert "<del>" in page
    assert "speckled-band, turn 1" in page
    # What is recorded is what is played.
    with open_stage(settings) as stage:
        assert run_file(files[-1], stage, update=True).passed
        again = run_file(files[-1], stage, cassette=True)
        assert again.passed, again.shown()
