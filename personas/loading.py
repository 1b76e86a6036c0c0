"""Find, load and check persona folders; a mistake is named with file, line and field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chatbot.errors import PersonaError, PlanError
from chatbot.language import declines, language_of
from chatbot.yaml_text import YamlError, YamlText, read_yaml
from personas.schema import Persona

BUILT_IN = Path(__file__).parent
FILE = "persona.yaml"


@dataclass(frozen=True)
class Mistake:
    """One mistake in a persona file."""

    file: Path
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


@dataclass(frozen=True)
class LoadedPersona:
    """A persona and the folder it came from."""

    id: str
    folder: Path
    persona: Persona

    @property
    def casebook(self) -> Path:
        """The folder of the casebook."""
        return self.folder / "casebook"

    @property
    def lines(self) -> Path:
        """The example lines the voice is trained on."""
        return self.folder / "lines.jsonl"

    @property
    def voice(self) -> Path | None:
        """The folder of the adapter, or None where the persona has no voice."""
        return self.folder / self.persona.voice if self.persona.voice else None

    @property
    def validation(self) -> Path | None:
        """Questions that nothing is trained on, to fit its confidence on, or None where there are none."""
        file = self.folder / "validation.jsonl"
        return file if file.is_file() else None

    @property
    def questions(self) -> Path | None:
        """The questions with accepted answers that its evaluation asks, or None where there are none."""
        file = self.folder / "questions.jsonl"
        return file if file.is_file() else None

    @property
    def deductions(self) -> Path | None:
        """The signs that it reads in what visitors describe, or None where there are none."""
        file = self.folder / "deductions.jsonl"
        return file if file.is_file() else None

    @property
    def talk(self) -> Path | None:
        """The conversations that its evaluation holds, or None where there are none."""
        file = self.folder / "talk.jsonl"
        return file if file.is_file() else None

    @property
    def messages(self) -> Path | None:
        """What visitors say, each with the line that answers it; or None where there is none."""
        file = self.folder / "messages.jsonl"
        return file if file.is_file() else None

    @property
    def judged(self) -> Path | None:
        """What visitors say, with lines that answer it and others that do not; or None where there is none."""
        file = self.folder / "judged.jsonl"
        return file if file.is_file() else None

    @property
    def provocations(self) -> Path | None:
        """The messages that try to make it break character, or None where there are none."""
        file = self.folder / "provocations.jsonl"
        return file if file.is_file() else None

    @property
    def drift(self) -> Path | None:
        """The long conversations in which it is seen whether it stays as it is, or None where there are none."""
        file = self.folder / "drift.jsonl"
        return file if file.is_file() else None

    @property
    def scripts(self) -> Path | None:
        """The conversations over several sessions that show what it remembers, or None where there are none."""
        file = self.folder / "memory.jsonl"
        return file if file.is_file() else None

    @property
    def update(self) -> Path | None:
        """The folder of an invented case and the questions that its facts answer, or None where there is none."""
        folder = self.folder / "update"
        return folder if folder.is_dir() else None

    @property
    def retriever(self) -> Path | None:
        """The folder of the embedder's adapter, or None where there is none."""
        return self._adapter("retriever")

    @property
    def reader(self) -> Path | None:
        """The folder of the reader's adapter, or None where there is none."""
        return self._adapter("reader")

    @property
    def reranker(self) -> Path | None:
        """The folder of the reranker's adapter, or None where there is none."""
        return self._adapter("reranker")

    @property
    def support(self) -> Path | None:
        """The folder of the support check's adapter, or None where there is none."""
        return self._adapter("support")

    @property
    def matcher(self) -> Path | None:
        """The folder of the adapter that finds its own exchanges, or None where there is none."""
        return self._adapter("matcher")

    @property
    def selector(self) -> Path | None:
        """The folder of the adapter that chooses among the exchanges found, or None where there is none."""
        return self._adapter("selector")

    @property
    def tone(self) -> Path:
        """The file of the tone meter, whether there is one or not."""
        return self.folder / "tone.npz"

    def _adapter(self, name: str) -> Path | None:
        folder = self.folder / name
        return folder if folder.is_dir() else None


