"""Empty databases of each kind, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kettles import free_port
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from memory import Memory


class Server:
    """A PostgreSQL server of our own, which can go away and come back with what it holds.

    Args:
        programs: the folder of its programs.
        folder: an empty one, for its data.
        account: the user it runs as, as `subprocess` takes it.
    """

    def __init__(self, programs: Path, folder: Path, account: dict[str, Any]) -> None:
        self._programs, self._folder, self._account = programs, folder, account
        self._port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = (
            f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c fsync=off"
        )
        self._run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *arguments]
        subprocess.run(command, cwd=self._folder, check=True, stdout=subprocess.DEVNULL, **self._account)


@contextmanager
def running_server() -> Iterator[Server]:
    """A PostgreSQL server that runs, stopped and removed at the end; the test is skipped where there is none."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    account: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        if not any(entry.pw_name == "postgres" for entry in pwd.getpwall()):
            pytest.skip("the tests run as root and there is no user 'postgres' to run PostgreSQL as")
        account = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    try:
        server = Server(programs, folder, account)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, stopped and removed at the end."""
    with running_server() as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'memory.sqlite3'}"
    return fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def any_memory(database_url: str) -> Iterator[Memory]:
    """A memory over an empty database of each kind."""
    memory = Memory(database_url)
    try:
        yield memory
    finally:
        memory.close()


def on_server(server: str, statement: str) -> None:
    """Run a statement on the server, outside a transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def fresh_database(server: str) -> str:
    """The URL of a new, empty database."""
    name = f"test_{uuid4().hex}"
    on_server(server, f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _postgres_programs() -> Path | None:
    debian = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if debian:
        return max(debian, key=lambda folder: float(folder.parent.name))
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        return None
    asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)
    folder = Path(asked.stdout.strip())
    return folder if (folder / "initdb").is_file() else None
