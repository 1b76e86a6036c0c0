"""Persona folders: found, loaded, and every mistake named with file, line and field."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chatbot.errors import PersonaError
from chatbot.modes import MODES
from personas import LoadedPersona, Mistake, check_persona, find_personas, load_persona

ADA = """\
name: Ada
description: You are Ada, who keeps a lighthouse.
manner: You speak briefly.
scenario: It is night.
greeting: Mind the stairs.
declines: [I do not know.]
strangers: ['I never heard of {word}.']
nearest: ['Nearest: "{quote}"']
readings: ['I read: "{quote}"']
default_mode: hybrid
generation:
  max_new_tokens: 80
prompts:
  grounded: Answer from these notes.
sources:
  - title: The Log
    gutenberg: [1]
    file: log.txt
"""


def folder_with(root: Path, text: str, name: str = "ada") -> Path:
    folder = root / name
    folder.mkdir()
    (folder / "persona.yaml").write_text(text, encoding="utf-8")
    return folder


def only_mistake(folder: Path) -> Mistake:
    mistakes = check_persona(folder, tuple(MODES))
    assert len(mistakes) == 1, mistakes
    assert mistakes[0].file == folder / "persona.yaml"
    return mistakes[0]


def test_sherlock_loads_and_nothing_is_wrong_with_his_file(sherlock: LoadedPersona) -> None:
    assert sherlock.persona.name == "Sherlock Holmes"
    assert [m for m in check_persona(sherlock.folder, tuple(MODES)) if m.field != "voice"] == []


def test_every_file_of_a_built_in_persona_is_installed_with_the_package(sherlock: LoadedPersona) -> None:
    project = tomllib.loads((sherlock.folder.parents[1] / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["personas"]
    installed = {file for pattern in patterns for file in sherlock.folder.parent.glob(pattern)}
    files = {file for file in sherlock.folder.rglob("*") if file.is_file()}
    assert files and not files - installed


def test_sherlock_names_sixty_works_and_a_narrator_for_each_that_watson_does_not_tell(sherlock: LoadedPersona) -> None:
    sources = sherlock.persona.sources
    works = [work for source in sources for work in source.works or [source.title]]
    assert len(works) == len(set(works)) == 60
    named = {work for source in sources for work in source.narrators}
    assert named >= {"The Blanched Soldier", "The Lion's Mane", "Part II"}


def test_sherlocks_suggestions_greetings_and_declines_are_there_to_be_shown(sherlock: LoadedPersona) -> None:
    assert sherlock.casebook.is_dir()
    assert sherlock.lines.is_file()
    assert len(sherlock.persona.suggestions) >= 3
    assert len(sherlock.persona.declines) >= 3


def test_the_instruction_is_one_line_of_description_manner_and_scenario(tmp_path: Path) -> None:
    folder_with(tmp_path, ADA.replace("You speak briefly.", "|\n  You speak\n  briefly."))
    expected = "You are Ada, who keeps a lighthouse. You speak briefly. It is night."
    assert load_persona("ada", tmp_path).persona.instruction() == expected


def test_an_unknown_personas_message_suggests_a_near_name() -> None:
    with pytest.raises(PersonaError, match=r"no persona 'sherlok'.*Did you mean 'sherlock'"):
        load_persona("sherlok")


def test_a_name_that_is_near_nothing_gets_no_suggestion_but_the_list() -> None:
    with pytest.raises(PersonaError) as caught:
        load_persona("xyzzy")
    assert "Did you mean" not in str(caught.value)
    assert "There are: sherlock" in str(caught.value)


def test_a_faultless_file_has_no_mistakes(tmp_path: Path) -> None:
    assert check_persona(folder_with(tmp_path, ADA), tuple(MODES)) == []


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("It is night.", "It is: night.")))
    assert (mistake.line, mistake.field) == (4, "yaml")
    assert "mapping values are not allowed" in mistake.message


def test_an_unknown_field_is_named_with_its_line(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("generation:", "greetngs: [Hello.]\ngeneration:")))
    assert (mistake.line, mistake.field) == (11, "greetngs")


def test_an_unknown_field_inside_another_is_named_with_its_path(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("    file:", "    pages: 3\n    file:")))
    assert (mistake.line, mistake.field) == (18, "sources.0.pages")


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("greeting: Mind the stairs.\n", "")))
    assert (mistake.line, mistake.field) == (1, "greeting")
    assert "required" in mistake.message.lower()


def test_a_field_missing_inside_another_is_named_at_the_line_of_that_one(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("    gutenberg: [1]\n", "")))
    assert (mistake.line, mistake.field) == (16, "sources.0.gutenberg")


def test_a_wrong_type_is_named_with_its_line(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("max_new_tokens: 80", "max_new_tokens: many")))
    assert (mistake.line, mistake.field) == (12, "generation.max_new_tokens")
    assert "integer" in mistake.message


def test_a_pattern_without_its_place_for_the_word_is_named(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("heard of {word}.", "heard of it.")))
    assert (mistake.line, mistake.field) == (7, "strangers.0")


def test_a_file_that_is_not_utf8_is_named_with_the_byte(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "persona.yaml").write_bytes("name: Adé".encode("latin-1"))
    mistake = only_mistake(folder)
    assert "not UTF-8" in mistake.message
    assert "byte 8" in mistake.message


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list\n"])
def test_a_file_without_fields_is_a_mistake_and_no_traceback(tmp_path: Path, text: str) -> None:
    assert "fields" in only_mistake(folder_with(tmp_path, text)).message


def test_a_folder_without_a_file_is_a_mistake_and_no_traceback(tmp_path: Path) -> None:
    assert "cannot be read" in only_mistake(tmp_path).message


def test_a_voice_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ADA + "voice: voice\n")
    mistake = only_mistake(folder)
    assert (mistake.line, mistake.field) == (19, "voice")
    assert "voice train ada" in mistake.message
    (folder / "voice").mkdir()
    assert check_persona(folder) == []


def test_a_default_mode_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    mistake = only_mistake(folder_with(tmp_path, ADA.replace("hybrid", "hybird")))
    assert (mistake.line, mistake.field) == (10, "default_mode")
    assert "hybrid" in mistake.message


def test_the_plans_of_a_persona_are_names_of_modules_with_settings(tmp_path: Path) -> None:
    folder_with(tmp_path, ADA + "plans:\n  short: [dense, {focus: {words: 40, embedder: tuned}}, {fuse: }]\n")
    plans = load_persona("ada", tmp_path).persona.plans
    assert plans == {"short": ["dense", {"focus": {"words": 40, "embedder": "tuned"}}, {"fuse": None}]}


@pytest.mark.parametrize("plan", ["dense", "[3]", "[{focus: [40]}]", "[{focus: {words: [40]}}]"])
def test_a_plan_of_another_shape_is_named_with_its_line(tmp_path: Path, plan: str) -> None:
    mistakes = check_persona(folder_with(tmp_path, ADA + f"plans:\n  short: {plan}\n"))
    assert mistakes
    assert {mistake.line for mistake in mistakes} == {20}
    assert all(mistake.field.startswith("plans.short") for mistake in mistakes)


def test_loading_names_every_mistake_of_a_file_at_once(tmp_path: Path) -> None:
    text = ADA.replace("name: Ada\n", "").replace("max_new_tokens: 80", "max_new_tokens: many")
    file = folder_with(tmp_path, text) / "persona.yaml"
    with pytest.raises(PersonaError) as caught:
        load_persona("ada", tmp_path)
    assert f"{file}:1: name: " in str(caught.value)
    assert f"{file}:11: generation.max_new_tokens: " in str(caught.value)


def test_a_persona_of_ones_own_stands_beside_the_built_in_ones(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ADA)
    assert find_personas(tmp_path).items() >= {("ada", folder), ("sherlock", find_personas()["sherlock"])}
    assert load_persona("ada", tmp_path).folder == folder


def test_ones_own_folder_wins_over_the_built_in_one_of_the_same_name(tmp_path: Path) -> None:
    folder_with(tmp_path, ADA, "sherlock")
    assert load_persona("sherlock", tmp_path).persona.name == "Ada"
    assert load_persona("sherlock").persona.name == "Sherlock Holmes"


def test_a_folder_of_ones_own_that_is_missing_leaves_the_built_in_ones(tmp_path: Path) -> None:
    assert find_personas(tmp_path / "nowhere") == find_personas()
