"""Signing in with a password, and signing out: two small pages without a script."""

from __future__ import annotations

from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from chatbot.web.entrances import FORTNIGHT, SignedIn, bake
from chatbot.web.limits import Budget

MINUTES = 5
TRIES = 5  # of one address with one name in that time
TRIES_OF_ALL = 30  # of one address with any name, and of one name from any address
_FORM_BYTES = 4096
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Baker Street: sign in</title>
<style>body{{font:18px/1.5 Georgia,serif;background:#f7f3ec;color:#271f17;display:grid;place-items:center;
min-height:90vh;margin:0}} form{{display:grid;gap:10px;width:min(320px,88vw)}} p{{margin:0;color:#8a1f11}}
input,button{{font:inherit;padding:8px 10px;border:1px solid #8a7352;border-radius:6px}}
button{{background:#6b4a18;color:#fffaf0}}</style></head>
<body><main><form method="post" action="sign-in"><h1>Baker Street</h1>{said}
<label for="name">Name</label><input id="name" name="name" autocomplete="username" required autofocus maxlength="48">
<label for="password">Password</label><input id="password" name="password" type="password"
autocomplete="current-password" required maxlength="256"><button>Sign in</button></form></main></body></html>"""


class SignIn:
    """Answers the requests of the paths /sign-in and /sign-out.

    Args:
        entrance: knows the accounts and makes the cookies.
    """

    def __init__(self, entrance: SignedIn) -> None:
        self._entrance = entrance
        self._pairs = Budget(TRIES, MINUTES * 60)
        self._single = Budget(TRIES_OF_ALL, MINUTES * 60)

    def serves(self, path: str) -> bool:
        """Whether the path is one of the two."""
        return path in ("/sign-in", "/sign-out")

    def redirect(self) -> Response:
        """Send a browser that is not signed in to the form."""
        return RedirectResponse("./sign-in", 303)

    async def answer(self, request: Request, https: bool) -> Response:
        """The form, or what comes of sending it."""
        if request.url.path == "/sign-out":
            if request.method == "POST":
                self._entrance.sign_out(request)
            response: Response = self.redirect()
            if request.method == "POST":
                response.headers.append("set-cookie", bake(self._entrance.cookie, "", 0, https))
            return response
        if request.method != "POST":
            return _form()
        if int(request.headers.get("content-length") or _FORM_BYTES + 1) > _FORM_BYTES:
            return _form("This is too long.", 413)
        async with request.form(max_files=0, max_fields=4) as form:
            name, password = str(form.get("name", "")).strip().lower(), str(form.get("password", ""))
        address = request.client.host if request.client else ""
        if not (
            self._pairs.spend(f"{address} {name[:48]}")
            and self._single.spend(address)
            and self._single.spend(name[:48])
        ):
            return _form(f"Too many attempts. Try again in {MINUTES} minutes.", 429)
        account = await run_in_threadpool(self._entrance.accounts.check, name, password)
        if account is None:
            return _form("The name or the password is wrong.", 401)
        self._pairs.forgive(f"{address} {name[:48]}")
        response = RedirectResponse("./", 303)
        response.headers.append(
            "set-cookie", bake(self._entrance.cookie, self._entrance.token(account), FORTNIGHT, https)
        )
        return response


def _form(said: str = "", status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(said=f'<p role="alert">{escape(said)}</p>' if said else ""), status)
