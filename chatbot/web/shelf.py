"""What the Library tab does, without a word of Gradio: the texts that a persona's library holds, and changing them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatbot.errors import BakerStreetError
from chatbot.library.index import SourceEntry, add_text, read_manifest, remove_text
from chatbot.library.texts import TEXT
from chatbot.progress import Progress
from chatbot.resources import Resources


class Shelf:
    """The library of every persona, as a visitor sees and changes it; one change at a time."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._changing = threading.Lock()

    def rows(self, persona: str) -> list[list[str | int]]:
        """What the library holds: title, name, works and passages of every source."""
        return [[entry.title, name, entry.works, entry.passages] for name, entry in self._sources(persona).items()]

    def removable(self, persona: str) -> list[tuple[str, str]]:
        """The texts that can be taken out, as (title, name)."""
        return [(entry.title, name) for name, entry in self._sources(persona).items() if entry.kind == TEXT]

    def state(self, persona: str) -> str:
        """One line on how the library stands."""
        try:
            manifest = read_manifest(self._resources.library_folder(persona))
        except BakerStreetError as error:
            return str(error)
        if manifest is None:
            return "There is no library yet."
        said = f"{manifest.state().capitalize()} ({manifest.embedder.split(':')[0]})."
        if manifest.complete or self.unfinished(persona):
            return said
        why = self._resources.fill_error(persona) or "A build was not finished."
        return f"{said} {why} The next start goes on with it."

    def unfinished(self, persona: str) -> bool:
        """Whether the library's vectors are being filled in, so that what is shown grows old."""
        return self._resources.filling(persona)

    def add(
        self, persona: str, files: Sequence[str], replace: bool, on_progress: Progress = lambda done, total: None
    ) -> str:
        """Add files; a line on each, whether it was taken or why not."""
        loaded, said = self._resources.persona(persona), []
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
                    said.append(f"Added *{added.title}*: {added.passages} passages.{notes}")
                except BakerStreetError as error:
                    said.append(f"**{file.name}** was not added. {error}")
            self._go_on(persona)
        return "\n\n".join(said) or "Choose one or more files first."

    def remove(self, persona: str, name: str | None) -> str:
        """Take a text out; a line on what went, or why nothing did."""
        if not name:
            return "Choose the text that shall go first."
        with self._changing:
            try:
                gone = remove_text(
                    self._resources.persona(persona),
                    self._resources.library_folder(persona),
                    self._resources.library_embedder(persona),
                    name,
                    behind=True,
                    chroma_url=self._resources.settings.chroma_url,
                )
                self._go_on(persona)
            except BakerStreetError as error:
                return str(error)
        return f"{name} is out of the library: {gone} passages went."

    def _go_on(self, persona: str) -> None:
        """What was changed while the vectors were not all there is embedded behind."""
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
