"""Who is asking: the one value that says so everywhere, made by the door (`chatbot.web`) or the command line alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatbot.errors import SettingsError
from chatbot.limits import MAX_USER

ID_LENGTH = MAX_USER
_ID = re.compile(rf"[A-Za-z0-9@._+-]{{1,{ID_LENGTH}}}")


@dataclass(frozen=True)
class Visitor:
    """Somebody who is known to the program.

    The door gives every visitor of the page an id that begins with how he came in (`web-`, `account-`, `proxy-`), so
    that no id of the page is the name of a user of the command line.

    Attributes:
        id: 1 to 64 letters, digits and `@._+-`; the name under which the memory keeps his conversations.
        owner: whether he may change what belongs to everybody: the shared libraries.

    Raises:
        SettingsError: the id has another form.
    """

    id: str
    owner: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise SettingsError(
                f"{self.id[:ID_LENGTH]!r} cannot name a visitor: use 1 to {ID_LENGTH} letters, digits and @ . _ + -"
            )
