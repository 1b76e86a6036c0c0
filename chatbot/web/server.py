"""Serve the page: check the port, prepare a fresh install, load the model in the background, wait for Ctrl-C."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

from chatbot import DEFAULT_PERSONA
from chatbot.errors import BakerStreetError, SettingsError
from chatbot.progress import Say
from chatbot.resources import Resources


def serve(resources: Resources, say: Say, host: str | None = None, port: int | None = None) -> None:
    """Serve the web chat until Ctrl-C.

    Args:
        resources: what every turn shares; the caller closes it afterwards.
        say: told how far the start is.
        host: the address to listen on; default: the setting `host`.
        port: the port to listen on; default: the setting `port`.

    Raises:
        SettingsError: the port is in use.
        BakerStreetError: the model or the library cannot be prepared.
    """
    began = time.perf_counter()
    settings = resources.settings
    host, port = host or settings.host, port or settings.port
    check_port(host, port)
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        # Set explicitly because a program that a script starts in the background inherits "ignore".
        signal.signal(stop_signal, signal.default_int_handler)

    say("Opening Baker Street ...")
    getattr(resources.engine, "weights", None)  # a missing model is reported now; a remote engine has no weights
    resources.prepare(DEFAULT_PERSONA, behind=True)
    _ = resources.memory  # so is a database that cannot be opened

    def warm() -> None:
        try:
            resources.warm(DEFAULT_PERSONA)
            say(f"Ready to answer ({time.perf_counter() - began:.0f} s after the start).")
        except BakerStreetError as error:
            say(f"Error: {error}")

    threading.Thread(target=warm, name="warm", daemon=True).start()
    page, look = _page(resources, say)
    say(f"Serving on http://{host}:{port} - stop with Ctrl-C.")
    page.queue(default_concurrency_limit=8).launch(
        server_name=host,
        server_port=port,
        quiet=True,
        run_history=False,
        ssr_mode=False,
        footer_links=[],
        prevent_thread_lock=True,
        **look,
    )
    try:
        threading.Event().wait()
    finally:
        say("Closing.")
        page.close(verbose=False)


def check_port(host: str, port: int) -> None:
    """Raise SettingsError if something is listening on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Cannot serve on {host}:{port} ({error.strerror}). Perhaps it is running already; stop it, "
                f"or use another port: `BAKERSTREET_PORT={port + 1} make run`."
            ) from error


def _page(resources: Resources, say: Say) -> tuple[Any, dict[str, Any]]:
    """The Gradio page, and the arguments of its `launch` that set its look."""
    from chatbot.web.chat_handlers import ChatHandlers
    from chatbot.web.page import build_page
    from chatbot.web.theme import STYLE, make_theme
    from personas import find_personas, load_persona

    names: dict[str, str] = {}
    for persona_id in find_personas(resources.settings.personas):
        try:
            names[persona_id] = load_persona(persona_id, resources.settings.personas).persona.name
        except BakerStreetError as error:  # one broken file must not keep the others from being served
            say(str(error))
    persona = resources.persona(DEFAULT_PERSONA).persona
    page = build_page(
        ChatHandlers(resources),
        names,
        DEFAULT_PERSONA,
        persona.default_mode,
        list(persona.suggestions),
        _secret(resources.settings.home),
    )
    return page, {"theme": make_theme(), "css_paths": STYLE}


def _secret(home: Path) -> str:
    """The key that the browser's state is encrypted with: made once, readable by its owner only."""
    file = home / "web-secret"
    if not file.is_file():
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(secrets.token_hex(32))
    return file.read_text(encoding="utf-8").strip()
