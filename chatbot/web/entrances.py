"""Who a request comes from, by the setting `auth`: anybody on this machine, account holders, or whom a proxy names."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from starlette.requests import Request

from chatbot.errors import SettingsError
from chatbot.settings import Settings
from chatbot.visitors import Visitor
from chatbot.web.accounts import Account, Accounts
from chatbot.web.tokens import Signer, read_secret

YEAR = 365 * 24 * 3600  # seconds that a browser is known without an account
FORTNIGHT = 14 * 24 * 3600  # seconds after which an account holder signs in again
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Entrance(Protocol):
    """One way to find out who a request comes from."""

    def visitor(self, request: Request) -> Visitor | None:
        """Who sent the request; None: somebody who is not known."""

    def trusts(self, request: Request) -> bool:
        """Whether it comes from a proxy whose word counts on what the browser asked for."""


@dataclass(frozen=True)
class Loopback:
    """Anybody who reaches the loopback address; each browser is a visitor of its own, and none is the owner.

    Every user of the machine can reach that address, and so can pages in his browser: nothing in a request tells them
    from the one who started the server.
    """

    signer: Signer
    cookie: str

    def visitor(self, request: Request) -> Visitor | None:
        """The visitor that the cookie names."""
        said = self.signer.read(request.cookies.get(self.cookie, ""))
        return Visitor(said["visitor"]) if said else None

    def newcomer(self) -> Visitor:
        """A visitor that nobody has been before."""
        return Visitor(f"web-{secrets.token_hex(16)}")

    def token(self, visitor: Visitor) -> str:
        """The cookie of a visitor."""
        return self.signer.sign(visitor=visitor.id)

    def trusts(self, request: Request) -> bool:
        """No proxy stands before a loopback address."""
        return False


class SignedIn:
    """Those who signed in with the password of an account."""

    def __init__(
        self, signer: Signer, cookie: str, accounts: Accounts, proxies: tuple[Network, ...], out: Path
    ) -> None:
        self.signer, self.cookie, self.accounts, self._proxies = signer, cookie, accounts, proxies
        self._out_file = out
        self._out = set(out.read_text(encoding="ascii").split()) if out.exists() else set()

    def visitor(self, request: Request) -> Visitor | None:
        """The holder of the account that the cookie names, as long as account and password are still the same."""
        said = self.signer.read(request.cookies.get(self.cookie, ""))
        if not said or said["nonce"] in self._out:
            return None
        account = self.accounts.get(said["account"])
        if account is None or account.key != said["key"]:
            return None
        return Visitor(f"account-{account.name}", account.owner)

    def token(self, account: Account) -> str:
        """The cookie of somebody who has just signed in."""
        return self.signer.sign(account=account.name, key=account.key)

    def sign_out(self, request: Request) -> None:
        """From now on the request's cookie is worth nothing, also if it was copied, and after a restart."""
        said = self.signer.read(request.cookies.get(self.cookie, ""))
        if said and said["nonce"] not in self._out:
            self._out.add(said["nonce"])
            with self._out_file.open("a", encoding="ascii") as stream:
                stream.write(f"{said['nonce']}\n")

    def trusts(self, request: Request) -> bool:
        """Whether it comes from one of the proxies that the settings name."""
        return _within(request, self._proxies)


@dataclass(frozen=True)
class Proxied:
    """Whom a proxy names in a header, if the request comes from the proxy's address."""

    header: str
    proxies: tuple[Network, ...]
    owners: frozenset[str]

    def visitor(self, request: Request) -> Visitor | None:
        """Whom the header names; nobody if it is missing, doubled, or names nobody who can be named."""
        names = request.headers.getlist(self.header)
        if len(names) != 1 or not names[0] or not self.trusts(request):
            return None
        try:
            return Visitor(f"proxy-{names[0]}", names[0] in self.owners)
        except SettingsError:
            return None

    def trusts(self, request: Request) -> bool:
        """Whether it comes from one of the proxies that the settings name."""
        return _within(request, self.proxies)


def make_entrance(settings: Settings, host: str, port: int) -> Loopback | SignedIn | Proxied:
    """The entrance that the settings ask for.

    Raises:
        SettingsError: it would let strangers in, or a setting that it needs is missing or wrong.
    """
    proxies = _networks(settings.proxy_addresses)
    cookie = f"bakerstreet-{port}"  # cookies do not tell ports apart: two servers must not undo each other's
    if settings.auth == "none":
        if not is_loopback(host):
            raise SettingsError(
                f"Serving on {host} would let everybody in who can reach it. Set BAKERSTREET_AUTH=users and add an "
                "account with `bakerstreet users add NAME`, or set BAKERSTREET_AUTH=proxy behind a proxy that signs "
                "people in, or serve on 127.0.0.1."
            )
        return Loopback(Signer(read_secret(settings.home), "visitor", YEAR), cookie)
    if settings.auth == "users":
        accounts = Accounts(settings.home)
        if not accounts.all():
            raise SettingsError("Nobody has an account yet. Add one with `bakerstreet users add NAME`.")
        signer = Signer(read_secret(settings.home), "account", FORTNIGHT)
        return SignedIn(signer, cookie, accounts, proxies, settings.home / "web-signed-out")
    if not proxies:
        raise SettingsError(
            "BAKERSTREET_AUTH=proxy needs the addresses that the proxy's requests come from: set "
            "BAKERSTREET_PROXY_ADDRESSES, for example to 10.0.0.5 or 10.0.0.0/24."
        )
    owners = frozenset(name.strip() for name in settings.proxy_owners.split(",") if name.strip())
    return Proxied(settings.proxy_header, proxies, owners)


def bake(name: str, token: str, seconds: int, https: bool) -> str:
    """A cookie that scripts cannot read and other sites' requests do not carry."""
    return f"{name}={token}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if https else "")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address `host`."""
    if host.casefold().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _networks(addresses: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in addresses.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(
            f"BAKERSTREET_PROXY_ADDRESSES names what is no address: {error}. Give addresses or networks with commas "
            "between them, for example 10.0.0.5,10.1.0.0/24."
        ) from error


def _within(request: Request, networks: tuple[Network, ...]) -> bool:
    """Whether the connection itself comes from one of the networks; no header counts here."""
    try:
        peer = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    return any(peer in network for network in networks)
