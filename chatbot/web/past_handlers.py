"""The list of past conversations, without Gradio: what its buttons do, each a `Past` that becomes another."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path

from chatbot.errors import BakerStreetError
from chatbot.progress import counted
from chatbot.transfer import export_to, file_name, import_file
from chatbot.visitors import Visitor
from chatbot.web.desk import Desk
from chatbot.web.past_list import File, Hits, Past, Place, past_html
from chatbot.web.stored_views import StoredViews
from chatbot.web.views import unexpected, without_folders
from memory import ConversationSummary

logger = logging.getLogger(__name__)

STOP_SECONDS = 10.0  # the longest that deleting waits for the reply under way, which stops at the next token
MOST_HITS = 50  # turns that are shown of those a search finds


class PastHandlers:
    """Handles the events of the list with the memory.

    Args:
        stored: the views of the memory.
        desk: where replies are written: that of a conversation which is deleted is stopped.
    """

    def __init__(self, stored: StoredViews, desk: Desk) -> None:
        self._stored, self._desk = stored, desk

    def html(self, visitor: Visitor, past: Past, shown: str | None) -> str:
        """The list.

        Args:
            visitor: whose it is.
            past: what of it is shown.
            shown: the id of the conversation that the chat shows.
        """
        memory = self._stored.memory(visitor)
        hits: Hits = {}
        try:
            if past.kept == "deleted":
                listed = memory.deleted()
            elif past.text:
                listed = memory.conversations(text=past.text, archived=past.kept == "archived")
                for hit in memory.search(past.text, limit=MOST_HITS):
                    hits.setdefault(hit.conversation_id, []).append(hit)
            else:
                listed = memory.conversations(archived=past.kept == "archived")
        except BakerStreetError as error:
            listed, past = [], replace(past, notice=without_folders(str(error)))
        return past_html(listed, hits, past, shown, self._stored.name)

    def search(self, past: Past, text: str) -> Past:
        """Search for a text in the names and in every message."""
        return Past(text=text.strip(), kept=past.kept)

    def press(self, visitor: Visitor, past: Past, shown: str | None, pressed: Mapping[str, str]) -> Past:
        """A button or form of the list, as `past_list` names what it does.

        Args:
            visitor: who pressed it.
            past: what the list showed.
            shown: the id of the conversation that the chat shows.
            pressed: what the button says.
        """
        if pressed.get("do") == "undo":
            pressed = {"do": "undelete", "id": past.undo}
        past = Past(past.text, past.kept)
        try:
            return self._pressed(visitor, past, shown, pressed)
        except BakerStreetError as error:
            return replace(past, notice=without_folders(str(error)))
        except Exception as error:
            logger.exception("An event of the list of conversations failed")
            return replace(past, notice=unexpected(error))

    def bring(self, visitor: Visitor, past: Past, persona: str, path: str) -> Past:
        """Import a file that the visitor sent, and open the last conversation in it."""
        file = Path(path)
        past = Past(past.text, past.kept)
        try:
            added = import_file(self._stored.memory(visitor), file, persona=persona)
        except BakerStreetError as error:
            return replace(past, notice=without_folders(str(error)))
        finally:
            file.unlink(missing_ok=True)  # the memory has what it needs, and a refused file is not kept
        place = Place(added.last) if added.last else None
        said = f"{counted(added.conversations, 'conversation')} imported, {counted(added.turns, 'message')}."
        return Past(notice=said, place=place)

    def _pressed(self, visitor: Visitor, past: Past, shown: str | None, pressed: Mapping[str, str]) -> Past:
        memory = self._stored.memory(visitor)
        conversation = pressed.get("id", "")
        match pressed.get("do"):
            case "open":
                if turn := pressed.get("turn", ""):
                    memory.go_to(turn)
                return replace(past, place=Place(conversation, turn))
            case "rename":
                memory.rename(conversation, pressed.get("text", ""))
            case "pin" | "unpin" as do:
                memory.pin(conversation, do == "pin")
            case "archive" | "unarchive" as do:
                memory.archive(conversation, do == "archive")
                return replace(past, notice="Archived." if do == "archive" else "It is among the others again.")
            case "delete":
                return self._delete(visitor, past, shown, memory.conversation(conversation))
            case "undelete":
                memory.undelete(conversation)
                return replace(past, notice="It is back.", place=None if shown else Place(conversation))
            case "purge":
                memory.purge(conversation)
                return replace(past, notice="Deleted for good.")
            case "export":
                return replace(past, file=self._exported(visitor, pressed.get("as", ""), conversation or None))
            case "show":
                match pressed.get("kept"):
                    case "current" | "archived" | "deleted" as kept:
                        return Past(past.text, kept)
        return past

    def _delete(self, visitor: Visitor, past: Past, shown: str | None, deleted: ConversationSummary) -> Past:
        writing = self._desk.writing(deleted.id)
        if writing is not None:
            writing.stop()
            writing.wait_for_end(STOP_SECONDS)
        until = self._stored.memory(visitor).delete(deleted.id)
        notice = f"“{deleted.title}” is deleted. It can be brought back until {until:%d %B %Y}."
        return replace(past, notice=notice, undo=deleted.id, place=Place() if deleted.id == shown else None)

    def _exported(self, visitor: Visitor, form: str, conversation: str | None) -> File:
        memory, text = self._stored.memory(visitor), StringIO()
        export_to(memory, text, form, conversation, self._stored.name)
        return File(file_name(memory, form, conversation), text.getvalue())
