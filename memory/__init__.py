"""The memory: users, their conversations, and turns as a tree in which nothing is overwritten."""

from memory.records import ConversationSummary, Remark, StoredTurn, TracedTurn
from memory.store import Memory

__all__ = ["ConversationSummary", "Memory", "Remark", "StoredTurn", "TracedTurn"]
