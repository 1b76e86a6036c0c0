"""The errors that are shown to users, as one tree.

    BakerStreetError                 any error that is shown to users
    ├── SettingsError                an invalid setting
    ├── PersonaError                 a persona that does not exist or whose file is invalid
    ├── ModeError                    a mode that does not exist, or cannot be used here
    ├── MessageError                 a message that cannot be answered: empty, too long
    ├── SourceError                  a source text that cannot be read or fetched
    ├── LibraryError                 a library that is missing, or built with another embedder
    ├── PlanError                    a search plan that names a module or setting that does not exist
    ├── ModelError                   a model that is missing or cannot be loaded
    │   ├── VoiceError               an adapter that is missing or made for another model
    │   └── ConversionError          a model that cannot be converted for another engine
    ├── EngineError                  generation failed or the engine was closed
    │   └── BusyError                the queue of requests is full
    ├── MemoryStoreError             the database refuses something
    │   ├── DatabaseAwayError        it cannot be reached or written to at present: full, no server
    │   │   ├── DatabaseBusyError    it is locked, or has no connection free
    │   │   ├── DiskFullError        its disk takes nothing more
    │   │   └── ReadOnlyError        it can be read, but not written to
    │   ├── DamagedDatabaseError     its file is damaged, or no database
    │   └── NotStoredYetError        a reply is kept and stored as soon as the database lets it be
    ├── TurnError                    a turn that failed because of an error in the program
    ├── TrainingError                a model cannot be trained with the given data
    ├── ReplayError                  a replay file that cannot be read or is invalid
    └── TransferError                a file of conversations that cannot be read or written

A message says what is wrong, with which input, and what to do. It is written for users, who see it without a traceback.
"""

from __future__ import annotations


class BakerStreetError(Exception):
    """The base class of all errors that are shown to users."""


class SettingsError(BakerStreetError):
    """A setting is invalid."""


class PersonaError(BakerStreetError):
    """A persona does not exist, or its file is invalid."""


class ModeError(BakerStreetError):
    """A mode does not exist, or cannot be used with this persona."""


class MessageError(BakerStreetError):
    """A message cannot be answered: it is empty, or longer than the context window."""


class SourceError(BakerStreetError):
    """A source text cannot be read or fetched."""


class LibraryError(BakerStreetError):
    """A library is missing, damaged, or was built with another embedder."""


class PlanError(BakerStreetError):
    """A search plan names a module or a setting that does not exist."""


class ModelError(BakerStreetError):
    """A model is missing or cannot be loaded."""


class VoiceError(ModelError):
    """An adapter is missing, damaged, or was made for another base model."""


class ConversionError(ModelError):
    """A model cannot be converted for an engine; the engine that needs no conversion can still run it."""


class EngineError(BakerStreetError):
    """Generation failed, or the engine has been closed."""


class BusyError(EngineError):
    """The queue of requests is full; the request was not queued."""


class MemoryStoreError(BakerStreetError):
    """The database refuses something, or cannot be used."""


class DatabaseAwayError(MemoryStoreError):
    """The database cannot be reached or written to at present: it is busy or full, or its server does not answer."""


class DatabaseBusyError(DatabaseAwayError):
    """The database is locked by another program, or has no connection free; it passes."""


class DiskFullError(DatabaseAwayError):
    """The database's disk takes nothing more."""


class ReadOnlyError(DatabaseAwayError):
    """The database can be read, but not written to."""


class DamagedDatabaseError(MemoryStoreError):
    """The file of the database is damaged, or no database."""


class NotStoredYetError(MemoryStoreError):
    """A reply could not be stored; it is kept, and stored as soon as the database lets it be."""


class TurnError(BakerStreetError):
    """A turn failed because of an error in the program; the log has the traceback."""


class TrainingError(BakerStreetError):
    """A model cannot be trained with the given data."""


class ReplayError(BakerStreetError):
    """A replay file cannot be read, or is invalid."""


class TransferError(BakerStreetError):
    """A file of conversations cannot be read or written."""
