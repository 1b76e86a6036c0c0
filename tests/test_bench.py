"""The bench: its measures with an engine of known speed, its processes and crashes, its report and the command."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.types import Completion, Engine, Generation, Request
from chatbot.engines.worker import Limits
from chatbot.errors import EngineError, MessageError, ModelError, VoiceError
from chatbot.evaluation.bench import engines
from chatbot.evaluation.bench.engines import Measured, Setup, choose_engines
from chatbot.evaluation.bench.measures import MEASURES, Bench, Plan, rate_of
from chatbot.evaluation.bench.report import as_json, chart, report
from chatbot.evaluation.bench.run import BenchOutcome, run
from chatbot.settings import Settings
from personas import LoadedPersona

SOURCE = (
    "The lamp stood by the window and the dog slept by the fire. The porter took the lamp and the key to the cellar. "
    "Nobody saw the dog by the cellar and nobody took the key. A guest by the fire saw the porter and the dog. "
)
TINY = Plan(
    repetitions=2,
    measures=("first token", "writing"),
    start_ups=False,
    first_token=(40,),
    prompt=36,
    reply=4,
    turn=40,
    follow_up=5,
    users=(1, 2),
    shared=40,
    notes=20,
    question=12,
)
LARGE_MB = 300
ABOUT = {"processor": "A & B <fast>", "cores": 2, "load_before": 0.1}


class SteadyEngine:
    """The first token after 10 ms, then one a millisecond. It writes down which process was asked for what."""

    def __init__(self, setup: Setup, name: str = "steady") -> None:
        self.name = name
        self._diary = setup.models_dir / "diary"
        self.requests: list[Request] = []

    def submit(self, request: Request) -> Generation:
        """Answer at once."""
        self.requests.append(request)
        length = request.sampling.max_new_tokens
        with self._diary.open("a", encoding="utf-8") as diary:
            diary.write(f"{self.name} {os.getpid()} {length}\n")
        generation = Generation(request)
        generation.finish(Completion("Indeed.", "length", 30, 0, length, 10.0, 10.0 + length - 1))
        return generation

    def count(self, text: str) -> int:
        """One token a word."""
        return len(text.split())

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Everything is certain."""
        return [0.0 for _ in pairs]

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to give back."""


class DyingEngine(SteadyEngine):
    """Ends its process in its second repetition."""

    def submit(self, request: Request) -> Generation:
        if len(self.requests) > 4:
            os._exit(7)
        return super().submit(request)


class RefusingEngine(SteadyEngine):
    """Fails at replies of the length that is asked for when writing is measured."""

    def submit(self, request: Request) -> Generation:
        if request.sampling.max_new_tokens == TINY.reply:
            raise EngineError("Not today.")
        return super().submit(request)


class HoarseEngine(SteadyEngine):
    """Takes no voice."""

    def warm(self, voices: Sequence[Path] = ()) -> None:
        if voices:
            raise VoiceError("The voice was made for another model.")


class LargeEngine(SteadyEngine):
    """Holds a good deal of memory."""

    def warm(self, voices: Sequence[Path] = ()) -> None:
        self.held = bytearray(os.urandom(1024)) * (1024 * LARGE_MB)


def second(setup: Setup) -> Engine:
    return SteadyEngine(setup, "second")


def stillborn(setup: Setup) -> Engine:
    raise ModelError("There is no model in the cellar.")


STEADY, SECOND = Measured("steady", SteadyEngine, "json"), Measured("second", second, "json")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """What the engines of known speed are made from; `models_dir` is where they keep their diary."""
    return Setup("bundled", tmp_path, 1, {"cache_mb": 16}, tmp_path / "voice", SOURCE, TINY)


# ---------------------------------------------------------------------- measures


def test_rate_counts_from_the_first_token_and_the_token_that_ends_a_reply() -> None:
    assert rate_of(Completion("", "length", 9, 0, 11, 100, 600)) == pytest.approx(20)
    assert rate_of(Completion("", "stop", 9, 0, 10, 100, 600)) == pytest.approx(20)
    assert rate_of(Completion("", "length", 9, 0, 1, 100, 100)) is None


def test_prompts_have_the_length_that_was_asked_for_and_no_beginning_in_common(engine: OpenVinoEngine) -> None:
    bench = Bench(engine, SOURCE, None, TINY)
    prompts = []
    for tokens in (64, 256, 750):
        prompts.append(engine.tokenizer.encode_messages(bench.prompt(f"label {tokens}", tokens)))
        assert tokens - 4 <= len(prompts[-1]) <= tokens + 2
        assert bench.prompt(f"label {tokens}", tokens) == bench.prompt(f"label {tokens}", tokens)
    # The template's own opening, and at most a digit or two.
    assert all(one[:7] != other[:7] for one, other in pairwise(prompts))


def test_every_measure_of_an_engine_of_known_speed(setup: Setup) -> None:
    bench = Bench(SteadyEngine(setup), SOURCE, setup.voice, TINY)
    samples = {name: values for measure in MEASURES.values() for name, values in measure(bench, "one").items()}
    # A reply of 4 tokens ends after 13 ms; together is as long as alone, but for the moment in between.
    together = {"users.1.rate", "users.2.rate", "modes.alone", "modes.together"}
    assert {name: values for name, values in samples.items() if name not in together} == {
        "first_token.40": [10.0],
        "writing.base": [pytest.approx(1000.0)],
        "writing.voice": [pytest.approx(1000.0)],
        "turn.first": [10.0],
        "turn.next": [10.0],
        "turn.retry": [10.0],
        "switch.cost": [0.0],
        "users.1.first_token": [10.0],
        "users.2.first_token": [10.0, 10.0],
    }
    assert samples["users.1.rate"] == [pytest.approx(4 / 13 * 1000)]
    assert samples["users.2.rate"][0] > samples["users.1.rate"][0]
    assert samples["modes.alone"] == [pytest.approx(13.0)]
    assert samples["modes.together"][0] >= 13.0


def test_the_voice_is_switched_and_modes_share_a_beginning_that_was_read_before(setup: Setup) -> None:
    engine = SteadyEngine(setup)
    bench = Bench(engine, SOURCE, setup.voice, TINY)
    MEASURES["switch"](bench, "one")
    order = [bool(request.voice) for request in engine.requests]
    assert order[:6] == [False, True, False, False, True, True]  # both are read, then each after the other and again
    engine.requests.clear()
    MEASURES["modes"](bench, "one")
    assert [bool(request.voice) for request in engine.requests[2:]] == [True, True, False, True]
    beginning = engine.requests[0].messages[1].content
    assert all(request.messages[1].content.startswith(beginning) for request in engine.requests)
    assert len({request.messages for request in engine.requests[2:]}) == 3  # with and without voice: the same notes


def test_without_a_voice_what_needs_one_is_left_out(setup: Setup) -> None:
    bench = Bench(SteadyEngine(setup), SOURCE, None, TINY)
    names = {name for measure in MEASURES.values() for name in measure(bench, "one")}
    assert not [name for name in names if name.startswith(("switch", "modes")) or "voice" in name]


# ---------------------------------------------------------------------- processes


def test_engines_alternate_within_every_repetition_each_in_its_own_process(setup: Setup) -> None:
    outcome = run([STEADY, SECOND], setup)
    diary = [line.split() for line in (setup.models_dir / "diary").read_text().splitlines()]
    measured = [name for name, _, length in diary if length != "8"]  # 8: what the warm-up asks for
    once = ["steady", "second", *["steady"] * 2, *["second"] * 2]  # a first token; writing, with the voice off and on
    assert measured == once * 2
    assert len({(name, process) for name, process, _ in diary}) == len({process for _, process, _ in diary}) == 2
    assert str(os.getpid()) not in {process for _, process, _ in diary}
    assert outcome.notes == []
    assert outcome.samples["steady"]["first_token.40"] == [10.0, 10.0]
    assert outcome.samples["second"]["writing.voice"] == [pytest.approx(1000.0)] * 2
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_engine_that_dies_or_fails_is_named_and_the_rest_goes_on(setup: Setup) -> None:
    names = {"stillborn": stillborn, "dying": DyingEngine, "refusing": RefusingEngine, "hoarse": HoarseEngine}
    outcome = run([Measured(name, make, "json") for name, make in names.items()] + [STEADY], setup)
    said = "\n".join(outcome.notes)
    assert "stillborn could not be started and is left out: ModelError: There is no model in the cellar." in said
    assert "refusing: 'writing' failed and is left out: EngineError: Not today." in said
    assert "hoarse is measured without a voice: The voice was made for another model." in said
    assert "dying was lost during 'first token', and is left out from there on" in said
    assert len(outcome.notes) == 4
    assert outcome.samples["stillborn"] == {}
    assert len(outcome.samples["dying"]["first_token.40"]) == 1
    assert list(outcome.samples["refusing"]) == ["first_token.40"]
    assert list(outcome.samples["hoarse"]) == ["first_token.40", "writing.base"]
    assert len(outcome.samples["steady"]["writing.voice"]) == 2
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_start_ups_and_memory_are_the_engine_s_own(setup: Setup) -> None:
    large = Measured("large", LargeEngine, "json")
    outcome = run([STEADY, large], replace(setup, plan=replace(TINY, measures=(), start_ups=True)))
    assert all(len(own["start.ready"]) == 2 and min(own["start.ready"]) > 0 for own in outcome.samples.values())
    held = {name: own["memory.peak"][0] for name, own in outcome.samples.items()}
    assert LARGE_MB * 0.9 < held["large"] - held["steady"] < LARGE_MB * 1.2


# ---------------------------------------------------------------------- report and command


def test_the_table_the_json_and_the_chart_hold_what_was_measured(setup: Setup) -> None:
    outcome = BenchOutcome(
        {"one": {"writing.base": [10.0, 30.0, 20.0]}, "other": {"users.2.first_token": [1.0, 2.0]}}, ["other: it fell."]
    )
    text = report(outcome, TINY, ABOUT)
    cells = {line.split("|")[1].strip(): line.split("|")[2:4] for line in text.splitlines() if line.startswith("|")}
    assert [cell.strip() for cell in cells["Writing, voice off [tokens/s]"]] == ["20.0 (10.0-30.0)", "-"]
    assert [cell.strip() for cell in cells["2 users at once, first token p95 [ms]"]] == ["-", "1.95"]
    assert "Writing, voice on [tokens/s]" not in cells
    assert "Fewer than 5" in text and "Note: other: it fell." in text
    assert "Fewer than" not in report(outcome, Plan(), ABOUT)

    data = json.loads(as_json(outcome, setup, ABOUT, "2030-01-02T03:04:05+00:00"))
    assert data["engines"]["one"] == {"medians": {"writing.base": 20.0}, "samples": {"writing.base": [10, 30, 20]}}
    assert data["settings"]["threads"] == 1 and data["plan"]["first_token"] == [40]
    assert str(setup.models_dir) not in json.dumps(data)

    root = ElementTree.fromstring(chart(outcome, TINY, "A & B <fast>"))
    words = {"".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"one", "other", "A & B <fast>", "tokens/s", "voice off", "20.0"} <= words
    assert not {"MB", "Start (lower is better)"} & words  # nothing was measured


def test_engines_are_chosen_by_name_and_by_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.name for one in choose_engines(["transformers", "plain"])] == ["plain", "transformers"]
    with pytest.raises(MessageError, match="no engine 'steam' to measure"):
        choose_engines(["steam"])
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None if name == "openvino_genai" else name)
    assert [one.name for one in choose_engines([])] == ["plain", "transformers"]
    with pytest.raises(MessageError, match="'openvino' needs the package openvino_genai"):
        choose_engines(["openvino"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engines", "steam"], "no engine 'steam'"),
        (["--engines", "plain", "--json", "file/bench.json"], "file/bench.json cannot be written"),
        (["--engines", "plain", "--persona", "sherlok"], "no persona 'sherlok'"),
    ],
)
def test_a_mistake_is_reported_before_anything_is_measured(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("chatbot.evaluation.bench.run", lambda *_: pytest.fail("it was measured"))
    result = CliRunner().invoke(app, ["bench", *arguments])
    assert result.exit_code == 1 and said in str(result.exception)


@pytest.mark.slow
def test_the_command_writes_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINES", (replace(STEADY, name="plain", alone=True), replace(SECOND, name="fast")))
    monkeypatch.setattr("chatbot.settings.Settings.models_dir", tmp_path)
    files = [tmp_path / "new" / name for name in ("bench.json", "bench.svg")]
    arguments = ["bench", "--repetitions", "1", "--json", str(files[0]), "--chart", str(files[1])]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    data = json.loads(files[0].read_text())
    assert {"first_token.1500", "turn.retry", "users.8.rate", "modes.together", "start.ready"} <= set(
        data["engines"]["fast"]["samples"]
    )
    assert not {"users.8.rate", "modes.together"} & set(data["engines"]["plain"]["samples"])
    assert "| Switching the voice" in result.stdout and "Repetition 1 of 1" not in result.stdout
    assert ElementTree.fromstring(files[1].read_text()).tag.endswith("svg")


@pytest.mark.slow
@pytest.mark.timeout(1200)  # two processes load torch and the model
def test_plain_generation_and_transformers_are_measured_with_the_real_model_and_voice(
    settings: Settings, sherlock: LoadedPersona
) -> None:
    plan = replace(TINY, repetitions=1, measures=("first token", "writing", "turn"))
    limits: Limits = {"context_tokens": 512, "cache_mb": 64}
    setup = Setup(settings.model, settings.models_dir, settings.cpu_threads(), limits, sherlock.voice, SOURCE, plan)
    outcome = run(choose_engines(["plain", "transformers"]), setup)
    assert outcome.notes == []
    for own in outcome.samples.values():
        assert all(own[name][0] > 0 for name in ("first_token.40", "writing.base", "writing.voice", "turn.next"))
