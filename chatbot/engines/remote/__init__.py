"""The engine on another machine."""
