"""A fresh install answers, adds a text and serves its page: it asks nobody, and writes only where it may."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
GUARD = Path(__file__).with_name("guard")
ASKED = ["ask", "What killed Julia Stoner?", "--mode", "hybrid"]
START_S = 240


@dataclass(frozen=True)
class Fresh:
    """A machine that has the program and nothing else: an empty home, a folder of its own, no network."""

    folder: Path

    @property
    def home(self) -> Path:
        """The user's home, where nothing may be written."""
        return self.folder / "user"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the environment of the tests but the search path."""
        writable = [self.folder / "baker", self.folder / "tmp", Path("/dev")]
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.folder / "tmp"),
            "BAKERSTREET_HOME": str(self.folder / "baker"),
            "GUARD_LOG": str(self.folder / "attempts"),
            "GUARD_WRITABLE": os.pathsep.join(map(str, writable)),
            "PYTHONPATH": os.pathsep.join([str(GUARD), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def command(self, *arguments: str) -> list[str]:
        """A command line of ours, to be run in this environment."""
        return [sys.executable, "-c", "from chatbot.cli import main; main()", *arguments]

    def run(self, *arguments: str, before: tuple[str, ...] = ()) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            [*before, *self.command(*arguments)],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=START_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempts(self) -> str:
        """What the guard noted so far."""
        return (self.folder / "attempts").read_text(encoding="utf-8")

    def strays(self) -> list[Path]:
        """Files in the user's home, whoever wrote them."""
        return sorted(self.home.rglob("*"))


@pytest.fixture(scope="module")
def fresh() -> Fresh:
    with tempfile.TemporaryDirectory(prefix="fresh-") as folder:
        made = Fresh(Path(folder))
        for name in ("user", "tmp"):
            (made.folder / name).mkdir()
        (made.folder / "attempts").touch()
        yield made


def test_the_guard_notes_and_refuses_what_it_is_there_for(fresh: Fresh) -> None:
    script = """
import os, pathlib, socket, sys
for reach in (lambda: socket.getaddrinfo("example.org", 443), lambda: socket.socket().connect(("192.0.2.1", 80))):
    try:
        reach()
    except OSError as error:
        assert "guard" in str(error)
pathlib.Path("stray").write_text("x")
"""
    log = fresh.folder / "noted"
    log.touch()
    environment = {**fresh.environment, "GUARD_LOG": str(log)}
    subprocess.run([sys.executable, "-c", script], env=environment, cwd=fresh.home, check=True)
    (fresh.home / "stray").unlink()
    noted = log.read_text(encoding="utf-8")
    assert "socket.getaddrinfo ('example.org', 443" in noted
    assert "socket.connect ('192.0.2.1', 80)" in noted
    assert f"writes {fresh.home / 'stray'} (open)" in noted


def test_a_first_question_and_a_text_of_ones_own(fresh: Fresh) -> None:
    assert "snake" in fresh.run(*ASKED)
    text = fresh.folder / "tmp" / "mill.txt"
    text.write_text("The miller of Rohrbach kept a green parrot named Amadeus in his attic.\n", encoding="utf-8")
    fresh.run("library", "add", str(text))
    assert "Amadeus" in fresh.run("library", "search", "What did the miller of Rohrbach call his parrot?")
    assert (fresh.attempts(), fresh.strays()) == ("", [])


def test_the_page(fresh: Fresh) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    out = fresh.folder / "tmp" / "served"
    with out.open("w") as stream:
        served = subprocess.Popen(
            fresh.command("web", "--port", str(port)),
            env=fresh.environment,
            cwd=fresh.folder,
            stdout=stream,
            stderr=stream,
        )
    try:
        page = _fetched(f"http://127.0.0.1:{port}/", served, out)
        while "Ready to answer" not in out.read_text() and served.poll() is None:
            time.sleep(0.5)
    finally:
        served.send_signal(signal.SIGINT)
        served.wait(60)
    assert "Ready to answer" in out.read_text()
    assert "Baker Street" in page
    assert (fresh.attempts(), fresh.strays()) == ("", [])


def test_a_question_is_answered_where_there_is_no_network_at_all(fresh: Fresh) -> None:
    alone = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("network namespaces may not be made here")
    assert "snake" in fresh.run(*ASKED, before=alone)
    assert (fresh.attempts(), fresh.strays()) == ("", [])


def _fetched(url: str, server: subprocess.Popen[bytes], out: Path) -> str:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, out.read_text()
        try:
            with urlopen(url) as answer:
                return str(answer.read().decode("utf-8"))
        except (URLError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError(f"the page did not come:\n{out.read_text()}")
