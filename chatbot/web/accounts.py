"""The accounts of those who may sign in: a file of names and hashed passwords under the home folder."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.errors import SettingsError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
SHORTEST, LONGEST = 10, 256  # characters of a password
# The cost that OWASP recommends for scrypt with 32 MB: about a tenth of a second.
_COST = {"n": 2**15, "r": 8, "p": 3, "maxmem": 64 * 2**20}


@dataclass(frozen=True)
class Account:
    """One who may sign in.

    Attributes:
        name: lower case letters, digits and `._-`.
        owner: whether he may change the shared libraries.
        salt: 16 random bytes in hexadecimal digits.
        hashed: scrypt of the password, in hexadecimal digits.
        key: changes with the password, so that cookies of before are worth nothing.
    """

    name: str
    owner: bool
    salt: str
    hashed: str
    key: str


class Accounts:
    """Reads and writes the file. A change by another process is seen at the next call.

    Args:
        home: the folder that `users.json` is in, readable by the user who runs the server alone.

    Raises:
        SettingsError: by every method: the file cannot be read or written.
    """

    def __init__(self, home: Path) -> None:
        self.file = home / "users.json"
        self._one_at_a_time = threading.Semaphore(1)  # a check takes 32 MB; many at once must not take the memory
        self._read: tuple[tuple[int, int, int], dict[str, Account]] | None = None

    def all(self) -> list[Account]:
        """Every account, by name."""
        return [account for _, account in sorted(self._accounts().items())]

    def get(self, name: str) -> Account | None:
        """The account of that name, or None."""
        return self._accounts().get(name)

    def add(self, name: str, password: str, owner: bool = False) -> None:
        """Add an account, or give one that exists another password.

        Raises:
            SettingsError: the name or the password cannot be used.
        """
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"{name[:48]!r} cannot be a name: use up to 48 lower case letters, digits, and . _ - after the first."
            )
        if not SHORTEST <= len(password) <= LONGEST:
            raise SettingsError(f"A password has {SHORTEST} to {LONGEST} characters.")
        salt = secrets.token_hex(16)
        account = Account(name, owner, salt, _hash(password, salt), secrets.token_hex(8))
        self._write({**self._accounts(), name: account})

    def remove(self, name: str) -> None:
        """Remove an account. What it said stays in the memory.

        Raises:
            SettingsError: there is none of that name.
        """
        kept = self._accounts()
        if kept.pop(name, None) is None:
            raise SettingsError(f"There is no account {name[:48]!r}. See `bakerstreet users list`.")
        self._write(kept)

    def check(self, name: str, password: str) -> Account | None:
        """The account, if the password is right. It takes as long for a name that does not exist."""
        account = self.get(name)
        with self._one_at_a_time:
            given = _hash(password[:LONGEST], account.salt if account else "00" * 16)
        right = hmac.compare_digest(given, account.hashed if account else "")
        return account if account is not None and right else None

    def _accounts(self) -> dict[str, Account]:
        try:
            now = self.file.stat()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(error) from error
        state = (now.st_ino, now.st_mtime_ns, now.st_size)
        if self._read is None or self._read[0] != state:
            try:
                rows = json.loads(self.file.read_text(encoding="utf-8"))
                self._read = state, {row["name"]: Account(**row) for row in rows}
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise self._unusable(error) from error
        return dict(self._read[1])

    def _write(self, accounts: dict[str, Account]) -> None:
        """Replace the file in one step."""
        new = self.file.with_name(f"{self.file.name}.{secrets.token_hex(4)}")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump([asdict(account) for account in accounts.values()], stream, indent=1)
            new.replace(self.file)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> SettingsError:
        why = error.strerror if isinstance(error, OSError) else "it is damaged"
        return SettingsError(f"The accounts in {self.file} cannot be used: {why}. Mend it, or remove it and add anew.")


def _hash(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), dklen=32, **_COST).hex()
