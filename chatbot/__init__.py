"""A persona chatbot: what a character knows, how it speaks, and what it remembers of you."""

from chatbot.offline import go_silent

__version__ = "0.1.0"

DEFAULT_PERSONA = "sherlock"  # who answers if no persona is named

go_silent()
