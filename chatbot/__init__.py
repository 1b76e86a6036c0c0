"""A persona chatbot: what a character knows, how he speaks, and what he remembers of you."""

__version__ = "0.1.0"
