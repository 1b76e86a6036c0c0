"""The memory: users, their conversations, and turns as a tree in which nothing is overwritten."""

from memory.own import OwnMemory
from memory.records import BranchNode, ConversationSummary, Hit, Remark, StoredTurn, TracedTurn, Versions
from memory.rows import BadRow, Row
from memory.store import Memory
from memory.transfer import Added, Transfer

__all__ = [
    "Added",
    "BadRow",
    "BranchNode",
    "ConversationSummary",
    "Hit",
    "Memory",
    "OwnMemory",
    "Remark",
    "Row",
    "StoredTurn",
    "TracedTurn",
    "Transfer",
    "Versions",
]
