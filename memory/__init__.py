"""The memory: users, their conversations, and turns as a tree in which nothing is overwritten."""

from memory.records import ConversationSummary, StoredTurn
from memory.store import Memory

__all__ = ["ConversationSummary", "Memory", "StoredTurn"]
