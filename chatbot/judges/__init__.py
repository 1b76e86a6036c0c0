"""Small judges of replies, milliseconds of a CPU each: what evidence supports, what is in tone and in character."""

from chatbot.judges.character import CharacterJudge
from chatbot.judges.support import THRESHOLD_FILE, SupportJudge, Threshold, claims
from chatbot.judges.tone import BUCKETS, ToneMeter, buckets

__all__ = ["BUCKETS", "THRESHOLD_FILE", "CharacterJudge", "SupportJudge", "Threshold", "ToneMeter", "buckets", "claims"]
