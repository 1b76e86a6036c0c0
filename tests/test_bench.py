"""The bench: its figures, its alternation and its crashes with small real processes, and a short run with the model."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.engines.types import Completion, Engine, Generation, Request
from chatbot.errors import EngineError, MessageError, ModelError, VoiceError
from chatbot.evaluation.bench import contenders, machine
from chatbot.evaluation.bench.chart import axis, chart, panels
from chatbot.evaluation.bench.contenders import Contender, Setup, choose
from chatbot.evaluation.bench.measures import MEASURES, Bench, Plan, Prose, modes, rate_of, switch, users
from chatbot.evaluation.bench.report import as_json, decode_share, figure, judge, percentile, report
from chatbot.evaluation.bench.run import BenchOutcome, run
from chatbot.settings import Settings
from personas import LoadedPersona

SOURCE = (
    "The lamp stood by the window and the dog slept by the fire. The porter took the lamp and the key to the cellar. "
    "Nobody saw the dog by the cellar and nobody took the key. A guest by the fire saw the porter and the dog. "
    "By the window the guest slept and the porter saw the key."
)
TINY = Plan(
    repetitions=2,
    measures=("first token", "decode"),
    start_ups=False,
    first_token=(40,),
    decode_prompt=40,
    decode_reply=4,
    turn=40,
    turn_reply=3,
    follow_up=5,
    short=34,
    users=(1, 2),
    user_prompt=36,
    user_reply=3,
    shared=40,
    evidence=20,
    question=12,
    mode_reply=3,
)
LARGE_MB = 300
ABOUT = {"processor": "A & B <fast>", "cores": 2, "memory_gb": 8.0, "load_before": 0.1}
SVG = "{http://www.w3.org/2000/svg}"


class SteadyEngine:
    """Answers at once: the first token after 10 ms, and then one a millisecond. It writes down when it was asked."""

    name = "steady"

    def __init__(self, setup: Setup, name: str) -> None:
        self._diary = setup.models_dir / "diary"
        self.name = name
        self.requests: list[Request] = []

    def submit(self, request: Request) -> Generation:
        """Answer at once."""
        self.requests.append(request)
        with self._diary.open("a", encoding="utf-8") as diary:
            diary.write(f"{self.name} {os.getpid()} {request.sampling.max_new_tokens}\n")
        generation = Generation(request)
        length = request.sampling.max_new_tokens
        prompt = sum(self.count(message.content) for message in request.messages)
        generation.finish(Completion("Indeed.", "length", prompt, 0, length, 10.0, 10.0 + length - 1))
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
    """Ends its process in the middle of its second repetition."""

    def submit(self, request: Request) -> Generation:
        if len(self.requests) > 3:
            os._exit(7)
        return super().submit(request)


class RefusingEngine(SteadyEngine):
    """Fails at every reply of the length that the decode measure asks for."""

    def submit(self, request: Request) -> Generation:
        if request.sampling.max_new_tokens == TINY.decode_reply:
            raise EngineError("Not today.")
        return super().submit(request)


class HoarseEngine(SteadyEngine):
    """Has no voice but its own."""

    def warm(self, voices: Sequence[Path] = ()) -> None:
        if voices:
            raise VoiceError("The voice was made for another model.")


class LargeEngine(SteadyEngine):
    """Holds a good deal of memory."""

    def warm(self, voices: Sequence[Path] = ()) -> None:
        self.held = bytearray(os.urandom(1024)) * (1024 * LARGE_MB)


def steady(setup: Setup) -> Engine:
    return SteadyEngine(setup, "steady")


def second(setup: Setup) -> Engine:
    return SteadyEngine(setup, "second")


def dying(setup: Setup) -> Engine:
    return DyingEngine(setup, "dying")


def refusing(setup: Setup) -> Engine:
    return RefusingEngine(setup, "refusing")


def hoarse(setup: Setup) -> Engine:
    return HoarseEngine(setup, "hoarse")


def large(setup: Setup) -> Engine:
    return LargeEngine(setup, "large")


def stillborn(setup: Setup) -> Engine:
    raise ModelError("There is no model in the cellar.")


STEADY, SECOND, LARGE = (Contender(make.__name__, make.__name__, make) for make in (steady, second, large))
DYING, REFUSING = Contender("dying", "The Dying One", dying), Contender("refusing", "The Refusing One", refusing)
HOARSE, STILLBORN = Contender("hoarse", "The Hoarse One", hoarse), Contender("stillborn", "The Stillborn", stillborn)


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """What the fake contenders are made from; `models_dir` is where they keep their diary."""
    return Setup("bundled", tmp_path, 1, 512, 16, 8, tmp_path / "voice", SOURCE, TINY)


def outcome_of(**samples: dict[str, list[float]]) -> BenchOutcome:
    """An outcome with these samples."""
    return BenchOutcome({name: name for name in samples}, dict(samples))


# ---------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([3, 1, 2], 50, 2), ([4, 1, 2, 3], 50, 2.5), ([5], 95, 5), ([0, 10], 95, 9.5), ([1, 2, 3], 100, 3)],
)
def test_percentile(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == pytest.approx(expected)


def test_rate_counts_from_the_first_token_and_the_token_that_ends_a_reply() -> None:
    assert rate_of(Completion("", "length", 9, 0, 11, 100, 600)) == pytest.approx(20)
    assert rate_of(Completion("", "stop", 9, 0, 10, 100, 600)) == pytest.approx(20)
    assert rate_of(Completion("", "length", 9, 0, 1, 100, 100)) is None
    assert rate_of(Completion("", "stop", 9, 0, 0, 100, 100)) is None


@pytest.mark.parametrize(("value", "shown"), [(1234.5, "1234"), (45.67, "45.7"), (0.256, "0.26"), (-3.0, "-3.00")])
def test_a_figure_has_no_more_digits_than_it_is_worth(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_prose_is_the_same_for_a_label_and_another_for_another() -> None:
    def count(text: str) -> int:
        return len(text.split())

    one, again = (Prose(SOURCE).text("one", 50, count) for _ in range(2))
    assert one == again and count(one) == 50
    assert set(one.split()) <= set(SOURCE.split())
    assert len({Prose(SOURCE).text(f"label {number}", 50, count) for number in range(20)}) == 20


def test_prompts_have_the_length_that_was_asked_for_and_no_beginning_in_common(engine: Engine) -> None:
    bench = Bench(engine, Prose(SOURCE), None, TINY)
    prompts = []
    for tokens in (64, 256, 750):
        messages = bench.opening(f"label {tokens}", tokens)
        prompts.append(engine.tokenizer.encode_messages(messages))
        assert tokens - 3 <= len(prompts[-1]) <= tokens + 2
    same = [sum(1 for _ in _common(one, other)) for one, other in pairwise(prompts)]
    assert max(same) <= 6  # the template's own opening, and at most a digit or two


def _common(one: Sequence[int], other: Sequence[int]) -> Sequence[int]:
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one[:at]
    return one


# ---------------------------------------------------------------------- measures


def test_users_ask_each_with_a_prompt_of_his_own(setup: Setup) -> None:
    engine = SteadyEngine(setup, "steady")
    samples = users(Bench(engine, Prose(SOURCE), None, TINY), "one")
    assert len(engine.requests) == 3 == len({request.messages for request in engine.requests})
    assert samples["users.2.first_token"] == [10.0, 10.0]
    assert samples["users.1.rate"][0] == pytest.approx(3 / 12 * 1000)  # 3 tokens in 10 + 2 ms
    assert samples["users.2.rate"][0] > samples["users.1.rate"][0]


def test_switching_and_modes_ask_with_the_voice_on_and_off(setup: Setup) -> None:
    engine = SteadyEngine(setup, "steady")
    bench = Bench(engine, Prose(SOURCE), setup.voice, TINY)
    assert switch(bench, "one")["switch.cost"] == [0.0]
    order = [bool(request.voice) for request in engine.requests]
    assert order[:6] == [False, True, False, False, True, True]  # both are read, then each after the other and again
    engine.requests.clear()
    samples = modes(bench, "one")
    assert samples["modes.in_turn"] == pytest.approx([36.0])
    assert [bool(request.voice) for request in engine.requests[2:]] == [True, True, False, True, True, False, True]
    beginning = engine.requests[0].messages[1].content
    assert all(request.messages[1].content.startswith(beginning) for request in engine.requests)
    assert len({request.messages for request in engine.requests[2:]}) == 5  # notes with and without voice are alike


def test_without_a_voice_what_needs_one_is_left_out(setup: Setup) -> None:
    bench = Bench(SteadyEngine(setup, "steady"), Prose(SOURCE), None, TINY)
    assert switch(bench, "one") == modes(bench, "one") == {}
    assert not any("voice" in name for name in MEASURES["decode"](bench, "one"))


# ---------------------------------------------------------------------- processes


def test_contenders_alternate_within_every_repetition_each_in_its_own_process(setup: Setup) -> None:
    told: list[str] = []
    outcome = run([STEADY, SECOND], setup, told.append)
    diary = [line.split() for line in (setup.models_dir / "diary").read_text().splitlines()]
    measured = [name for name, _, length in diary if length != "8"]  # 8: what the warm-up asks for
    once = ["steady", "second", *["steady"] * 2, *["second"] * 2]  # a first token; decode, with the voice off and on
    assert measured == once * 2
    assert len({(name, process) for name, process, _ in diary}) == len({process for _, process, _ in diary}) == 2
    assert str(os.getpid()) not in {process for _, process, _ in diary}
    assert outcome.notes == []
    assert outcome.samples["steady"]["first_token.40"] == [10.0, 10.0]
    assert outcome.samples["second"]["decode.voice"] == [1000.0, 1000.0]
    assert [line for line in told if "decode, second" in line] == [
        "Repetition 1 of 2: decode, second",
        "Repetition 2 of 2: decode, second",
    ]
    assert multiprocessing.active_children() == []


def test_one_that_dies_is_named_and_the_rest_goes_on(setup: Setup) -> None:
    outcome = run([STILLBORN, DYING, REFUSING, STEADY], setup)
    assert [note for note in outcome.notes if note.startswith("The Stillborn could not be started")]
    assert "There is no model in the cellar." in outcome.notes[0]
    assert "The Refusing One: 'decode' failed and is left out: Not today." in outcome.notes
    lost = [note for note in outcome.notes if note.startswith("The Dying One was lost during 'decode'")]
    assert len(lost) == 1 and "code 7" in lost[0]
    assert len(outcome.notes) == 3
    assert outcome.samples["stillborn"] == {}
    assert outcome.samples["dying"] == {
        "first_token.40": [10.0],
        "first_token.40.prompt_tokens": outcome.samples["steady"]["first_token.40.prompt_tokens"][:1],
        "first_token.40.cached_tokens": [0],
    }
    assert len(outcome.samples["refusing"]["first_token.40"]) == len(outcome.samples["steady"]["decode.base"]) == 2
    assert multiprocessing.active_children() == []


def test_start_ups_and_memory_are_the_contenders_own(setup: Setup) -> None:
    outcome = run([STEADY, LARGE], replace(setup, plan=replace(TINY, measures=(), start_ups=True)))
    for own in outcome.samples.values():
        parts = [own[f"start.{part}"] for part in ("python", "imports", "load")]
        assert [sum(each) for each in zip(*parts, strict=True)] == pytest.approx(own["start.ready"])
        assert len(own["start.ready"]) == 2
    held = {name: own["memory.peak"][0] for name, own in outcome.samples.items()}
    assert LARGE_MB * 0.9 < held["large"] - held["steady"] < LARGE_MB * 1.2


def test_a_voice_that_does_not_fit_is_told_and_the_base_is_measured(setup: Setup) -> None:
    outcome = run([HOARSE], setup)
    assert outcome.notes == ["The Hoarse One: measured without a voice: The voice was made for another model."]
    assert "decode.base" in outcome.samples["hoarse"] and "decode.voice" not in outcome.samples["hoarse"]


def test_bandwidth_is_measured() -> None:
    assert (machine.bandwidth(2, copies=1, array_bytes=8 * 1024 * 1024) or 0) > 1e6
    assert {"processor", "cores", "python", "packages"} <= set(machine.machine())


# ---------------------------------------------------------------------- report and chart


def test_targets_are_ratios_of_medians_and_say_what_was_not_measured() -> None:
    outcome = outcome_of(
        transformers={"first_token.750": [900, 1000, 2000], "decode.base": [10.0], "turn.fresh": [1000.0]},
        openvino={
            "first_token.750": [720.0],
            "decode.base": [34.0],
            "switch.cost": [50.1],
            "users.8.rate": [100.0],
            "users.1.rate": [40.0],
            "memory.peak": [1200.0],
        },
    )
    verdicts = {verdict.target.label: (verdict.value, verdict.word) for verdict in judge(outcome, Plan())}
    assert verdicts["First token at 750 tokens, openvino / transformers"] == (pytest.approx(0.72), "met")
    assert verdicts["Decode, openvino / transformers"] == (pytest.approx(3.4), "missed")
    assert verdicts["Switching the voice, openvino"] == (pytest.approx(50.1), "missed")
    assert verdicts["8 users / 1, tokens/s, openvino"] == (pytest.approx(2.5), "met")
    assert verdicts["Peak memory, openvino"] == (pytest.approx(1200), "met")
    assert verdicts["Follow-up / read afresh, transformers"] == (None, "not measured")


def test_the_report_shows_medians_with_their_range_and_what_was_missing() -> None:
    outcome = outcome_of(one={"decode.base": [10.0, 30.0, 20.0]}, other={"users.8.first_token": [1.0, 2.0]})
    outcome.bandwidth, outcome.weights_bytes = 20e9, {"one": 500_000_000, "other": None}
    outcome.notes.append("other: it fell.")
    assert decode_share(outcome, "one") == pytest.approx(0.5)
    text = report(outcome, replace(Plan(), repetitions=3), ABOUT)
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}
    assert "20.0 (10.0-30.0) | -" in lines["Decode, voice off [tokens/s]"]
    assert "1.95" in lines["8 users at once, first token p95 [ms]"]
    assert "50%" in lines["Decode's share of what bandwidth allows"]
    assert "Decode, voice on [tokens/s]" not in lines
    assert "Fewer than 5 repetitions" in text and "Note: other: it fell." in text
    assert "was busy" not in text and "was busy" in report(outcome, Plan(), {**ABOUT, "load_before": 1.5})
    assert "Fewer than" not in report(outcome, Plan(), ABOUT)


def test_json_holds_samples_medians_machine_and_settings(setup: Setup) -> None:
    outcome = outcome_of(one={"decode.base": [10.0, 30.0, 20.0]})
    data = json.loads(json.dumps(as_json(outcome, setup, ABOUT, "2030-01-02T03:04:05+00:00"), allow_nan=False))
    assert data["contenders"]["one"]["samples"] == {"decode.base": [10.0, 30.0, 20.0]}
    assert data["contenders"]["one"]["medians"] == {"decode.base": 20.0}
    assert data["machine"]["processor"] == ABOUT["processor"]
    assert data["settings"]["threads"] == 1 and "source" not in data["settings"]
    assert data["plan"]["first_token"] == [40]
    assert data["enough_repetitions"] is False
    assert {target["verdict"] for target in data["targets"]} == {"not measured"}


def test_the_chart_is_drawn_to_scale_with_units_for_light_and_dark() -> None:
    outcome = outcome_of(
        **{"a": {"decode.base": [10.0]}, "<b>": {"decode.base": [40.0], "decode.voice": [20.0], "memory.peak": [700.0]}}
    )
    assert [panel.unit for panel in panels(outcome, Plan())] == ["tokens/s", "MB"]
    text = chart(outcome, Plan(), "A & B <fast>")
    root = ElementTree.fromstring(text)
    words = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert {"a", "<b>", "A & B <fast>", "tokens/s", "MB", "voice off", "voice on", "40.0", "700"} <= set(words)
    assert "prefers-color-scheme: dark" in text
    writing, memory = root.findall(f"{SVG}g")
    tall = [float(bar.attrib["height"]) for bar in writing.iter(f"{SVG}rect")]
    assert tall == pytest.approx([tall[1] / 4, tall[1], tall[1] / 2], abs=0.2)
    assert len(list(memory.iter(f"{SVG}rect"))) == 1
    assert len(list(memory.iter(f"{SVG}line"))) == axis(700.0)[1] + 1


@pytest.mark.parametrize("most", [0.0, 0.03, 1.0, 7.1, 99.0, 100.0, 12345.0])
def test_an_axis_reaches_over_its_highest_bar_and_not_far(most: float) -> None:
    step, ticks = axis(most)
    assert most < step * ticks and 3 <= ticks <= 7
    assert most == 0 or step * ticks <= most * 1.6


# ---------------------------------------------------------------------- llama.cpp, which is seldom installed


class ScriptedLlama:
    """What the contender uses of `llama_cpp.Llama`: it writes the same tokens every time, and keeps what it holds."""

    def __init__(self, path: str, **options: object) -> None:
        assert Path(path).suffix == ".gguf"
        self.input_ids, self.n_tokens, self.reply = np.zeros(512, dtype=int), 0, [1504, 260, 2]

    def token_eos(self) -> int:
        return 2

    def generate(self, tokens: Sequence[int], **options: object) -> Iterator[int]:
        for token in self.reply:
            held = [*tokens, *self.reply[: self.reply.index(token)]]
            self.input_ids[: len(held)], self.n_tokens = held, len(held)
            yield token


def test_llama_cpp_counts_what_it_holds_and_ends_where_the_model_does(
    setup: Setup, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", SimpleNamespace(Llama=ScriptedLlama))
    engine = contenders._llama(replace(setup, models_dir=settings.models_dir))
    try:
        bench = Bench(engine, Prose(SOURCE), None, TINY)
        prompt = bench.opening("one", 60)
        first, again = bench.ask(prompt, reply=8), bench.ask(prompt, reply=1)
        other = bench.ask(bench.opening("other", 60), reply=8)
        with pytest.raises(EngineError, match="without voices"):
            bench.ask(prompt, setup.voice)
    finally:
        engine.close()
    assert (first.finish, first.reply_tokens, first.cached_tokens) == ("stop", 2, 0)
    assert (again.finish, again.reply_tokens, again.cached_tokens) == ("length", 1, again.prompt_tokens - 1)
    assert other.cached_tokens <= 6
    assert first.text and 0 < first.first_token_ms <= first.total_ms


# ---------------------------------------------------------------------- the command


def test_contenders_are_chosen_by_name_and_by_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.name for one in choose(["transformers", "plain"], "bundled")] == ["plain", "transformers"]
    with pytest.raises(MessageError, match="no engine 'steam' to measure"):
        choose(["steam"], "bundled")
    monkeypatch.setattr(contenders.importlib.util, "find_spec", lambda name: None if name == "openvino_genai" else name)
    assert [one.name for one in choose([], "bundled")] == ["plain", "transformers", "llama.cpp"]
    assert [one.name for one in choose([], "some/model")] == ["plain", "transformers"]
    with pytest.raises(MessageError, match="'openvino' cannot be measured here: it needs the package openvino_genai"):
        choose(["openvino"], "bundled")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engines", "steam"], "no engine 'steam'"),
        (["--engines", "plain", "--json", "file/bench.json"], "file/bench.json cannot be written"),
        (["--engines", "plain", "--persona", "sherlok"], "no persona 'sherlok'"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(machine, "bandwidth", lambda threads: pytest.fail("it was measured"))
    result = CliRunner().invoke(app, ["bench", *arguments])
    assert result.exit_code == 1 and said in str(result.exception)


def test_the_command_writes_what_the_contenders_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contenders, "CONTENDERS", (replace(STEADY, name="plain"), replace(SECOND, name="openvino")))
    monkeypatch.setattr(machine, "bandwidth", lambda threads: 10e9)
    monkeypatch.setenv("BAKERSTREET_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    monkeypatch.setattr("chatbot.settings.Settings.models_dir", tmp_path / "models")
    files = [tmp_path / "new" / name for name in ("bench.json", "bench.svg")]
    result = CliRunner().invoke(
        app, ["bench", "--repetitions", "1", "--json", str(files[0]), "--chart", str(files[1])], catch_exceptions=False
    )
    assert result.exit_code == 0
    data = json.loads(files[0].read_text())
    assert set(data["contenders"]) == {"plain", "openvino"}
    samples = data["contenders"]["openvino"]["samples"]
    assert {"first_token.1500", "turn.retry", "switch.cost", "users.8.rate", "modes.together", "start.ready"} <= set(
        samples
    )
    verdicts = {target["target"]: target["verdict"] for target in data["targets"]}
    assert verdicts["Decode with voice / without, openvino"] == "met"
    assert "| Retry / read afresh, openvino" in result.stdout and "Repetition 1 of 1" not in result.stdout
    assert ElementTree.fromstring(files[1].read_text()).tag == f"{SVG}svg"


def test_plain_generation_and_transformers_are_measured_with_the_real_model_and_voice(
    settings: Settings, sherlock: LoadedPersona
) -> None:
    setup = Setup(
        settings.model,
        settings.models_dir,
        settings.cpu_threads(),
        512,
        64,
        8,
        sherlock.voice,
        SOURCE,
        replace(TINY, repetitions=1, measures=("first token", "decode", "turn")),
    )
    outcome = run(choose(["plain", "transformers"], "bundled"), setup)
    assert outcome.notes == []
    for own in outcome.samples.values():
        assert all(own[name][0] > 0 for name in ("first_token.40", "decode.base", "decode.voice", "turn.follow_up"))
        assert own["first_token.40.cached_tokens"][0] <= 6
    kept = {name: own["turn.retry.cached_tokens"][0] for name, own in outcome.samples.items()}
    assert kept["plain"] == 0 < 30 < kept["transformers"]
    # The same prompts were put to both.
    counts = [own["turn.follow_up.prompt_tokens"] for own in outcome.samples.values()]
    assert counts[0] == counts[1]
    sizes = set(outcome.weights_bytes.values())
    assert len(sizes) == 1 and 4e8 < sizes.pop() < 7e8
