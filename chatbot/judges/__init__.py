"""Small judges of replies, each a few milliseconds of a CPU: whether evidence supports a sentence."""

from chatbot.judges.support import THRESHOLD_FILE, SupportJudge, Threshold

__all__ = ["THRESHOLD_FILE", "SupportJudge", "Threshold"]
