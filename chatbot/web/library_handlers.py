"""The events of the Library tab, without Gradio: listing, adding and removing the texts of a persona's library."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from chatbot.errors import BakerStreetError
from chatbot.library.index import (
    OwnTexts,
    SourceEntry,
    add_text,
    lost_vectors,
    read_manifest,
    read_passages,
    remove_text,
)
from chatbot.library.texts import TEXT
from chatbot.progress import Progress, counted
from chatbot.resources import Resources
from chatbot.visitors import Visitor

BEING_BUILT = "The library is being built from the casebook, and can be asked in a moment."


class LibraryHandlers:
    """The library of every persona as a visitor sees and changes it; one change at a time.

    What the owner of the installation adds is everybody's. What another visitor adds is found, listed and removed by
    him alone, and what is everybody's he cannot change.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._changing = threading.Lock()

    def rows(self, visitor: Visitor, persona: str) -> list[list[str | int]]:
        """The sources that a visitor searches, a row each: title, name, works, passages, and whose it is."""
        shared, own = self._shared(persona), self._own(visitor, persona)
        return [
            [entry.title, name, entry.works, entry.passages, whose]
            for whose, sources in (("everybody's", shared), ("yours", own))
            for name, entry in sources.items()
        ]

    def removable(self, visitor: Visitor, persona: str) -> list[tuple[str, str]]:
        """The texts that a visitor can remove, as (title, name)."""
        sources = self._shared(persona) if visitor.owner else self._own(visitor, persona)
        return [(entry.title, name) for name, entry in sources.items() if entry.kind == TEXT]

    def note(self, visitor: Visitor, persona: str) -> str:
        """One line on what becomes of a text that he adds, or on why those that he added cannot be read."""
        if visitor.owner:
            return "You are the owner: a text that you add is everybody's, and one that you remove nobody has any more."
        try:
            OwnTexts(self._resources.library_folder(persona), visitor.id).entries()
        except BakerStreetError as error:
            return str(error)
        return "A text that you add is yours: it is searched for you alone, and only you see it and can remove it."

    def state(self, persona: str) -> str:
        """One line on the state of the library: its size, its embedder, and what is missing."""
        try:
            manifest = read_manifest(self._resources.library_folder(persona))
            if manifest is not None and manifest.sources:
                read_passages(self._resources.library_folder(persona))
        except BakerStreetError as error:
            return str(error)
        if manifest is None:
            return BEING_BUILT if self._resources.attendance.attending(persona) else "There is no library yet."
        embedder = manifest.embedder.split(":")[0]
        if self.filling(persona):
            return f"{manifest.state().capitalize()} ({embedder})."
        try:
            lost = lost_vectors(
                self._resources.library_folder(persona),
                manifest,
                manifest.embedder,
                self._resources.settings.chroma_url,
            )
        except BakerStreetError as error:
            return str(error)
        if lost is not None:
            return (
                f"Searched by words ({embedder}): {lost.why}. The next start makes its vectors again, and so does "
                f"`bakerstreet library build {persona}`."
            )
        state = f"{manifest.state().capitalize()} ({embedder})."
        if manifest.complete:
            return state
        why = self._resources.fill_error(persona) or "A build was not finished."
        return f"{state} {why} It continues at the next start."

    def chosen(self, persona: str) -> None:
        """Prepare the library of a persona whom somebody chose, in the background; it is searched by words first."""
        self._resources.attendance.attend_behind(persona)

    def filling(self, persona: str) -> bool:
        """Whether the library is being built or embedded in the background, so that `state` goes out of date."""
        return self._resources.attendance.attending(persona) or self._resources.filling(persona)

    def add(
        self,
        visitor: Visitor,
        persona: str,
        files: Sequence[str],
        replace: bool,
        on_progress: Progress = lambda done, total: None,
    ) -> str:
        """Add files; returns a line for each, which says that it was added or why not."""
        loaded, lines = self._resources.persona(persona), []
        with self._one_at_a_time(visitor):
            for file in map(Path, files):
                try:
                    added = add_text(
                        loaded,
                        self._resources.library_folder(persona),
                        self._resources.library_embedder(persona),
                        file,
                        owner=_of(visitor),
                        replace_old=replace,
                        behind=True,
                        chroma_url=self._resources.settings.chroma_url,
                        on_progress=on_progress,
                    )
                    notes = "".join(f" {note}" for note in added.notes)
                    lines.append(f"Added *{added.title}*: {counted(added.passages, 'passage')}.{notes}")
                except BakerStreetError as error:
                    lines.append(f"**{file.name}** was not added. {error}")
            self._continue_filling(persona)
        return "\n\n".join(lines) or "Choose one or more files first."

    def remove(self, visitor: Visitor, persona: str, name: str | None) -> str:
        """Remove a text; returns a line that says how many passages were removed, or why none were."""
        if not name:
            return "Choose the text to remove first."
        with self._one_at_a_time(visitor):
            try:
                removed = remove_text(
                    self._resources.library_folder(persona),
                    self._resources.library_embedder(persona),
                    name,
                    owner=_of(visitor),
                    behind=True,
                    chroma_url=self._resources.settings.chroma_url,
                )
                self._continue_filling(persona)
            except BakerStreetError as error:
                return str(error)
        return f"Removed {name} from the library: {counted(removed, 'passage')}."

    def _one_at_a_time(self, visitor: Visitor) -> AbstractContextManager[object]:
        """Held while the shared library is changed; whoever changes texts of his own waits for nobody."""
        return self._changing if visitor.owner else nullcontext()

    def _continue_filling(self, persona: str) -> None:
        """Embed in the background what the library lacks after a change."""
        with suppress(BakerStreetError):  # `state` says why
            manifest = read_manifest(self._resources.library_folder(persona))
            if manifest and not manifest.complete:
                self._resources.fill_behind(persona)

    def _shared(self, persona: str) -> dict[str, SourceEntry]:
        try:
            manifest = read_manifest(self._resources.library_folder(persona))
        except BakerStreetError:
            return {}  # `state` says why
        return dict(manifest.sources) if manifest else {}

    def _own(self, visitor: Visitor, persona: str) -> dict[str, SourceEntry]:
        try:
            return OwnTexts(self._resources.library_folder(persona), visitor.id).entries()
        except BakerStreetError:
            return {}  # `note` says why


def _of(visitor: Visitor) -> str | None:
    """Whose the texts are that a visitor adds and removes: None where they are everybody's."""
    return None if visitor.owner else visitor.id
