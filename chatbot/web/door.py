"""The door: every request passes it before it reaches the page. Here alone is decided who somebody is.

It refuses what does not come from the page itself, gives a browser its cookie, keeps every visitor's sessions apart
from those of others, lets nothing but the page's own paths through, limits what is sent, and adds the headers that
bind the browser.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.visitors import Visitor
from chatbot.web.entrances import YEAR, Entrance, Loopback, SignedIn, bake, is_loopback
from chatbot.web.sign_in import SignIn
from chatbot.web.uploads import Limits, Uploads

VISITOR = "bakerstreet.visitor"  # the key of a request's scope under which the door leaves it
API = "/gradio_api"
BODY_BYTES = 1_000_000  # of a request that is no upload
# The paths that the page uses. Whatever else Gradio serves (a proxy, files, direct calls, recordings) is not there.
_STATIC = re.compile(r"/(?:theme\.css|favicon\.ico|manifest\.json|robots\.txt|(?:assets|static|svelte)/.*)")
_PAGE = re.compile(
    rf"/|/config|{API}/(?:info|startup-events|theme\.css|queue/(?:join|data)|cancel|reset|upload|upload_progress"
    r"|heartbeat/[^/]+|file=.*/portrait\.svg)"
)
_HEARTBEAT = f"{API}/heartbeat/"
_NAMED = ("session_hash", "upload_id")  # what the browser calls its own, and somebody else's browser might too

# Gradio starts from a script in the page and makes functions of the scripts that events are given.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-DNS-Prefetch-Control": "off",
    # With "no-referrer" a browser would hide where a form comes from, which `_from_elsewhere` looks at.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FILE_POLICY = "default-src 'none'; sandbox"  # a picture that is opened by itself runs nothing


class Door:
    """ASGI middleware around the page.

    Args:
        page: the application behind it.
        entrance: tells who a request comes from.
        limits: what may be sent.
        pending: whether an event is under way: takes the inner name of its session, and its id.
    """

    def __init__(self, page: ASGIApp, entrance: Entrance, limits: Limits, pending: Callable[[str, str], bool]) -> None:
        self._page, self._entrance, self._pending = page, entrance, pending
        self._sign_in = SignIn(entrance) if isinstance(entrance, SignedIn) else None
        self._uploads = Uploads(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._page(scope, receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            https = self._is_https(request)
            if not self._entrance.trusts(request):  # Gradio would believe them of anybody
                names = [name for name in request.headers if name.startswith("x-forwarded-")]
                headers = MutableHeaders(scope=scope)
                for name in names:
                    del headers[name]
            await self._answer(Request(scope, receive), _with_headers(send, scope["path"]), https)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, request: Request, send: Send, https: bool) -> None:
        scope, path = request.scope, request.url.path
        refused = self._from_elsewhere(request)
        if refused:
            await _refusal(403, refused)(scope, request.receive, send)
        elif _STATIC.fullmatch(path) and request.method in ("GET", "HEAD"):
            await self._page(scope, request.receive, send)
        elif self._sign_in and self._sign_in.serves(path):
            response = await self._sign_in.answer(request, https)
            await response(scope, request.receive, send)
        elif not _PAGE.fullmatch(path):
            await _refusal(404, "There is nothing here.")(scope, request.receive, send)
        else:
            await self._let_in(request, send, https)

    async def _let_in(self, request: Request, send: Send, https: bool) -> None:
        opened = request.url.path == "/"
        visitor = self._entrance.visitor(request)
        if isinstance(self._entrance, Loopback) and opened:
            visitor = visitor or self._entrance.newcomer()
            send = _with_cookie(send, bake(self._entrance.cookie, self._entrance.token(visitor), YEAR, https))
        if visitor is None:
            response: Response = _refusal(401, "You are not known here. Load the page again.")
            if opened and self._sign_in:
                response = self._sign_in.redirect()
        else:
            request.scope[VISITOR] = visitor
            refused = self._too_much(request, visitor)
            if refused is None:
                await self._hand_on(request, visitor, send)
                return
            response = refused
        await response(request.scope, request.receive, send)

    def _too_much(self, request: Request, visitor: Visitor) -> Response | None:
        """A refusal if the request is longer than may be; its length is claimed first, and no more of it is read."""
        if request.method in ("GET", "HEAD"):
            return None
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            return _refusal(411, "This request does not say how long it is.")
        if request.url.path == f"{API}/upload":
            refused = self._uploads.refused(visitor, int(length))
            return PlainTextResponse(refused[1], refused[0]) if refused else None  # as the page shows it
        return _refusal(413, "This request is too long.") if int(length) > BODY_BYTES else None

    async def _hand_on(self, request: Request, visitor: Visitor, send: Send) -> None:
        """To the page, with every session renamed so that no two visitors share one."""
        scope, path = request.scope, request.url.path
        if path.startswith(_HEARTBEAT):
            scope["path"] = _HEARTBEAT + _inner(visitor, path.removeprefix(_HEARTBEAT))
            scope["raw_path"] = scope["path"].encode()
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name in _NAMED for name, _ in query):
            renamed = [(name, _inner(visitor, value) if name in _NAMED else value) for name, value in query]
            scope["query_string"] = urlencode(renamed).encode()
        if path == f"{API}/upload":
            await self._page(scope, request.receive, self._uploads.noting(visitor, send))
        elif request.method in ("GET", "HEAD"):
            await self._page(scope, request.receive, send)
        else:
            fields = _fields(await request.body())
            if not self._uploads.are_own(visitor, fields):
                await _refusal(403, "There is no such file among those that you sent.")(scope, request.receive, send)
                return
            fields["session_hash"] = _inner(visitor, str(fields.get("session_hash") or ""))
            if "event_id" in fields and not self._pending(fields["session_hash"], str(fields["event_id"])):
                fields["event_id"] = ""
            await self._page(scope, _again(request, json.dumps(fields).encode()), send)

    def _from_elsewhere(self, request: Request) -> str:
        """Why a request is refused that another site's page made, or one that reached us by a false name; else ''."""
        host = self._host(request)
        if isinstance(self._entrance, Loopback) and not is_loopback(_name(host)):
            return "This page answers on this machine only: open it as http://127.0.0.1."
        origin = request.headers.get("origin")
        if origin is not None and not _same(origin, host):
            return "This request comes from another site."
        site = request.headers.get("sec-fetch-site", "none")
        opens = (
            request.headers.get("sec-fetch-mode") == "navigate" and request.headers.get("sec-fetch-dest") == "document"
        )
        if site not in ("same-origin", "none") and not (opens and request.method == "GET"):
            return "This request comes from another site."
        return ""

    def _host(self, request: Request) -> str:
        given = request.headers.get("host", "")
        return request.headers.get("x-forwarded-host", given) if self._entrance.trusts(request) else given

    def _is_https(self, request: Request) -> bool:
        """Whether the browser speaks TLS, to us or to a proxy that we trust."""
        forwarded = request.headers.get("x-forwarded-proto") if self._entrance.trusts(request) else None
        return "https" in (request.url.scheme, forwarded)


