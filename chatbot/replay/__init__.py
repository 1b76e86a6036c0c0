"""Replays: stored conversations that are run again as tests, with expectations of every answer."""

from chatbot.replay.format import Expectation, Replay, ReplayTurn, read_replay
from chatbot.replay.runner import ReplayOutcome, failures, run_replay

__all__ = ["Expectation", "Replay", "ReplayOutcome", "ReplayTurn", "failures", "read_replay", "run_replay"]
