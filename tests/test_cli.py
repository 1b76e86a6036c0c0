"""The command line: what it prints, how it ends, and that an error is a message."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from chatbot.cli import app, main
from chatbot.errors import BakerStreetError, MemoryStoreError, MessageError, PersonaError
from chatbot.settings import get_settings
from memory import Memory

ROOT = Path(__file__).resolve().parent.parent
MAIN = "from chatbot.cli import main; main()"
HELP_OF_ALL = """
import json, sys
from chatbot.cli import app
for command in json.loads(sys.argv[1]):
    try:
        app([*command, "--help"])
    except SystemExit as ending:
        assert not ending.code, command
heavy = {"torch", "transformers", "gradio", "sentence_transformers", "chromadb", "sqlalchemy", "yaml"}
print("HEAVY", json.dumps(sorted(heavy & set(sys.modules))))
"""
PERSONA = """\
name: The Porter
description: You are the porter of a small hotel.
manner: You speak in few words.
scenario: A guest asks you questions.
greeting: Good evening.
declines: [I cannot say.]
strangers: ["Of {word} I know nothing."]
nearest: ["Nearest is this: {quote}"]
readings: ["It is written: {quote}"]
default_mode: rag
prompts: {grounded: Answer from the notes.}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home and a working folder of its own for every test."""
    for name in list(os.environ):
        if name.upper().startswith("BAKERSTREET_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BAKERSTREET_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield tmp_path / "home"
    get_settings.cache_clear()


@pytest.fixture
def own_personas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good persona and one with two mistakes."""
    for persona_id, text in {
        "porter": PERSONA,
        "broken": PERSONA.replace("greeting:", "greting:").replace("[I cannot say.]", "[]"),
    }.items():
        (tmp_path / "mine" / persona_id).mkdir(parents=True)
        (tmp_path / "mine" / persona_id / "persona.yaml").write_text(text)
    monkeypatch.setenv("BAKERSTREET_PERSONAS", str(tmp_path / "mine"))
    return tmp_path / "mine"


@pytest.fixture
def conversation(home: Path) -> str:
    """The id of a conversation with a question asked twice (a branch) and one reply that failed."""
    memory = Memory(f"sqlite:///{home / 'memory.sqlite3'}")
    conversation = memory.start("ada", "sherlock", "Good evening.")
    first = memory.ask(conversation, None, "rag", "Who took the vase?")
    memory.answer(first, sent="s", reply="The cook.", state="done", title="The vase")
    second = memory.ask(conversation, None, "rag", "Who took the vase?")
    memory.answer(second, sent="s", reply="The porter.", state="done", evidence=[{"work": "W"}], trace={"seed": 1})
    third = memory.ask(conversation, second, "ft", "And why?")
    memory.answer(third, sent="s", reply="", state="failed", error="The engine was closed.")
    other = memory.start("ben", "sherlock")
    memory.ask(other, None, "rag", "Who took the lamp?")
    memory.close()
    return conversation


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


# ---------------------------------------------------------------------- help, version, errors


def test_help_of_every_command_answers_without_loading_anything_heavy() -> None:
    commands = list(_commands(get_command(app)))
    done = _python(HELP_OF_ALL, json.dumps(commands))
    assert done.stdout.count("Usage:") == len(commands) > 15
    assert done.stdout.splitlines()[-1] == "HEAVY []", done.stderr


def test_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    result = invoked("--version")
    assert (result.exit_code, result.stdout) == (0, f"{project['version']}\n")


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["ask", "Who?", "--persona", "sherlok"], {}, "There is no persona 'sherlok'. Did you mean 'sherlock'?"),
        (["ask", "Who?", "--mode", "hybird"], {}, "There is no mode 'hybird'. Did you mean 'hybrid'?"),
        (["ask"], {}, "Give either a question or --file"),
        (["ask", "Who?", "--file", "asked.jsonl"], {}, "Give either a question or --file"),
        (["ask", "--file", "asked.jsonl"], {}, "asked.jsonl:3: is not"),
        (["ask", "--file", "missing.jsonl"], {}, "missing.jsonl cannot be read"),
        (["ask", "--file", "empty.jsonl"], {}, "holds no questions"),
        (["library", "search", "Who?", "--mode", "ft"], {}, "The mode 'ft' searches nothing. Use one that does"),
        (["library", "search"], {}, "Give either a question or --file"),
        (["memory", "list"], {"BAKERSTREET_DATABASE_URL": "a cabinet"}, "'a cabinet' is not a database"),
        (["memory", "list"], {"BAKERSTREET_PORT": "soon"}, "  port: "),
    ],
)
def test_an_error_is_a_message_without_a_traceback(
    arguments: list[str],
    environment: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "asked.jsonl").write_text('{"question": "Who?"}\n\n{"query": "Why?"}\n')
    monkeypatch.setattr(sys, "argv", ["bakerstreet", *arguments])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ending:
        main()
    stdout, stderr = capsys.readouterr()
    assert ending.value.code == 1
    assert stderr.startswith("Error: ") and said in stderr
    assert "Traceback" not in stderr
    assert stdout == ""


