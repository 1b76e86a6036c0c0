"""Replays: conversations that are run again as tests, with the models or against a recording of them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbot.replay.cassette import cassette_of
    from chatbot.replay.format import Replay, find_replays, read_replay, schema
    from chatbot.replay.junit_xml import junit
    from chatbot.replay.record import replay_of_chat, replay_of_conversation
    from chatbot.replay.runner import ReplayOutcome, run_file
    from chatbot.replay.sides import Played, Side, open_side, played, report
    from chatbot.replay.stage import Stage, open_stage

__all__ = [
    "Played",
    "Replay",
    "ReplayOutcome",
    "Side",
    "Stage",
    "cassette_of",
    "find_replays",
    "junit",
    "open_side",
    "open_stage",
    "played",
    "read_replay",
    "replay_of_chat",
    "replay_of_conversation",
    "report",
    "run_file",
    "schema",
]

_MODULES = {
    "cassette": ("cassette_of",),
    "format": ("Replay", "find_replays", "read_replay", "schema"),
    "junit_xml": ("junit",),
    "record": ("replay_of_chat", "replay_of_conversation"),
    "sides": ("Played", "Side", "open_side", "played", "report"),
    "runner": ("ReplayOutcome", "run_file"),
    "stage": ("Stage", "open_stage"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: pytest loads this package with its plugin in every run of whoever has it installed.
    for module, names in _MODULES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"chatbot.replay.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
