"""The memory: users, their conversations, and turns as a tree in which nothing is overwritten."""

from memory.models import Base, Conversation, Turn, User
from memory.records import ConversationSummary, StoredTurn
from memory.store import Memory

__all__ = ["Base", "Conversation", "ConversationSummary", "Memory", "StoredTurn", "Turn", "User"]