def test_a_command_that_does_not_exist_ends_with_2() -> None:
    result = invoked("deduce")
    assert result.exit_code == 2
    assert "No such command 'deduce'" in result.stderr


def test_control_c_says_that_finished_work_is_kept(tmp_path: Path) -> None:
    questions = tmp_path / "questions"
    os.mkfifo(questions)
    script = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {MAIN}"
    command = [sys.executable, "-c", script, "ask", "--file", str(questions)]
    process = subprocess.Popen(command, env=_environment(), stdout=-1, stderr=-1, text=True)
    with process, questions.open("w"):  # opens when the command has begun to read
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout, stderr.strip()) == (130, "", "Stopped. Finished work is kept.")


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ('{"question": "Who?"}\nWhy?\n', 2),
        ('{"question": "Who?"}\n{"question": "Why?", "history": [["only one"]]}\n', 2),
        ('{"question": "Who?", "history": [{"role": "user", "content": "Why?"}]}\n', 1),
        ('["Who?"]\n', 1),
    ],
)
@pytest.mark.parametrize("command", [["ask"], ["library", "search"]])
def test_an_invalid_line_of_a_question_file_is_reported(
    content: str, number: int, command: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(content)
    result = invoked(*command, "--file", str(file))
    assert isinstance(result.exception, MessageError)
    assert str(result.exception).startswith(f"{file}:{number}: ")


# ---------------------------------------------------------------------- personas, libraries


def test_mistakes_of_a_persona_are_reported_with_file_line_and_field(own_personas: Path) -> None:
    result = invoked("personas", "check", "broken")
    file = own_personas / "broken" / "persona.yaml"
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    for place in ("5: greting", "6: declines", "1: greeting"):
        assert [line for line in lines if line.startswith(f"{file}:{place}: ")]
    assert len(lines) == 3
    every = invoked("personas", "check")
    assert every.exit_code == 1
    assert "porter: no mistakes" in every.stdout and f"{file}:5: greting: " in every.stdout
    valid = invoked("personas", "check", "porter")
    assert (valid.exit_code, valid.stdout) == (0, "porter: no mistakes\n")


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (
            PERSONA.replace("default_mode: rag", "default_mode: telepathy\nvoice: voice"),
            ["10: default_mode: there is no mode 'telepathy'", "11: voice: there is no folder 'voice'"],
        ),
        (
            PERSONA + "plans:\n  good: [bm25, {focus: {words: 40}}]\n  bad: [bm25, {focus: {wrods: 40}}]\n",
            ["14: plans.bad: The module 'focus' has no setting 'wrods'."],
        ),
    ],
)
def test_a_mode_voice_or_setting_that_does_not_exist_is_a_mistake(
    own_personas: Path, text: str, mistakes: list[str]
) -> None:
    file = own_personas / "porter" / "persona.yaml"
    file.write_text(text)
    result = invoked("personas", "check", "porter")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == len(mistakes)
    for mistake in mistakes:
        assert [line for line in lines if line.startswith(f"{file}:{mistake}")]


def test_checking_an_unknown_persona_lists_the_known_ones(own_personas: Path) -> None:
    result = invoked("personas", "check", "potter")
    assert isinstance(result.exception, PersonaError)
    assert "Did you mean 'porter'? There are: broken, porter, sherlock." in str(result.exception)


