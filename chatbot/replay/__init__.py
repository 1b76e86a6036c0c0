"""Replays: stored conversations run again, with what must hold after each turn."""
