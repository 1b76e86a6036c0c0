"""The modes as data: which parts each has, and how one is found by its name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from chatbot.errors import ModeError
from chatbot.modes import MODES, TOGGLES, get_mode


def test_every_mode_is_found_by_its_own_name() -> None:
    assert {name: get_mode(name).name for name in MODES} == {name: name for name in MODES}
    assert {"rag", "ft", "hybrid", "standard"} <= set(MODES)


def test_the_user_toggles_between_rag_ft_and_hybrid() -> None:
    assert TOGGLES == ("rag", "ft", "hybrid")


def test_a_name_is_found_in_capitals_and_with_space_around_it() -> None:
    assert get_mode(" Hybrid\n") is MODES["hybrid"]


def test_ft_has_the_voice_and_retrieves_nothing() -> None:
    assert get_mode("ft").voice
    assert get_mode("ft").knowledge is None


def test_rag_retrieves_and_has_the_voice_off() -> None:
    assert get_mode("rag").knowledge is not None
    assert not get_mode("rag").voice


def test_hybrid_has_the_voice_and_searches_as_rag_does() -> None:
    assert get_mode("hybrid").voice
    assert get_mode("hybrid").knowledge == get_mode("rag").knowledge


def test_the_modes_beyond_rag_search_by_plans_of_their_own() -> None:
    plans = {name: mode.knowledge.name for name, mode in MODES.items() if mode.knowledge}
    assert plans == {
        "rag": "rag",
        "hybrid": "rag",
        "naive-rag": "naive",
        "modular-rag": "modular-rag",
        "all": "all",
        "cot": "all",
    }
    assert [name for name, mode in MODES.items() if mode.voice] == ["ft", "hybrid", "all", "cot"]
    assert [name for name, mode in MODES.items() if mode.reasoning] == ["cot"]


def test_standard_has_neither_books_nor_voice() -> None:
    assert get_mode("standard").knowledge is None
    assert not get_mode("standard").voice


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ModeError, match=r"no mode 'hybird'\. Did you mean 'hybrid'\?"):
        get_mode("hybird")


def test_an_unknown_mode_is_answered_with_all_names_and_no_guess() -> None:
    with pytest.raises(ModeError) as raised:
        get_mode("telepathy")
    assert f"There are: {', '.join(MODES)}." in str(raised.value)
    assert "Did you mean" not in str(raised.value)


@pytest.mark.parametrize("name", list(MODES))
def test_a_mode_cannot_be_changed(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        get_mode(name).voice = True  # type: ignore[misc]


def test_the_search_of_a_mode_cannot_be_changed() -> None:
    plan = get_mode("rag").knowledge
    assert plan is not None
    with pytest.raises(FrozenInstanceError):
        plan.pieces = 1  # type: ignore[misc]
