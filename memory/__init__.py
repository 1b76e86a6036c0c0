"""What he remembers of you: users, conversations, and turns as a tree that nothing overwrites."""

from memory.models import Base, Conversation, Turn, User
from memory.store import ConversationSummary, Memory, StoredTurn

__all__ = ["Base", "Conversation", "ConversationSummary", "Memory", "StoredTurn", "Turn", "User"]
