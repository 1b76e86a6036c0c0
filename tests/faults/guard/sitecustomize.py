"""Python imports this by itself where its folder is on the path: every attempt to leave this machine, or to write where
the program has no business, is noted in a file; what would leave is refused as well.

GUARD_LOG names the file, GUARD_WRITABLE the folders that may be written to.
"""

from __future__ import annotations

import os
import sys
import traceback

LOG = os.environ["GUARD_LOG"]
WRITABLE = tuple(os.environ["GUARD_WRITABLE"].split(os.pathsep))
HERE = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}
NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
ADDRESSES = {"socket.connect", "socket.sendto", "socket.sendmsg"}
PLACES = {"os.mkdir": 0, "os.truncate": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1}  # which argument is written


def _note(what: str) -> None:
    line = f"{what}\n" + "".join(traceback.format_stack(limit=12)[:-2])
    descriptor = os.open(LOG, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, line.encode("utf-8", "replace"))
    os.close(descriptor)


def _host(address: object) -> object:
    host = address[0] if isinstance(address, tuple) else address
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host


def _watch(event: str, arguments: tuple) -> None:
    if event in NAMES and _host(arguments[0]) not in HERE:
        _note(f"{event} {arguments!r}")
        raise OSError(f"guard: {event} {arguments!r}")
    # A Unix socket has a path for an address, and no host; netlink's is a pair of numbers.
    if event in ADDRESSES and isinstance(arguments[1], tuple):
        host = _host(arguments[1])
        if isinstance(host, str) and host not in HERE:
            _note(f"{event} {arguments[1]!r}")
            raise OSError(f"guard: {event} {arguments[1]!r}")
    written = None
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
        written = arguments[0]
    elif event in PLACES:
        written = arguments[PLACES[event]]
    if isinstance(written, (str, bytes)) and os.fsdecode(written) != LOG:
        path = os.path.abspath(os.fsdecode(written))  # noqa: PTH100  (pathlib would raise events of its own)
        if not path.startswith(WRITABLE):
            _note(f"writes {path} ({event})")


sys.addaudithook(_watch)
