"""Replays: stored conversations that are run again as tests, with expectations of every answer."""

from chatbot.replay.format import Replay, read_replay
from chatbot.replay.runner import ReplayOutcome, run_replay

__all__ = ["Replay", "ReplayOutcome", "read_replay", "run_replay"]
