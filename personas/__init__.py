"""Personas are files: load, list and check them.

A persona is a folder with `persona.yaml`, and beside it `casebook/`, `lines.jsonl` and `voice/`. The built-in ones
lie in this package; a folder of the user's own (`settings.personas`) is looked into first.
"""

from personas.loading import (
    LoadedPersona,
    Mistake,
    check_persona,
    find_personas,
    load_persona,
)
from personas.schema import Example, Generation, Persona, Prompts, Source, VoiceRecipe

__all__ = [
    "Example",
    "Generation",
    "LoadedPersona",
    "Mistake",
    "Persona",
    "Prompts",
    "Source",
    "VoiceRecipe",
    "check_persona",
    "find_personas",
    "load_persona",
]
