"""The events of the Memory tab, without Gradio."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from chatbot.errors import BakerStreetError
from chatbot.progress import counted
from chatbot.visitors import Visitor
from chatbot.web.memory_list import STATES, Recalled, memory_html, profile_html
from chatbot.web.stored_views import StoredViews
from chatbot.web.views import unexpected, without_folders
from memory import Profile

logger = logging.getLogger(__name__)


class MemoryHandlers:
    """What a visitor sees and changes of what a persona remembers of him.

    Args:
        stored: gives each visitor his own part of the memory.
    """

    def __init__(self, stored: StoredViews) -> None:
        self._stored = stored

    def html(self, visitor: Visitor, persona: str, shown: Recalled) -> str:
        """The switch and the list."""
        memory = self._stored.memory(visitor)
        try:
            found, on = memory.recollections(persona, state=shown.state), memory.recall_on()
        except BakerStreetError as error:
            found, on, shown = [], True, replace(shown, notice=without_folders(str(error)))
        return memory_html(found, shown, on, self._stored.name(persona))

    def profile_html(self, visitor: Visitor, persona: str, notice: str = "") -> str:
        """What the visitor wrote of himself."""
        try:
            profile = self._stored.memory(visitor).profile(persona)
        except BakerStreetError as error:
            profile, notice = Profile(), without_folders(str(error))
        return profile_html(profile, self._stored.name(persona), notice)

    def save_profile(self, visitor: Visitor, persona: str, pressed: Mapping[str, str]) -> str:
        """Keep the profile as the form has it; returns the form. What is refused stays in it, to be corrected."""
        name, about = pressed.get("name", ""), pressed.get("about", "")
        try:
            self._stored.memory(visitor).set_profile(persona, name=name, about=about)
        except BakerStreetError as error:
            return profile_html(Profile(name, about), self._stored.name(persona), without_folders(str(error)))
        return self.profile_html(visitor, persona, "Saved.")

    def press(self, visitor: Visitor, persona: str, shown: Recalled, pressed: Mapping[str, str]) -> Recalled:
        """A button or form of the list, as `memory_list` names what it does."""
        shown = Recalled(shown.state)
        try:
            return self._pressed(visitor, persona, shown, pressed)
        except BakerStreetError as error:
            return replace(shown, notice=without_folders(str(error)))
        except Exception as error:
            logger.exception("An event of the Memory tab failed")
            return replace(shown, notice=unexpected(error))

    def _pressed(self, visitor: Visitor, persona: str, shown: Recalled, pressed: Mapping[str, str]) -> Recalled:
        memory, id_, text = self._stored.memory(visitor), pressed.get("id", ""), pressed.get("text", "")
        match pressed.get("do"):
            case "show":
                state = next((state for state, _ in STATES if state == pressed.get("state")), shown.state)
                return Recalled(state)
            case "switch":
                memory.set_recall(not memory.recall_on())
            case "remember":
                memory.remember(persona, text)
                return Recalled(notice="It will be remembered.")
            case "edit":
                memory.edit_recollection(id_, text)
                return Recalled(notice="Changed. What stood there before is among the replaced.")
            case "forget":
                memory.forget_recollection(id_)
                return replace(shown, notice="Forgotten. It can be used again from “Forgotten”.")
            case "forget-all":
                number = memory.forget_all(persona)
                return replace(shown, notice=f"{counted(number, 'recollection')} forgotten.")
            case "restore":
                memory.restore_recollection(id_)
                return Recalled(notice="It is used again.")
            case "erase":
                memory.erase_recollection(id_)
                return replace(shown, notice="Deleted for good. The conversation it was told in still has it.")
        return shown
