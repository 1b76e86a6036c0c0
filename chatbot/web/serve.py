"""Serve the page: check the port, prepare a fresh install, load the model behind the page, wait for Ctrl-C."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from pathlib import Path

from chatbot.errors import BakerStreetError, SettingsError
from chatbot.settings import Settings, get_settings
from personas import DEFAULT_PERSONA


def serve(host: str | None = None, port: int | None = None) -> None:
    """Serve the web chat until Ctrl-C.

    Raises:
        SettingsError: the port is in use.
        BakerStreetError: the model or the library cannot be prepared.
    """
    began = time.perf_counter()
    settings = get_settings()
    host, port = host or settings.host, port or settings.port
    check_port(host, port)
    for ending in (signal.SIGINT, signal.SIGTERM):
        # Set here because a program started in the background of a script inherits "ignore".
        signal.signal(ending, signal.default_int_handler)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

    from chatbot.cli.common import opened, say

    with opened() as resources:
        say("Opening Baker Street ...")
        _ = resources.engine.weights if hasattr(resources.engine, "weights") else None
        resources.prepare(DEFAULT_PERSONA, behind=True)
        _ = resources.memory  # a database that cannot be opened is told now, not in the middle of a talk

        def warm() -> None:
            try:
                resources.warm(DEFAULT_PERSONA)
                say(f"Ready to answer ({time.perf_counter() - began:.0f} s after the start).")
            except BakerStreetError as error:
                say(f"Error: {error}")

        thread = threading.Thread(target=warm, name="warm", daemon=True)
        thread.start()
        page, dressed = _page(resources, settings)
        say(f"Serving on http://{host}:{port} - stop with Ctrl-C.")
        page.queue(default_concurrency_limit=8).launch(
            server_name=host,
            server_port=port,
            quiet=True,
            run_history=False,
            ssr_mode=False,
            footer_links=[],
            prevent_thread_lock=True,
            **dressed,
        )
        try:
            threading.Event().wait()
        finally:
            say("Closing.")
            page.close(verbose=False)


def _page(resources, settings: Settings):  # type: ignore[no-untyped-def]
    from chatbot.web.desk import Desk
    from chatbot.web.page import build_page
    from chatbot.web.theme import STYLE, make_theme
    from personas import find_personas, load_persona

    names: dict[str, str] = {}
    for persona_id in find_personas(settings.personas):
        try:
            names[persona_id] = load_persona(persona_id, settings.personas).persona.name
        except BakerStreetError as error:  # one broken file must not close the house
            print(error)
    persona = resources.persona(DEFAULT_PERSONA).persona
    page = build_page(
        Desk(resources),
        names,
        DEFAULT_PERSONA,
        persona.default_mode,
        list(persona.suggestions),
        _secret(settings.home),
    )
    return page, {"theme": make_theme(), "css_paths": STYLE}


def check_port(host: str, port: int) -> None:
    """Raises SettingsError where something listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"{host}:{port} cannot be served on ({error.strerror}). Perhaps it runs already; stop it, "
                f"or take another port: `BAKERSTREET_PORT={port + 1} make run`."
            ) from error


def _secret(home: Path) -> str:
    """What the browser's state is encrypted with: made once, kept readable for its owner alone."""
    file = home / "web-secret"
    if not file.is_file():
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(secrets.token_hex(32))
    return file.read_text(encoding="utf-8").strip()
