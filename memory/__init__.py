"""The memory: users, their conversations, and turns as a tree in which nothing is overwritten."""

from memory.own import OwnMemory
from memory.records import ConversationSummary, Remark, StoredTurn, TracedTurn
from memory.store import Memory

__all__ = ["ConversationSummary", "Memory", "OwnMemory", "Remark", "StoredTurn", "TracedTurn"]
