"""How a long job tells of itself: a line for the user, and how far it is."""

from collections.abc import Callable

Say = Callable[[str], None]  # told one line, when something takes more than a moment
Progress = Callable[[int, int], None]  # told how much is done, of how much
