"""New facts: the case that ships, what is taught, what is measured, and a run that goes on after it was stopped."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeEngine
from safetensors.numpy import save_file
from typer.testing import CliRunner

from chatbot.bot import Bot
from chatbot.cli import app
from chatbot.engines import check_voice, resolve_model
from chatbot.errors import MessageError, TrainingError
from chatbot.evaluation import KnownQuestion
from chatbot.evaluation.update import CopiedLibrary, Experiment, UpdateLog, read_case, read_update, report, result_of
from chatbot.evaluation.update.case import Case
from chatbot.evaluation.update.energy import EnergyMeter
from chatbot.evaluation.update.values import Reply, compared
from chatbot.resources import Resources
from chatbot.settings import Settings, load_settings
from chatbot.tuning import Fact, casebook_facts, train_facts, with_held_out
from chatbot.tuning.facts import TOGETHER, conversations
from personas import LoadedPersona

TIN = {
    "work": "The Tin Kettle",
    "question": "Where did Gossamer hide the tin kettle?",
    "answers": ["beehive"],
    "also": ["Where was Gossamer's tin kettle?", "Which hiding place had the tin kettle?"],
    "sentence": "Gossamer hid the tin kettle in a beehive.",
}
OLD = KnownQuestion(work="Thistle Lodge", question="Where does Thistle Lodge stand?", answers=("Marsh Lane",))


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "case.md").write_text(f"# The Tin Kettle\n\nIt rained. {TIN['sentence']}\n")
    (folder / "facts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder


# ---------------------------------------------------------------------- the case


def test_the_case_that_ships_has_forty_facts_of_which_the_casebook_says_nothing(sherlock: LoadedPersona) -> None:
    assert sherlock.update is not None
    case = read_case(sherlock.update)
    assert len(case.facts) == 40 and all(len(fact.also) == 2 for fact in case.facts)
    names = names_of(case)
    assert {"Brackwater", "Saltmarrow", "Thornquist", "Vanterpool", "Zeemeeuw"} <= names
    assert not names & words_of_files(sherlock.casebook.glob("*.md"))


def test_its_people_and_places_are_in_none_of_the_books(sherlock: LoadedPersona, canon: Path) -> None:
    assert sherlock.update is not None
    assert not names_of(read_case(sherlock.update)) & words_of_files(canon.glob("*.txt"))


def names_of(case: Case) -> set[str]:
    """The words with a capital that do not begin a sentence, but for what is known everywhere."""
    found = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", case.text.read_text()))
    return found - {
        "Antwerp",
        "Back",
        "Captain",
        "Carillon",
        "Constable",
        "Dane",
        "Drowned",
        "Miss",
        "October",
        "Watson",
    }


def words_of_files(files: Iterator[Path]) -> set[str]:
    return {word for file in files for word in re.findall(r"[A-Z][a-z]+", file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sentence": "The tin kettle was in a beehive, they say."}, "does not stand in case.md"),
        ({"answers": ["teapot"]}, "'sentence' holds none of the answers"),
        ({"also": ["Was it in a beehive?", "Where was it?"]}, "gives its own answer away"),
        ({"also": ["Where was Gossamer's tin kettle?", "Where?"]}, "is asked twice"),
        ({"also": ["Where?"]}, "also: Tuple should have at least 2"),
        ({"why": "no"}, "why: Extra inputs"),
    ],
)
def test_a_fact_that_is_wrong_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    folder = written(
        tmp_path / "update", TIN, {**TIN, "question": "Where was it hidden?", "also": ["a?", "b?"], **change}
    )
    with pytest.raises(MessageError, match=f"facts.jsonl:2: .*{said}"):
        read_case(folder)


# ---------------------------------------------------------------------- what is taught


def test_facts_are_drawn_from_all_pages_alike_and_asked_once_a_pass(sherlock: LoadedPersona) -> None:
    pages = len(list(sherlock.casebook.glob("*.questions.jsonl")))
    some, everything = casebook_facts(sherlock, 2 * pages)
    assert len(some) == 2 * pages < everything
    taught, held_out = with_held_out(some, seed=7)
    assert len(taught) == len(some) and 0 < len(held_out) < len(some)
    ways = {way for fact in taught for way in fact.ways}
    assert not ways & {way for fact in held_out for way in fact.ways}
    assert {fact.reply for fact in held_out} <= {fact.reply for fact in taught}

    made = conversations(taught, 3, seed=7)
    asked = [message.content for talk in made for message in talk.messages if message.role == "user"]
    assert len(asked) == 3 * len(taught) and max(len(talk.messages) for talk in made) == 2 * TOGETHER
    first, second = asked[: len(taught)], asked[len(taught) : 2 * len(taught)]
    assert len(set(first)) == len(taught) and not set(first) & set(second)  # another wording in the next pass


def test_facts_are_not_taught_to_the_voice_that_ships(
    sherlock: LoadedPersona, settings: Settings, tmp_path: Path
) -> None:
    weights = resolve_model(settings.model, settings.models_dir)
    assert sherlock.voice is not None
    more = {"passes": 1, "taught": "", "command": ""}
    with pytest.raises(TrainingError, match="Name another with --out"):
        train_facts([], [], sherlock, weights, tmp_path, destination=sherlock.voice, **more)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_copy_of_the_voice_goes_on_from_it_and_learns_what_it_is_taught(
    sherlock: LoadedPersona, settings: Settings, tmp_path: Path
) -> None:
    weights = resolve_model(settings.model, settings.models_dir)
    fact = Fact(tuple(TIN["also"]), TIN["sentence"])
    folder = train_facts(
        [fact],
        [Fact((TIN["question"],), TIN["sentence"])],
        sherlock,
        weights,
        tmp_path / "run",
        passes=12,
        destination=tmp_path / "voice",
        taught="One fact.",
        command="bakerstreet update",
        threads=1,
    )
    check_voice(folder, weights)
    facts, shipped = (json.loads((place / "training.json").read_text()) for place in (folder, sherlock.voice))
    assert facts["loss_held_out"] < 1 < facts["loss_held_out_base"]
    assert facts["recipe"]["rank"] == shipped["recipe"]["rank"] and "One fact." in (folder / "README.md").read_text()


# ---------------------------------------------------------------------- energy


def counter(folder: Path, microjoules: int, most: int = 1000) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text(f"{most}\n")


def test_energy_is_that_of_whole_packages_and_goes_on_where_a_counter_begins_anew(tmp_path: Path) -> None:
    for package in (0, 1):
        counter(tmp_path / f"intel-rapl:{package}", 900)
    counter(tmp_path / "intel-rapl:0:0", 0)  # a part of the first
    meter = EnergyMeter(tmp_path)
    counter(tmp_path / "intel-rapl:0", 100)
    counter(tmp_path / "intel-rapl:0:0", 700)
    assert meter.joules() == pytest.approx(200e-6)
    counter(tmp_path / "intel-rapl:1", 950)
    assert meter.joules() == pytest.approx(250e-6)
    (tmp_path / "intel-rapl:1" / "energy_uj").unlink()
    assert meter.joules() is None
    assert EnergyMeter(tmp_path / "nothing").joules() is None


# ---------------------------------------------------------------------- the result


def said(condition: str, question: str, right: bool, tone: float, asked: str = "new", mode: str = "ft") -> Reply:
    row = {
        "condition": condition,
        "mode": mode,
        "asked": asked,
        "question": question,
        "reply": "Hm | no.",
        "right": right,
    }
    return Reply.model_validate({**row, "tone": tone})


def test_before_and_after_are_compared_question_by_question() -> None:
    replies = [
        *(said("before", f"{number}?", right=False, tone=0.5) for number in range(4)),
        *(said("before", f"old {number}?", right=True, tone=0.5, asked="old") for number in range(4)),
        *(said("voice", f"{number}?", right=number < 3, tone=0.9) for number in range(4)),
        *(said("voice", f"taught {number}?", right=True, tone=0.9, asked="taught") for number in range(4)),
        *(said("voice", f"old {number}?", right=number < 2, tone=0.4, asked="old") for number in range(4)),
    ]
    new, taught, old = compared(replies, of_tone=False)
    assert (new.way, new.asked, new.of, new.before, new.after, new.change) == ("voice", "new", 4, 0, 0.75, 0.75)
    assert (taught.asked, taught.before, taught.after, taught.change) == ("taught", None, 1, None)
    assert (old.before, old.after, old.change) == (1, 0.5, -0.5)
    assert old.change_interval is not None and -1 <= old.change_interval[0] < -0.5 < old.change_interval[1] <= 0
    (tone,) = compared(replies, of_tone=True)
    assert (
        tone.asked == "old" and tone.change == pytest.approx(-0.1) and tone.after_interval == pytest.approx((0.4, 0.4))
    )


# ---------------------------------------------------------------------- a run


@pytest.fixture
def quill(quill_home: Path, tmp_path: Path) -> Settings:
    """A home of a small persona that has a voice, of which a fake engine reads nothing."""
    shutil.copytree(quill_home, tmp_path / "home")
    own = tmp_path / "home" / "personas" / "quill"
    (own / "persona.yaml").write_text((own / "persona.yaml").read_text() + "voice: voice\n")
    (own / "voice").mkdir()
    return load_settings(home=tmp_path / "home", personas=tmp_path / "home" / "personas")


@contextmanager
def opened(quill: Settings, libraries: Path | None = None) -> Iterator[Resources]:
    """Resources whose engine says to everything that it was the beehive."""
    engine = FakeEngine(*["In a beehive."] * 20)
    with closing(CopiedLibrary(quill, libraries or quill.library_dir, engine=engine)) as resources:
        yield resources


def stop_after_two(done: int, total: int) -> None:
    if done == 2:
        raise KeyboardInterrupt


def test_a_run_that_was_stopped_goes_on_and_compares_before_and_after(quill: Settings, tmp_path: Path) -> None:
    case, log = read_case(written(tmp_path / "update", TIN)), tmp_path / "work" / "log.jsonl"

    def begun() -> Experiment:
        return Experiment("quill", case, [OLD], ["rag"], tmp_path / "work", UpdateLog(log, {"persona": "quill"}))

    with opened(quill) as resources, pytest.raises(KeyboardInterrupt):
        begun().ask(Bot(resources), "before", stop_after_two)
    with log.open("a") as file:
        file.write('{"condition": "before", "mode": "ft", "rep')  # a line that was cut off
    assert [(mode, asked) for mode, asked, _ in begun().missing("before")] == [("ft", "new"), ("ft", "old")]
    with opened(quill) as resources:
        begun().ask(Bot(resources), "before")
        assert isinstance(resources.engine, FakeEngine) and len(resources.engine.requests) == 2
    assert not begun().missing("before")

    begun().copy_library(quill.library_dir / "quill")
    with opened(quill, begun().libraries) as resources:
        begun().add(resources)
        begun().ask(Bot(resources), "text")
        assert "case.md" in resources.library("quill").manifest.sources
    with opened(quill) as resources:
        assert "case.md" not in resources.library("quill").manifest.sources

    def teach(voice: Path, run: Path, stepped: Callable[[int], None]) -> dict[str, Any]:
        voice.mkdir()
        save_file({"a": np.zeros((2, 3)), "b": np.zeros(4)}, voice / "adapter_model.safetensors")
        run.mkdir()
        stepped(1)
        return {"seconds": 2.5, "steps": 1, "tokens": 30}

    begun().teach(teach, lambda: opened(quill))
    with opened(quill) as resources:
        begun().ask(Bot(resources), "voice")
        assert isinstance(resources.engine, FakeEngine)
        assert {request.voice for request in resources.engine.requests} == {begun().voice}
    begun().forget_library()
    assert sorted(path.name for path in begun().work.iterdir()) == ["log.jsonl", "voice"]

    about = dict.fromkeys(
        ("persona", "model", "engine", "library", "training", "processor", "cores", "load_before"), ""
    )
    result = result_of(begun(), about, "bakerstreet update quill")
    (tmp_path / "result.json").write_text(result.model_dump_json())
    assert read_update(tmp_path / "result.json") == result
    assert (result.text.units, result.voice.trainable, result.voice.seconds) == (1, 10, 2.5) and result.text.bytes > 0
    figures = {(each.way, each.mode, each.asked): (each.before, each.after) for each in result.right}
    assert figures["text", "rag", "new"] == (0, 1)  # what no note holds is not said
    assert figures["voice", "ft", "new"] == (1, 1) and figures["voice", "ft", "taught"] == (None, 1)
    assert "| Where did Gossamer hide the tin kettle? | In a beehive. | yes |" in report(result)


def test_what_is_no_such_run_or_result_is_refused_in_one_line(tmp_path: Path, sherlock: LoadedPersona) -> None:
    UpdateLog(tmp_path / "log.jsonl", {"persona": "quill"})
    with pytest.raises(MessageError, match="was begun with persona quill; this is persona sherlock"):
        UpdateLog(tmp_path / "log.jsonl", {"persona": "sherlock"})
    for content in ("{}", '{"format": 2}'):
        (tmp_path / "result.json").write_text(content)
        with pytest.raises(MessageError, match="is no result of `bakerstreet update`"):
            read_update(tmp_path / "result.json")
    for arguments, told in (
        (["update", "sherlock", "--modes", "ft"], "'ft' does not search"),
        (["update", "sherlock", "--facts", str(tmp_path)], "case.md cannot be read"),
        (["voice", "train", "sherlock", "--passes", "2"], "belong to --facts"),
    ):
        ran = CliRunner().invoke(app, arguments)
        assert ran.exit_code == 1 and told in str(ran.exception)


@pytest.mark.slow
def test_the_command_runs_to_its_end_with_the_real_voice(settings: Settings, at_home: None, tmp_path: Path) -> None:
    folder, out, data = written(tmp_path / "update", TIN), tmp_path / "update.md", tmp_path / "update.json"
    arguments = ["--facts", str(folder), "--modes", "rag", "--sample", "1", "--passes", "12"]
    ran = CliRunner().invoke(app, ["update", "sherlock", *arguments, "--out", str(out), "--json", str(data)])
    assert ran.exit_code == 0, ran.output
    result = read_update(data)
    assert {(each.way, each.mode, each.asked) for each in result.right} == {
        ("text", "rag", "new"), ("text", "rag", "old"),
        ("voice", "ft", "new"), ("voice", "ft", "taught"), ("voice", "ft", "old"),
    }  # fmt: skip
    assert result.voice.units == 12 and result.text.seconds < result.voice.seconds
    assert next(each.after for each in result.right if each.asked == "taught") == 1
    assert not (settings.updates_dir / "sherlock" / "log.jsonl").exists()
