"""Somebody who sends what the page would never send learns nothing of others, and nothing outside is ever asked for."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from slow_server import slow_server

from memory import Memory

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
SECRET = "The violin is under the third stair"
START_S = 240


@dataclass(frozen=True)
class Site:
    """The program, serving its page, and a conversation in its memory that is the command line's."""

    url: str
    home: Path
    conversation: str


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _said(memory: Memory, user: str, question: str, reply: str) -> str:
    conversation = memory.start(user, "sherlock")
    turn = memory.ask(conversation, None, "standard", question)
    memory.answer(turn, sent=question, reply=reply, state="done", evidence=[], trace={})
    return conversation


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, port = tmp_path_factory.mktemp("home"), _free_port()
    memory = Memory(f"sqlite:///{home / 'memory.sqlite3'}")
    conversation = _said(memory, "visitor", f"Remember this: {SECRET}.", "I shall.")
    memory.close()
    with slow_server() as engine, (home / "log").open("wb") as log:
        environment = os.environ | {
            "BAKERSTREET_HOME": str(home),
            "BAKERSTREET_PORT": str(port),
            "BAKERSTREET_ENGINE": "remote",
            "BAKERSTREET_REMOTE_URL": engine,
            "BAKERSTREET_REMOTE_MODEL": "m",
        }
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + START_S
            while not _listens(port):
                assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text(
                    errors="replace"
                )
                time.sleep(0.2)
            yield Site(f"http://127.0.0.1:{port}", home, conversation)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _events(client: httpx.Client, number: int, data: list[Any]) -> str:
    """Everything that the server answers to an event of the page, called by its number with data of one's own."""
    session = f"forged{number}"
    joined = client.post(
        "/gradio_api/queue/join",
        json={"data": data, "fn_index": number, "session_hash": session, "event_data": {"index": [0, 0], "value": ""}},
    )
    if joined.status_code != 200:
        return joined.text
    heard = []
    with (
        suppress(httpx.ReadTimeout),
        client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}, timeout=5) as answer,
    ):
        for line in answer.iter_lines():
            heard.append(line)
            if "process_completed" in line or "close_stream" in line:
                break
    return joined.text + "\n".join(heard)


def test_no_event_of_the_page_tells_a_stranger_what_the_command_line_was_told(site: Site) -> None:
    with httpx.Client(base_url=site.url, timeout=30) as client:
        config = json.loads(
            re.search(r"window\.gradio_config = (\{.*?\});</script>", client.get("/").text, re.DOTALL)[1]  # type: ignore[index]
        )
        events = config["dependencies"]
        assert len(events) > 10
        heard = [_events(client, event["id"], [site.conversation] * len(event["inputs"])) for event in events]
    assert any("process_completed" in answer for answer in heard), "no event was handled at all"
    assert not [answer for answer in heard if SECRET in answer]
    assert not [answer for answer in heard if "Traceback" in answer or str(site.home) in answer]


@pytest.mark.parametrize("cookie", ["", "visitor", "eyJ2IjoidmlzaXRvciJ9.00", "x" * 100_000])
def test_a_forged_cookie_opens_nothing(site: Site, cookie: str) -> None:
    with httpx.Client(
        base_url=site.url, headers={"cookie": f"bakerstreet-{site.url.rsplit(':', 1)[1]}={cookie}"}
    ) as client:
        answer = client.post("/gradio_api/queue/join", json={"data": [], "fn_index": 0, "session_hash": "s"})
        assert answer.status_code in (401, 431, 400)
        assert SECRET not in client.get("/").text


def test_another_host_and_another_site_are_refused(site: Site) -> None:
    with httpx.Client(base_url=site.url) as client:
        assert client.get("/", headers={"host": "evil.example"}).status_code == 403
        client.get("/")
        join = {"data": [], "fn_index": 0, "session_hash": "s"}
        answer = client.post("/gradio_api/queue/join", json=join, headers={"origin": "http://evil.example"})
        assert answer.status_code == 403


def test_strangers_are_not_let_in_by_serving_to_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from chatbot.cli import main; main()", "web", "--host", "0.0.0.0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=START_S,
    )
    assert done.returncode == 1 and "BAKERSTREET_AUTH" in done.stderr and "Traceback" not in done.stderr


class _Trap(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.caught.append(self.path)  # type: ignore[attr-defined]
        self.send_error(404)


@pytest.fixture
def trap() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Trap)
    server.caught = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_browser_asks_for_nothing_that_a_message_a_reply_or_a_title_names(
    site: Site, trap: ThreadingHTTPServer
) -> None:
    """A conversation full of markup is opened by the browser that it belongs to."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    from playwright.sync_api import sync_playwright

    at = f"http://127.0.0.1:{trap.server_address[1]}"
    markup = (
        f"![a]({at}/image) <img src='{at}/img'> <script src='{at}/script'></script> [a link]({at}/link) <{at}/auto> "
        f"<iframe src='{at}/frame'></iframe> <link rel=prefetch href='{at}/prefetch'> $\\href{{{at}/tex}}{{x}}$ "
        f"<style>@import '{at}/css'</style> <svg><image href='{at}/svg'/></svg> *emphasis*"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(site.url)
        page.wait_for_selector("textarea")
        (cookie,) = [one for one in page.context.cookies() if one["name"].startswith("bakerstreet")]
        visitor = _visitor(site.home, cookie["value"])
        memory = Memory(f"sqlite:///{site.home / 'memory.sqlite3'}")
        _said(memory, visitor, markup, markup)
        memory.close()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.locator("label", has_text="![a]").first.click()
        page.wait_for_selector(".bot em, .bot-row em, .message em")
        page.wait_for_timeout(1000)
        browser.close()
    assert not trap.caught  # type: ignore[attr-defined]
    assert not [url for url in asked if not url.startswith((site.url, "data:", "blob:"))]


def _visitor(home: Path, token: str) -> str:
    from chatbot.web.tokens import Signer, read_secret

    return str(Signer(read_secret(home), "visitor", 10**9).read(token)["visitor"])
