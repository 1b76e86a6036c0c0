"""Small judges of replies, each a few milliseconds of a CPU: what evidence supports, and how much a line is in tone."""

from chatbot.judges.support import THRESHOLD_FILE, SupportJudge, Threshold, claims
from chatbot.judges.tone import BUCKETS, ToneMeter, buckets

__all__ = ["BUCKETS", "THRESHOLD_FILE", "SupportJudge", "Threshold", "ToneMeter", "buckets", "claims"]
