"""The event of the prompt inspector, without Gradio."""

from __future__ import annotations

from chatbot.errors import BakerStreetError
from chatbot.trace import from_stored
from chatbot.visitors import Visitor
from chatbot.web.inspector import inspector_html
from chatbot.web.stored_views import StoredViews
from chatbot.web.views import View, without_folders


class InspectorHandlers:
    """Shows visitors how the replies of their conversations came about.

    Args:
        stored: gives each visitor his own part of the memory.
    """

    def __init__(self, stored: StoredViews) -> None:
        self._stored = stored

    def html(self, visitor: Visitor, view: View) -> str:
        """The prompt and the drafts of the turn that is selected, or why they are not there."""
        if not view.turn:
            return inspector_html("", None, "Ask something first, or select a message.")
        try:
            turn = self._stored.memory(visitor).turn(view.turn)
        except BakerStreetError as error:
            return inspector_html("", None, without_folders(str(error)))
        return inspector_html(turn.question, from_stored(turn.evidence, turn.trace))
