"""A visitor's id: short, and of characters that are safe as a name in SQL, on disk and in a cookie."""

from __future__ import annotations

import pytest

from chatbot.errors import SettingsError
from chatbot.visitors import Visitor


@pytest.mark.parametrize("id_", ["web-0123abcd", "account-ann", "proxy-ann@example.org", "v" * 64])
def test_ids_of_the_door_are_taken(id_: str) -> None:
    assert Visitor(id_) == Visitor(id_, owner=False)


@pytest.mark.parametrize("id_", ["", "v" * 65, "v" * 100_000, "../ann", "ann/bob", "ann bob", "ann\n", "añn", "a\x00"])
def test_other_ids_are_refused_in_one_short_line(id_: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Visitor(id_)
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)
