"""The events of the Library tab, without Gradio: listing, adding and removing the texts of a persona's library."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatbot.errors import BakerStreetError
from chatbot.library.index import SourceEntry, add_text, read_manifest, remove_text
from chatbot.library.texts import TEXT
from chatbot.progress import Progress, counted
from chatbot.resources import Resources


class LibraryHandlers:
    """The library of every persona as a visitor sees and changes it; one change at a time."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._changing = threading.Lock()

    def rows(self, persona: str) -> list[list[str | int]]:
        """The library's sources, a row each: title, name, works and passages."""
        return [[entry.title, name, entry.works, entry.passages] for name, entry in self._sources(persona).items()]

    def removable(self, persona: str) -> list[tuple[str, str]]:
        """The texts that can be removed, as (title, name)."""
        return [(entry.title, name) for name, entry in self._sources(persona).items() if entry.kind == TEXT]

    def state(self, persona: str) -> str:
        """One line on the state of the library: its size, its embedder, and what is missing."""
        try:
            manifest = read_manifest(self._resources.library_folder(persona))
        except BakerStreetError as error:
            return str(error)
        if manifest is None:
            return "There is no library yet."
        state = f"{manifest.state().capitalize()} ({manifest.embedder.split(':')[0]})."
        if manifest.complete or self.filling(persona):
            return state
        why = self._resources.fill_error(persona) or "A build was not finished."
        return f"{state} {why} It continues at the next start."

    def filling(self, persona: str) -> bool:
        """Whether the library is being embedded in the background, so that `state` goes out of date."""
        return self._resources.filling(persona)

    def add(
        self, persona: str, files: Sequence[str], replace: bool, on_progress: Progress = lambda done, total: None
    ) -> str:
        """Add files; returns a line for each, which says that it was added or why not."""
        loaded, lines = self._resources.persona(persona), []
        with self._changing:
            for file in map(Path, files):
                try:
                    added = add_text(
                        loaded,
                        self._resources.library_folder(persona),
                        self._resources.library_embedder(persona),
                        file,
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

    def remove(self, persona: str, name: str | None) -> str:
        """Remove a text; returns a line that says how many passages were removed, or why none were."""
        if not name:
            return "Choose the text to remove first."
        with self._changing:
            try:
                removed = remove_text(
                    self._resources.persona(persona),
                    self._resources.library_folder(persona),
                    self._resources.library_embedder(persona),
                    name,
                    behind=True,
                    chroma_url=self._resources.settings.chroma_url,
                )
                self._continue_filling(persona)
            except BakerStreetError as error:
                return str(error)
        return f"Removed {name} from the library: {counted(removed, 'passage')}."

    def _continue_filling(self, persona: str) -> None:
        """Embed in the background what the library lacks after a change."""
        with suppress(BakerStreetError):  # `state` says why
            manifest = read_manifest(self._resources.library_folder(persona))
            if manifest and not manifest.complete:
                self._resources.fill_behind(persona)

    def _sources(self, persona: str) -> dict[str, SourceEntry]:
        try:
            manifest = read_manifest(self._resources.library_folder(persona))
        except BakerStreetError:
            return {}  # `state` says why
        return dict(manifest.sources) if manifest else {}