def find_personas(extra: Path | None = None) -> dict[str, Path]:
    """All persona folders by id, the user's own (`extra`) before the built-in ones of the same id."""
    found: dict[str, Path] = {}
    for root in (extra, BUILT_IN):
        if root is None or not root.is_dir():
            continue
        for file in sorted(root.glob(f"*/{FILE}")):
            found.setdefault(file.parent.name, file.parent)
    return found


def load_persona(persona_id: str, extra: Path | None = None) -> LoadedPersona:
    """Load the persona `persona_id`.

    Raises:
        PersonaError: there is no such persona, or its file has mistakes; all of them are named.
    """
    found = find_personas(extra)
    if persona_id not in found:
        near = get_close_matches(persona_id, found, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise PersonaError(
            f"There is no persona '{persona_id}'.{hint} There are: {', '.join(sorted(found)) or 'none'}. "
            "See `bakerstreet personas list`."
        )
    folder = found[persona_id]
    persona, _, mistakes = _read(folder / FILE)
    if persona is None:
        listed = "\n".join(f"  {mistake}" for mistake in mistakes)
        raise PersonaError(f"The persona '{persona_id}' cannot be used; correct this first:\n{listed}")
    return LoadedPersona(persona_id, folder, persona)


def check_persona(
    folder: Path, modes: Sequence[str] = (), try_plan: Callable[[str, list[Any]], object] | None = None
) -> list[Mistake]:
    """Every mistake in the folder's file, in the order of its lines; an empty list: none.

    Args:
        folder: holds `persona.yaml`.
        modes: the modes that `default_mode` may name; empty: it is not checked.
        try_plan: makes a plan of its name and modules, raising PlanError; None: plans are not checked.
    """
    file = folder / FILE
    persona, written, mistakes = _read(file)
    if persona is None:
        return sorted(mistakes, key=lambda mistake: mistake.line)
    if persona.voice and not (folder / persona.voice).is_dir():
        advice = (
            f"there is no folder '{persona.voice}' beside the file; train it with "
            f"`bakerstreet voice train {folder.name}`, or leave the field out"
        )
        mistakes.append(Mistake(file, written.line(("voice",)), "voice", advice))
    language = language_of(persona)
    for number, line in enumerate(persona.declines):
        if not declines(line, language):
            advice = "a reply like this would not be recognised as a decline; add its telling words to decline_phrases"
            at = ("declines", number)
            mistakes.append(Mistake(file, written.line(at), f"declines.{number}", advice))
    if try_plan is not None:
        for name, parts in persona.plans.items():
            try:
                try_plan(name, list(parts))
            except PlanError as error:
                mistakes.append(Mistake(file, written.line(("plans", name)), f"plans.{name}", str(error)))
    if modes and persona.default_mode not in modes:
        advice = f"there is no mode '{persona.default_mode}'; there are: {', '.join(modes)}"
        mistakes.append(Mistake(file, written.line(("default_mode",)), "default_mode", advice))
    return sorted(mistakes, key=lambda mistake: mistake.line)


def _read(file: Path) -> tuple[Persona | None, YamlText, list[Mistake]]:
    try:
        written = read_yaml(file)
    except YamlError as error:
        return None, _NOTHING, [Mistake(file, item.line, item.field, item.message) for item in error.mistakes]
    if not isinstance(written.data, dict):
        return None, written, [Mistake(file, 1, "file", "must hold fields such as `name: ...`")]
    try:
        return Persona.model_validate(written.data), written, []
    except ValidationError as error:
        found = written.mistakes(error)
        return None, written, [Mistake(file, item.line, item.field, item.message) for item in found]


_NOTHING = YamlText(None, "", {})