def visitor_of(request: Any) -> Visitor:
    """Whom a Gradio request comes from, as the door found.

    Raises:
        KeyError: the request did not come through the door.
    """
    visitor = request.request.scope[VISITOR]
    assert isinstance(visitor, Visitor)
    return visitor


def _refusal(status: int, why: str) -> Response:
    return JSONResponse({"detail": why}, status)


def _inner(visitor: Visitor, name: str) -> str:
    """What a visitor's session is called behind the door."""
    return hashlib.sha256(f"{visitor.id}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same(origin: str, host: str) -> bool:
    try:
        there, here = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}.get(there.scheme)
        return (
            default is not None
            and there.hostname == here.hostname
            and (there.port or default) == (here.port or default)
        )
    except ValueError:
        return False


def _fields(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; an empty one, which the page refuses, where it is none."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _again(request: Request, body: bytes) -> Receive:
    """A body as it is received; after it, the real connection tells when the browser leaves."""
    MutableHeaders(scope=request.scope)["content-length"] = str(len(body))
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return parts.pop() if parts else await request.receive()

    return receive


def _with_cookie(send: Send, cookie: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return sending


def _with_headers(send: Send, path: str) -> Send:
    """Add the headers that bind the browser, and drop those by which Gradio lets other sites in."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]
            headers.update(HEADERS)
            if path.startswith(f"{API}/file="):
                headers["Content-Security-Policy"] = _FILE_POLICY
            if not _STATIC.fullmatch(path):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sending