def test_personas_are_listed_with_an_invalid_one_among_them(own_personas: Path) -> None:
    result = invoked("personas", "list")
    assert result.exit_code == 0
    assert "porter: The Porter (no voice yet, mode rag)" in result.stdout
    assert "broken: invalid; see `bakerstreet personas check broken`" in result.stdout
    assert "sherlock: Sherlock Holmes" in result.stdout


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("library", "There is no library yet. Build one with `bakerstreet library build sherlock`."),
        ("memory", "There are no conversations yet."),
    ],
)
def test_where_there_is_nothing_to_list_that_is_said(listed: str, said: str) -> None:
    result = invoked(listed, "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert said in result.stderr


# ---------------------------------------------------------------------- memory


def test_conversations_are_listed_for_every_user_or_for_one(conversation: str) -> None:
    lines = invoked("memory", "list").stdout.splitlines()
    assert ["(no name yet)" in line for line in lines] == [True, False]
    (line,) = invoked("memory", "list", "--user", "ada").stdout.splitlines()
    assert line.startswith(conversation[:8])
    assert line.endswith("sherlock  ft             3 turns  The vase")


def test_show_prints_the_current_branch_or_all_of_them(conversation: str) -> None:
    shown = CliRunner().invoke(app, ["memory", "show", conversation[:12]]).stdout
    title, *lines = [line for line in shown.splitlines() if line]
    assert title.startswith("The vase (2")
    assert lines == [
        "sherlock: Good evening.",
        "You [rag]: Who took the vase?",
        "sherlock: The porter.",
        "You [ft]: And why?",
        "sherlock (failed): The engine was closed.",
    ]
    everything = invoked("memory", "show", conversation, "--all").stdout
    assert "sherlock: The cook." in everything and "sherlock: The porter." in everything


def test_show_of_an_unknown_conversation_says_where_to_look(conversation: str) -> None:
    result = invoked("memory", "show", "nowhere")
    assert isinstance(result.exception, MemoryStoreError)
    said = "No conversation has an id that starts with 'nowhere'. See `bakerstreet memory list`."
    assert str(result.exception) == said


def test_a_conversation_is_found_named_pinned_and_put_away(conversation: str) -> None:
    short = conversation[:8]
    assert invoked("memory", "rename", short, "The porter's\nvase").exit_code == 0
    assert invoked("memory", "pin", short).exit_code == 0
    (line,) = invoked("memory", "list", "--text", "porter", "--persona", "sherlock", "--limit", "1").stdout.splitlines()
    assert line.startswith(f"{short} *") and line.endswith("The porter's vase")
    assert line in invoked("memory", "list").stdout.splitlines()[0]
    found = invoked("memory", "search", "took vase", "--user", "ada", "--limit", "1").stdout.splitlines()
    assert found[0].startswith(short) and found[1].strip() == "You: Who took the vase?"
    assert "No turn holds all of these words." in invoked("memory", "search", "kettle OR (").stderr
    assert invoked("memory", "pin", short, "--off").exit_code == invoked("memory", "archive", short).exit_code == 0
    assert short not in invoked("memory", "list").stdout
    assert "There is no such conversation." in invoked("memory", "list", "--user", "ada").stderr
    assert invoked("memory", "list", "--archived").stdout.startswith(f"{short}  ")
    assert invoked("memory", "archive", short, "--off").exit_code == 0
    assert short in invoked("memory", "list").stdout


def test_a_conversation_is_deleted_brought_back_and_removed(conversation: str) -> None:
    short = conversation[:8]
    deleted = invoked("memory", "delete", short)
    assert (
        "Deleted 'The vase'. Until 2" in deleted.stderr and f"`bakerstreet memory undelete {short}`" in deleted.stderr
    )
    assert short not in invoked("memory", "list").stdout
    assert isinstance(invoked("memory", "show", short).exception, MemoryStoreError)
    assert invoked("memory", "list", "--deleted").stdout.startswith(short)
    assert invoked("memory", "undelete", short).exit_code == 0
    assert short in invoked("memory", "list").stdout
    with_no = CliRunner().invoke(app, ["memory", "purge", short], input="n\n")
    assert with_no.exit_code == 1 and "Remove 'The vase' with 3 turns for good?" in with_no.output
    assert short in invoked("memory", "list").stdout
    assert "Removed 'The vase' with 3 turns." in invoked("memory", "purge", short, "--yes").stderr
    assert short not in invoked("memory", "list").stdout + invoked("memory", "list", "--deleted").stdout


def test_export_writes_every_turn_with_its_evidence_and_trace(conversation: str) -> None:
    done = CliRunner().invoke(app, ["memory", "export", conversation[:12], "--user", "ada"])
    head, kept, *turns, end = _rows(done.stdout)
    assert (head["version"], kept["id"], end["turns"]) == (1, conversation, 3)
    assert [turn["reply"] for turn in turns] == ["The cook.", "The porter.", ""]
    assert (turns[1]["evidence"], turns[1]["trace"]) == ([{"work": "W"}], {"seed": 1})


def test_export_without_an_id_writes_all_of_a_user_and_another_takes_them_in(conversation: str, tmp_path: Path) -> None:
    result = invoked("memory", "export", "--out", "said.jsonl", "--user", "ben")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Exported 1 conversation to said.jsonl." in result.stderr
    taken = invoked("memory", "import", "said.jsonl", "--user", "cleo")
    assert taken.exit_code == 0, taken.exception
    assert "Imported 1 conversation with 1 turn.\nOf these, 1 were here already" in taken.stderr
    assert "(no name yet)" in invoked("memory", "list", "--user", "cleo").stdout


@pytest.mark.parametrize("form", ["sillytavern", "markdown", "html"])
def test_export_writes_a_branch_to_be_read(conversation: str, form: str) -> None:
    done = invoked("memory", "export", conversation, "--user", "ada", "--format", form)
    assert "The porter." in done.stdout and "Sherlock Holmes" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "--out", "file/said.jsonl"], "file/said.jsonl cannot be written: File exists."),
        (["export", "--format", "pdf"], "There is no format 'pdf'. Use one of: jsonl, sillytavern, markdown, html."),
        (["export", "--format", "sillytavern"], "holds one conversation. Name it."),
        (["import", "file"], "file, line 1 is missing: the file is empty. Nothing was imported."),
        (["import", "gone"], "gone cannot be read: No such file or directory."),
        (["import", "file", "--persona", "sherlok"], "There is no persona 'sherlok'."),
    ],
)
def test_a_wrong_export_or_import_is_one_line(tmp_path: Path, home: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "file").touch()
    result = invoked("memory", *arguments)
    assert isinstance(result.exception, BakerStreetError)
    assert said in str(result.exception) and "\n" not in str(result.exception)


# ---------------------------------------------------------------------- helpers


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def _python(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, env=_environment(**environment), capture_output=True, text=True, timeout=240)


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[list[str]]:
    yield list(path)
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


def _rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
