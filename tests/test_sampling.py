"""How a reply is sampled: as the persona has it, or as the visitor wants it; from the question to the trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_chat_handlers import ANN, opened, seated

from chatbot.errors import MessageError
from chatbot.events import Question
from chatbot.library.search.library import Library
from chatbot.sampling import RETRY_TEMPERATURE, check_wishes, sampling_of
from chatbot.settings import Settings
from chatbot.web.views import Wanted
from personas import Generation

PERSONA = Generation(max_new_tokens=90, temperature=0.2)


def test_what_is_not_wanted_otherwise_is_as_the_persona_has_it() -> None:
    plain, wanted = Question("Well?"), Question("Well?", length=40, temperature=1.1, seed=7)
    assert sampling_of(plain, PERSONA).max_new_tokens == 90 and sampling_of(plain, PERSONA).temperature == 0.2
    sampling = sampling_of(wanted, PERSONA)
    assert (sampling.max_new_tokens, sampling.temperature, sampling.seed) == (40, 1.1, 7)
    assert sampling_of(Question("Well?", temperature=0.0), PERSONA).temperature == 0.0
    retry = sampling_of(Question("Well?", temperature=0.0, seed=7, attempt=2), PERSONA)
    assert (retry.temperature, retry.seed) == (RETRY_TEMPERATURE, 9)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"length": 7}, "from 8 to 1024"),
        ({"length": 1025}, "from 8 to 1024"),
        ({"temperature": -0.1}, "from 0 to 2"),
        ({"temperature": float("nan")}, "from 0 to 2"),
        ({"seed": -1}, "whole number"),
        ({"seed": 2**31}, "whole number"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(wishes: dict[str, Any], said: str) -> None:
    with pytest.raises(MessageError, match=said):
        check_wishes(Question("Well?", **wishes), 2048)
    check_wishes(Question("Well?", length=1024, temperature=2.0, seed=2**31 - 1), 2048)


def test_the_settings_of_the_page_go_with_the_turn_and_are_shown_with_it(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, engine, memory = opened(settings, tmp_path, "Good evening.", "Good night.")
    seat = seated(chat)
    wanted = Wanted("40", "0,9", "7")
    view = list(chat.send(ANN, seat, "standard", "Good evening.", wanted))[-1]
    sampling = engine.requests[-1].sampling
    assert (sampling.max_new_tokens, sampling.temperature, sampling.seed) == (40, 0.9, 7)
    for part in ("length 40", "temperature 0.9", "seed 7"):
        assert part in view.timings
    assert view.conversation is not None
    [back] = chat.open(ANN, seated(chat), view.conversation)
    assert back.timings == view.timings
    list(chat.press(ANN, seat, "standard", {"do": "again"}, wanted))
    assert engine.requests[-1].sampling.seed == 8
    for wrong, said in (
        (Wanted("3"), "The length has to be from"),
        (Wanted("", "warm"), "The temperature has to be a number"),
    ):
        refused = list(chat.send(ANN, seat, "standard", "And now?", wrong))[-1]
        assert said in refused.notice and seat.take_draft() == "And now?"
    assert len(memory.turns(view.conversation)) == 2
