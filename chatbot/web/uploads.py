"""Files that visitors send: how much, and that each uses none but his own.

Gradio takes any path in its folder of uploads from a browser, and any address, which it would fetch.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from chatbot.settings import Settings
from chatbot.visitors import Visitor
from chatbot.web.limits import Budget

MB = 2**20
AN_HOUR = 20  # times the largest size: what one visitor may send in an hour
_ENVELOPE = MB // 4  # bytes that the form around the files may take
_KNOWN = 10_000  # uploads of which it is kept whose they are


@dataclass(frozen=True)
class Limits:
    """What a visitor may send.

    Attributes:
        size: bytes of the files that are sent at once.
        files: the number of files that are added at once.
        hourly: bytes of all files that are sent in an hour.
    """

    size: int
    files: int
    hourly: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """What the settings allow."""
        return cls(settings.upload_mb * MB, settings.upload_files, settings.upload_mb * MB * AN_HOUR)


class Uploads:
    """Knows what everybody has sent."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._budget = Budget(limits.hourly, 3600)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def refused(self, visitor: Visitor, length: int) -> tuple[int, str] | None:
        """The status and the reason why files of so many bytes are not taken; None: they are."""
        if length > self._limits.size + _ENVELOPE:
            return 413, f"These files are larger than {self._limits.size // MB} MB together. Send smaller ones."
        if not self._budget.spend(visitor.id, length):
            return 429, f"You have sent {self._limits.hourly // MB} MB of files in an hour. Try again later."
        return None

    def noting(self, visitor: Visitor, send: Send) -> Send:
        """Sends the answer to an upload on, and notes the paths in it as the visitor's own."""
        body = bytearray()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                MutableHeaders(scope=message)["connection"] = "close"
            if message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._note(visitor, bytes(body))
            await send(message)

        return sending

    def are_own(self, visitor: Visitor, data: Any) -> bool:
        """Whether every file that a request names is one that the visitor sent; addresses of files are none."""
        waiting = [data]
        while waiting:
            part = waiting.pop()
            if isinstance(part, list):
                waiting += part
            elif isinstance(part, dict):
                if isinstance(part.get("path"), str) and (visitor.id, part["path"]) not in self._known:
                    return False
                waiting += part.values()
        return True

    def _note(self, visitor: Visitor, body: bytes) -> None:
        try:
            paths = json.loads(body)
        except ValueError:  # a refusal
            return
        for path in paths if isinstance(paths, list) else ():
            self._known[visitor.id, str(path)] = None
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)
