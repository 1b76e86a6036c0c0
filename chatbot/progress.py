"""How a long job reports to the user: one line at a time, how far it is, and counts in words."""

from collections.abc import Callable

Say = Callable[[str], None]  # called with one line when something takes more than a moment
Progress = Callable[[int, int], None]  # called with (done, total)


def counted(number: int, noun: str) -> str:
    """A number with its noun: '1 passage', '2,400 passages'. Only for nouns with a regular plural."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
