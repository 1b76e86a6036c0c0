"""Who comes in at the page's door, and as whom: cookies, hosts and origins, sessions, uploads, passwords, proxies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from chatbot.errors import SettingsError
from chatbot.settings import Settings, load_settings
from chatbot.visitors import Visitor
from chatbot.web.accounts import Accounts
from chatbot.web.door import VISITOR, Door
from chatbot.web.entrances import is_loopback, make_entrance
from chatbot.web.sign_in import TRIES
from chatbot.web.tokens import Signer, read_secret
from chatbot.web.uploads import Limits

HOST, PORT = "127.0.0.1", 7860
HERE = f"http://{HOST}:{PORT}"
COOKIE = f"bakerstreet-{PORT}"
JOIN, DATA, UPLOAD = "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/upload"
LIMITS = Limits(size=1_000_000, files=3, hourly=2_000_000)
PASSWORD = "a study in scarlet"


async def echo(request: Request) -> Response:
    """What the page would see of a request; an upload is answered with a path, as Gradio does."""
    if request.url.path == UPLOAD:
        return JSONResponse([f"/uploads/{len(await request.body())}.txt"])
    body = await request.body()
    visitor = request.scope.get(VISITOR, Visitor("nobody"))
    return JSONResponse(
        {
            "visitor": visitor.id,
            "owner": visitor.owner,
            "path": request.url.path,
            "session": request.query_params.get("session_hash"),
            "body": json.loads(body) if body else None,
            "forwarded": request.headers.get("x-forwarded-host"),
        },
        headers={"access-control-allow-origin": "*"},
    )


PAGE = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])


def door(home: Path, host: str = HOST, **values: Any) -> Door:
    settings: Settings = load_settings(home=home, **values)
    return Door(PAGE, make_entrance(settings, host, PORT), LIMITS, lambda session, event: event == "mine")


def browser(door: Door, url: str = HERE, peer: str = HOST) -> TestClient:
    return TestClient(door, base_url=url, client=(peer, 50_000), follow_redirects=False)


def come_in(client: TestClient) -> str:
    return str(client.get("/").json()["visitor"])


# ---------------------------------------------------------------------- cookies


def test_a_browser_gets_a_cookie_that_scripts_cannot_read_and_stays_who_it_is(tmp_path: Path) -> None:
    client = browser(door(tmp_path))
    first = client.get("/")
    given = first.headers["set-cookie"]
    assert "HttpOnly" in given and "SameSite=Lax" in given and "Secure" not in given
    assert come_in(client) == first.json()["visitor"]
    assert client.post(JOIN, json={"session_hash": "s"}).json()["visitor"] == first.json()["visitor"]
    # The secret outlives the server, and so does the visitor.
    again = browser(door(tmp_path))
    again.cookies = client.cookies
    assert come_in(again) == first.json()["visitor"]
    assert come_in(browser(door(tmp_path))) != first.json()["visitor"]


def test_nobody_is_the_owner_without_an_account(tmp_path: Path) -> None:
    assert browser(door(tmp_path)).get("/").json()["owner"] is False


@pytest.mark.parametrize("forged", ["", "visitor", "web-0", "x" * 100_000, "e30.00", "a.b.c", "\xe9.\xe9", "."])
def test_a_forged_cookie_is_a_stranger_s(tmp_path: Path, forged: str) -> None:
    client = browser(door(tmp_path))
    headers = {"cookie": f"{COOKIE}={forged}".encode("latin-1")}
    assert client.post(JOIN, json={}, headers=headers).status_code == 401
    assert client.get(DATA, params={"session_hash": "s"}, headers=headers).status_code == 401
    assert client.get("/", headers=headers).json()["visitor"].startswith("web-")


def test_a_changed_cookie_one_of_another_home_and_one_for_another_purpose_are_worth_nothing(tmp_path: Path) -> None:
    client = browser(door(tmp_path / "one"))
    come_in(client)
    token = client.cookies[COOKIE]
    body, mark = token.split(".")
    secret = read_secret(tmp_path / "one")
    for forged in (
        f"{body[:-2]}AA.{mark}",
        f"{body}.{'0' * 64}",
        Signer(read_secret(tmp_path / "two"), "visitor", 60).sign(visitor="visitor"),
        Signer(secret, "account", 60).sign(visitor="visitor"),
    ):
        client.cookies.clear()
        assert client.post(JOIN, json={}, headers={"cookie": f"{COOKIE}={forged}"}).status_code == 401
    assert client.post(JOIN, json={}, headers={"cookie": f"{COOKIE}={token}"}).status_code == 200


def test_a_token_is_too_old_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(b"0" * 32, "visitor", 60)
    token = signer.sign(visitor="web-1")
    said = signer.read(token)
    assert said is not None and said["visitor"] == "web-1"
    now = int(said["at"])
    monkeypatch.setattr("chatbot.web.tokens.time.time", lambda: now + 61)
    assert signer.read(token) is None
    monkeypatch.setattr("chatbot.web.tokens.time.time", lambda: now - 1)
    assert signer.read(token) is None


def test_the_secret_is_the_server_s_own(tmp_path: Path) -> None:
    secret, file = read_secret(tmp_path), tmp_path / "web-secret"
    assert read_secret(tmp_path) == secret and len(secret) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="Others can read"):
        read_secret(tmp_path)
    file.chmod(0o600)
    file.write_text("short")
    with pytest.raises(SettingsError, match="is damaged"):
        read_secret(tmp_path)


# ---------------------------------------------------------------------- hosts, origins, paths


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "[", "10.0.0.1"])
def test_a_name_that_was_bound_to_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    answer = browser(door(tmp_path)).get("/", headers={"host": host})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost", "[::1]:7860", "127.9.9.9"])
def test_the_names_of_this_machine_are_taken(tmp_path: Path, host: str) -> None:
    assert browser(door(tmp_path)).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},  # another port of this machine is another server, perhaps another user's
        {"origin": "http://localhost:7860"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
)
def test_another_site_can_send_nothing_in_a_visitor_s_name(tmp_path: Path, headers: dict[str, str]) -> None:
    client = browser(door(tmp_path))
    come_in(client)
    assert client.post(JOIN, json={}, headers=headers).status_code == 403
    assert client.post(JOIN, json={}, headers={"origin": HERE, "sec-fetch-site": "same-origin"}).status_code == 200


def test_a_link_from_another_site_opens_the_page(tmp_path: Path) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser(door(tmp_path)).get("/", headers=link).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://evil.example/",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=http://evil.example/portrait.png",
        "/gradio_api/run/send",
        "/gradio_api/call/send",
        "/gradio_api/api/send",
        "/gradio_api/component_server/",
        "/gradio_api/process_recording",
        "/gradio_api/stream/1",
        "/gradio_api/vibe-code",
        "/gradio_api/deep_link",
        "/monitoring",
        "/docs",
        "/openapi.json",
        "//gradio_api/queue/join",
        "/gradio_api/../gradio_api/run/send",
    ],
)
def test_what_the_page_does_not_use_is_not_there(tmp_path: Path, path: str) -> None:
    client = browser(door(tmp_path))
    come_in(client)
    assert client.get(path).status_code == 404
    assert client.post(path, json={}).status_code == 404


@pytest.mark.parametrize("path", ["/", JOIN, "/nothing", "/assets/a.js"])
def test_every_answer_binds_the_browser(tmp_path: Path, path: str) -> None:
    client = browser(door(tmp_path))
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    for kind in ("default-src", "connect-src"):
        assert policy[kind] == "'self'"
    assert policy["img-src"] == "'self' data: blob:" and policy["font-src"] == "'self' data:"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


# ---------------------------------------------------------------------- sessions and uploads


def test_two_visitors_who_name_the_same_session_have_two(tmp_path: Path) -> None:
    served = door(tmp_path)
    ann, bob = browser(served), browser(served)
    come_in(ann), come_in(bob)

    def sessions(client: TestClient) -> set[str]:
        return {
            client.post(JOIN, json={"session_hash": "s"}).json()["body"]["session_hash"],
            client.get(DATA, params={"session_hash": "s"}).json()["session"],
            client.get("/gradio_api/heartbeat/s").json()["path"].rpartition("/")[2],
        }

    assert len(sessions(ann)) == len(sessions(bob)) == 1
    assert not sessions(ann) & sessions(bob)
    inner = sessions(ann).pop()
    assert bob.get(DATA, params={"session_hash": inner}).json()["session"] != inner


def test_nobody_cancels_what_is_not_under_way_in_his_own_session(tmp_path: Path) -> None:
    client = browser(door(tmp_path))
    come_in(client)
    for event, passed in (("mine", "mine"), ("another's", "")):
        body = client.post("/gradio_api/cancel", json={"session_hash": "s", "fn_index": 1, "event_id": event}).json()
        assert body["body"]["event_id"] == passed


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_does_no_harm(tmp_path: Path, body: bytes) -> None:
    client = browser(door(tmp_path))
    come_in(client)
    answer = client.post(JOIN, content=body)
    assert answer.status_code == 200 and set(answer.json()["body"]) == {"session_hash"}


def test_long_requests_are_refused_before_they_are_read(tmp_path: Path) -> None:
    client = browser(door(tmp_path))
    come_in(client)
    assert client.post(JOIN, content=b" " * 1_000_001).status_code == 413
    assert client.post(JOIN, content=iter([b"{}"])).status_code == 411
    large = client.post(UPLOAD, content=b"x" * 1_300_000)
    assert large.status_code == 413 and "MB together" in large.text
    assert client.post(UPLOAD, content=b"x" * 900_000).status_code == 200
    assert client.post(UPLOAD, content=b"x" * 900_000).status_code == 200
    often = client.post(UPLOAD, content=b"x" * 900_000)
    assert often.status_code == 429 and "in an hour" in often.text


def test_a_visitor_uses_no_file_but_his_own_and_has_none_fetched(tmp_path: Path) -> None:
    served = door(tmp_path)
    ann, bob = browser(served), browser(served)
    come_in(ann), come_in(bob)
    (path,) = ann.post(UPLOAD, content=b"12345").json()

    def uses(client: TestClient, path: str) -> int:
        return client.post(JOIN, json={"data": ["sherlock", [{"path": path}], False]}).status_code

    assert uses(ann, path) == 200
    assert uses(bob, path) == uses(ann, "/etc/passwd") == uses(ann, "http://127.0.0.1:9/a.txt") == 403


# ---------------------------------------------------------------------- passwords


def signed_in(door: Door, name: str = "ann", password: str = PASSWORD, **more: Any) -> TestClient:
    client = browser(door, **more)
    client.post("/sign-in", data={"name": name, "password": password}, headers={"origin": str(client.base_url)})
    return client


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    accounts = Accounts(tmp_path)
    accounts.add("ann", PASSWORD, owner=True)
    accounts.add("bob", "the sign of the four")
    return accounts


def test_account_holders_sign_in_and_out(tmp_path: Path, accounts: Accounts) -> None:
    served = door(tmp_path, auth="users")
    assert browser(served).get("/").headers["location"] == "./sign-in"
    assert browser(served).post(JOIN, json={}).status_code == 401
    assert "<form" in browser(served).get("/sign-in").text
    ann = signed_in(served)
    assert ann.get("/").json() | {"visitor": "account-ann", "owner": True} == ann.get("/").json()
    bob = signed_in(served, "bob", "the sign of the four")
    assert bob.get("/").json()["owner"] is False
    token = ann.cookies[COOKIE]
    assert ann.get("/sign-out").status_code == 303 and ann.get("/").status_code == 200  # a link signs nobody out
    assert ann.post("/sign-out", headers={"origin": "http://evil.example"}).status_code == 403
    ann.post("/sign-out", headers={"origin": HERE})
    assert COOKIE not in ann.cookies
    for later in (served, door(tmp_path, auth="users")):  # a copy of the cookie is worth nothing, after a restart too
        assert browser(later).post(JOIN, json={}, headers={"cookie": f"{COOKIE}={token}"}).status_code == 401


def test_an_account_that_is_removed_or_gets_another_password_is_out_at_once(tmp_path: Path, accounts: Accounts) -> None:
    served = door(tmp_path, auth="users")
    ann, bob = signed_in(served), signed_in(served, "bob", "the sign of the four")
    accounts.add("ann", "a scandal in bohemia")
    accounts.remove("bob")
    assert ann.post(JOIN, json={}).status_code == bob.post(JOIN, json={}).status_code == 401


def test_wrong_passwords_are_refused_and_soon_not_even_tried(tmp_path: Path, accounts: Accounts) -> None:
    served = door(tmp_path, auth="users")

    def tries(name: str, password: str, peer: str = HOST) -> int:
        return browser(served, peer=peer).post("/sign-in", data={"name": name, "password": password}).status_code

    assert [tries("ann", "wrong") for _ in range(TRIES)] == [401] * TRIES
    assert tries("ann", PASSWORD) == 429
    assert tries("bob", "the sign of the four") == 303  # another account is not shut out
    assert tries("ann", PASSWORD, peer="127.0.0.2") == 303
    assert tries("nobody", "wrong") == tries("", "") == tries("Ann\x00", "w") == 401
    assert browser(served).post("/sign-in", content=b"x" * 5000).status_code == 413


def test_a_cookie_goes_over_tls_alone_where_the_browser_speaks_it(tmp_path: Path, accounts: Accounts) -> None:
    served = door(tmp_path, "0.0.0.0", auth="users", proxy_addresses="10.0.0.5")
    form = {"name": "ann", "password": PASSWORD}
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-host": "chat.example", "origin": "https://chat.example"}
    by_proxy = browser(served, peer="10.0.0.5").post("/sign-in", data=form, headers=forwarded)
    assert by_proxy.headers["set-cookie"].endswith("; Secure")
    # What anybody else says of it is not believed.
    assert browser(served, peer="10.0.0.6").post("/sign-in", data=form, headers=forwarded).status_code == 403
    plain = browser(served, peer="10.0.0.6").post("/sign-in", data=form, headers={"x-forwarded-proto": "https"})
    assert "Secure" not in plain.headers["set-cookie"]


def test_passwords_are_kept_hashed_where_nobody_else_reads_them(tmp_path: Path, accounts: Accounts) -> None:
    text = accounts.file.read_text()
    assert PASSWORD not in text and accounts.file.stat().st_mode & 0o777 == 0o600
    first = accounts.get("ann")
    accounts.add("carl", PASSWORD)
    second = accounts.get("carl")
    assert first and second and first.hashed != second.hashed
    assert [account.name for account in Accounts(tmp_path).all()] == ["ann", "bob", "carl"]
    assert accounts.check("ann", PASSWORD) == first
    assert accounts.check("ann", PASSWORD + " ") is accounts.check("zoe", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "password"), [("", PASSWORD), ("Ann", PASSWORD), ("a/b", PASSWORD), ("a" * 49, PASSWORD), ("zoe", "short")]
)
def test_names_and_passwords_that_cannot_be_used_are_refused(accounts: Accounts, name: str, password: str) -> None:
    with pytest.raises(SettingsError):
        accounts.add(name, password)


def test_accounts_that_are_missing_or_damaged_are_named(tmp_path: Path, accounts: Accounts) -> None:
    with pytest.raises(SettingsError, match="no account 'zoe'"):
        accounts.remove("zoe")
    accounts.file.write_text("[{")
    with pytest.raises(SettingsError, match="damaged"):
        accounts.all()
    accounts.file.unlink()
    with pytest.raises(SettingsError, match="Nobody has an account yet"):
        door(tmp_path, auth="users")


# ---------------------------------------------------------------------- proxies, addresses


def test_a_proxy_is_believed_from_its_own_address_alone(tmp_path: Path) -> None:
    served = door(
        tmp_path, "0.0.0.0", auth="proxy", proxy_addresses="10.0.0.0/30, 192.168.7.7", proxy_owners="ann@example.org"
    )

    def named(peer: str, *names: str) -> Any:
        return browser(served, peer=peer).get("/", headers=[("x-forwarded-user", name) for name in names])

    assert (
        named("10.0.0.2", "ann@example.org").json() | {"visitor": "proxy-ann@example.org", "owner": True}
        == named("::ffff:192.168.7.7", "ann@example.org").json()
    )
    assert named("10.0.0.2", "bob").json()["owner"] is False
    for answer in (
        named("10.0.0.5", "ann@example.org"),
        named("10.0.0.2"),
        named("10.0.0.2", ""),
        named("10.0.0.2", "ann@example.org", "bob"),
        named("10.0.0.2", "a b"),
        named("10.0.0.2", "x" * 100_000),
    ):
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("host", "values", "said"),
    [
        ("0.0.0.0", {}, "Serving on 0.0.0.0 would let everybody in"),
        ("::", {}, "Serving on :: would let everybody in"),
        ("192.168.1.5", {}, "would let everybody in"),
        ("house.example", {}, "would let everybody in"),
        ("0.0.0.0", {"auth": "proxy"}, "BAKERSTREET_PROXY_ADDRESSES"),
        ("0.0.0.0", {"auth": "proxy", "proxy_addresses": "the proxy"}, "names what is no address"),
    ],
)
def test_strangers_are_not_let_in_by_a_setting(tmp_path: Path, host: str, values: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        door(tmp_path, host, **values)


def test_only_addresses_of_this_machine_are_loopback() -> None:
    for host in ("127.0.0.1", "localhost", "LOCALHOST.", "::1", "[::1]", "127.8.8.8"):
        assert is_loopback(host)
    for host in ("", "0.0.0.0", "::", "10.0.0.1", "localhost.example", "::ffff:10.0.0.1"):
        assert not is_loopback(host)
