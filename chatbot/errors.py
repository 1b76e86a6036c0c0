"""Everything that can go wrong, as one tree.

    BakerStreetError                 anything a user may be told about
    ├── SettingsError                a setting that cannot be used
    ├── PersonaError                 a persona that does not exist or whose file is wrong
    ├── ModeError                    a mode that does not exist, or cannot be used here
    ├── MessageError                 a message that cannot be answered: empty, too long
    ├── SourceError                  a source text that cannot be read or fetched
    ├── LibraryError                 a library that is missing, or built with another embedder
    ├── PlanError                    a way to search that names what does not exist
    ├── ModelError                   a model that is missing or cannot be loaded
    │   ├── VoiceError               an adapter that is missing or made for another model
    │   └── ConversionError          a model that cannot be converted for another engine
    ├── EngineError                  generation failed or the engine was closed
    │   └── BusyError                as many requests wait as may wait
    ├── MemoryStoreError             the database cannot be reached, is locked or is full
    ├── TurnError                    a turn that failed because of a mistake in the program
    ├── TrainingError                a voice cannot be trained with what was given
    └── ReplayError                  a replay file that cannot be read

A message says what was wrong, with which input, and what to do. It is shown to users as it stands, without a
traceback; so it is written for them.
"""

from __future__ import annotations


class BakerStreetError(Exception):
    """The root of all errors a user may be told about."""


class SettingsError(BakerStreetError):
    """A setting cannot be used."""


class PersonaError(BakerStreetError):
    """A persona does not exist, or its file is wrong."""


class ModeError(BakerStreetError):
    """A mode does not exist, or cannot be used with this persona."""


class MessageError(BakerStreetError):
    """A message cannot be answered: empty, or longer than the window."""


class SourceError(BakerStreetError):
    """A source text cannot be read or fetched."""


class LibraryError(BakerStreetError):
    """A library is missing, damaged, or was built with another embedder."""


class PlanError(BakerStreetError):
    """A plan of the search names a module or a setting that does not exist."""


class ModelError(BakerStreetError):
    """A model is missing or cannot be loaded."""


class VoiceError(ModelError):
    """An adapter is missing, damaged, or was made for another base model."""


class ConversionError(ModelError):
    """A model cannot be converted for another engine; the engine that needs no conversion still runs it."""


class EngineError(BakerStreetError):
    """Generation failed, or the engine has been closed."""


class BusyError(EngineError):
    """As many requests are waiting as may wait; nothing was queued."""


class MemoryStoreError(BakerStreetError):
    """The database cannot be reached, is locked, or is full."""


class TurnError(BakerStreetError):
    """A turn failed because of a mistake in the program; the log has the traceback."""


class TrainingError(BakerStreetError):
    """A voice cannot be trained with what was given."""


class ReplayError(BakerStreetError):
    """A replay file cannot be read."""
