"""Logging: who gets to read what the modules log, which is quiet by default.

Warnings and errors, with their tracebacks, go to `bakerstreet.log` under the home, which is made with the first of
them. `BAKERSTREET_LOG` is a level, for standard error, or `level:file`; `--verbose` is the level `info`. At `info` no
text of a visitor is logged.
"""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from chatbot.errors import SettingsError

PACKAGES = ("chatbot", "memory", "personas")
LEVELS = ("debug", "info", "warning", "error")
FILE = "bakerstreet.log"
MAX_BYTES = 2_000_000  # of a file; one older one is kept
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _QuietFile(RotatingFileHandler):
    """A file that is made with its first line; where it cannot be written, nothing is said about it."""

    def handleError(self, record: logging.LogRecord) -> None:
        """A disk that is full or a home that may only be read must not disturb a conversation."""


def set_up_logging(log: str, home: Path, *, verbose: bool = False) -> None:
    """Send what the program's modules log to where it belongs; a second call takes the place of the first.

    Args:
        log: a level, or `level:file`; empty: warnings, to a file under `home`.
        home: of the settings.
        verbose: `info` on standard error as well.

    Raises:
        SettingsError: there is no such level.
    """
    level, _, file = log.partition(":")
    if log and level.lower() not in LEVELS:
        raise SettingsError(
            f"The setting log is a level, or a level and a file as in info:/tmp/log; {level[:40]!r} is none. "
            f"Levels: {', '.join(LEVELS)}."
        )
    handlers: list[logging.Handler] = []
    if file or not log:
        handlers.append(_handler(_QuietFile(file or home / FILE, "a", MAX_BYTES, 1, "utf-8", delay=True), level))
    if (log and not file) or verbose:
        lower = verbose and level.lower() not in ("debug", "info")
        handlers.append(_handler(logging.StreamHandler(sys.stderr), "info" if lower or file else level))
    for package in PACKAGES:
        logger = logging.getLogger(package)
        for old in logger.handlers[:]:
            logger.removeHandler(old)
            old.close()
        for handler in handlers:
            logger.addHandler(handler)
        logger.setLevel(min(handler.level for handler in handlers))


def _handler(handler: logging.Handler, level: str) -> logging.Handler:
    handler.setLevel((level or "warning").upper())
    handler.setFormatter(logging.Formatter(LINE))
    return handler
