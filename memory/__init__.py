"""The memory: users, what they told, and their conversations as trees in which nothing is overwritten."""

from memory.own import OwnMemory
from memory.records import (
    BranchNode,
    ConversationSummary,
    Drawn,
    Hit,
    Profile,
    Rating,
    RatingCounts,
    Recollection,
    Remark,
    StoredTurn,
    Summary,
    TracedTurn,
    Versions,
    Wins,
)
from memory.rows import KINDS, BadRow, Kind, Row
from memory.store import Memory
from memory.transfer import Added, Transfer

__all__ = [
    "KINDS",
    "Added",
    "BadRow",
    "BranchNode",
    "ConversationSummary",
    "Drawn",
    "Hit",
    "Kind",
    "Memory",
    "OwnMemory",
    "Profile",
    "Rating",
    "RatingCounts",
    "Recollection",
    "Remark",
    "Row",
    "StoredTurn",
    "Summary",
    "TracedTurn",
    "Transfer",
    "Versions",
    "Wins",
]
