"""Persona files that are changed while a process runs: seen at the next question, harmless where they are broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kettles import QUILL, Counting, make_persona

from chatbot.errors import PersonaError
from chatbot.library.index import build_library
from chatbot.resources import Resources
from chatbot.settings import load_settings


@pytest.fixture
def resources(tmp_path: Path) -> Iterator[Resources]:
    make_persona(tmp_path / "personas")
    resources = Resources(load_settings(home=tmp_path, personas=tmp_path / "personas"), say=lambda _: None)
    resources.__dict__["embedder"] = Counting()
    yield resources
    resources.close()


def write(resources: Resources, text: str, persona: str = "quill") -> Path:
    """Put a persona file in the place of the old one, as an editor does."""
    folder = resources.settings.home / "personas" / persona
    folder.mkdir(exist_ok=True)
    new = folder / "persona.new"
    new.write_text(text)
    return new.replace(folder / "persona.yaml")


def greeting(resources: Resources, persona: str = "quill") -> str:
    return resources.persona(persona).persona.greeting


def test_a_changed_file_is_seen_at_the_next_question_and_an_unchanged_one_is_not_read_again(
    resources: Resources,
) -> None:
    loaded = resources.persona("quill")
    assert resources.persona("quill") is loaded and greeting(resources) == "Mind the step."
    write(resources, QUILL.replace("Mind the step.", "Mind the kettle."))
    assert greeting(resources) == "Mind the kettle."


def test_a_file_with_mistakes_leaves_the_persona_as_it_was_and_is_named_once(
    resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = resources.persona("quill")
    write(resources, QUILL.replace("greeting:", "greeteng:"))
    assert resources.persona("quill") is loaded and resources.persona("quill") is loaded
    assert caplog.text.count("greeteng") >= 1 and len(caplog.records) == 1
    write(resources, QUILL.replace("Mind the step.", "Come in."))
    assert greeting(resources) == "Come in."


def test_a_persona_that_is_deleted_is_gone_and_one_that_is_broken_from_the_beginning_is_refused(
    resources: Resources,
) -> None:
    resources.persona("quill")
    file = write(resources, "name: [", "broken")
    with pytest.raises(PersonaError, match="broken"):
        resources.persona("broken")
    (file.parent.parent / "quill" / "persona.yaml").unlink()
    with pytest.raises(PersonaError, match="no persona 'quill'"):
        resources.persona("quill")


def test_an_own_persona_that_comes_later_takes_the_place_of_a_built_in_one(resources: Resources) -> None:
    assert greeting(resources, "sherlock") != "Mind the step."
    write(resources, QUILL, "sherlock")
    assert greeting(resources, "sherlock") == "Mind the step."


def test_changed_plans_are_searched_by_and_plans_with_mistakes_leave_the_old_ones(
    resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    build_library(resources.persona("quill"), resources.library_folder("quill"), resources.embedder)
    assert "short" not in resources.library("quill").plans
    write(resources, QUILL + "plans: {short: [bm25, fuse]}\n")
    library = resources.library("quill")
    assert "short" in library.plans and resources.library("quill") is library
    write(resources, QUILL + "plans: {short: [bm52, fuse]}\n")
    assert resources.library("quill") is library and "bm52" in caplog.text
