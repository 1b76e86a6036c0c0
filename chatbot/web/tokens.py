"""Signed tokens: what a cookie says of its bearer, which this server alone can write."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

from chatbot.errors import SettingsError

LENGTH = 1024  # characters of the longest token that is looked at
_SECRET_BYTES = 32


class Signer:
    """Signs tokens for one purpose with HMAC-SHA256 (RFC 2104), and reads those that it signed.

    Args:
        secret: the server's secret; see `read_secret`.
        purpose: a token for one purpose is worth nothing for another.
        seconds: how long a token is valid.
    """

    def __init__(self, secret: bytes, purpose: str, seconds: int) -> None:
        self._key = hmac.digest(secret, purpose.encode(), hashlib.sha256)
        self._seconds = seconds

    def sign(self, **fields: str) -> str:
        """A token that says `fields`, when it was made, and a number that no other token has."""
        said = {**fields, "at": int(time.time()), "nonce": secrets.token_hex(8)}
        body = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).rstrip(b"=")
        return f"{body.decode()}.{hmac.digest(self._key, body, hashlib.sha256).hex()}"

    def read(self, token: str) -> dict[str, str] | None:
        """What a token says; None if it was not signed here for this purpose, was changed, or is too old."""
        body, _, mark = token.partition(".")
        if len(token) > LENGTH or not token.isascii():
            return None
        right = hmac.digest(self._key, body.encode(), hashlib.sha256).hex()
        if not hmac.compare_digest(mark, right):
            return None
        try:
            said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, binascii.Error):
            return None
        if not 0 <= time.time() - said["at"] <= self._seconds:
            return None
        return {name: str(value) for name, value in said.items()}


def read_secret(home: Path) -> bytes:
    """The server's secret: made once under `home`, and readable by the user who runs the server alone.

    Raises:
        SettingsError: it cannot be made or read, is damaged, or others can read it.
    """
    file = home / "web-secret"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SettingsError(
                f"Others can read {file}, with which they could pass for any visitor. Run `rm {file}`; a new one is "
                "made at the next start, and visitors have to come in anew."
            )
        secret = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except OSError as error:
        raise SettingsError(f"{file} cannot be made or read: {error.strerror}. Set BAKERSTREET_HOME.") from error
    except ValueError:
        secret = b""
    if len(secret) < _SECRET_BYTES:
        raise SettingsError(f"{file} is damaged. Run `rm {file}`; a new one is made at the next start.")
    return secret


def _make(file: Path) -> None:
    """Write a new secret in one step: of two servers that start at once, both read the same."""
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(_SECRET_BYTES))
    with suppress(FileExistsError):
        file.hardlink_to(new)
    new.unlink()
