"""Serve the page: check the port, prepare a fresh install, load the model in the background, wait for Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot import DEFAULT_PERSONA
from chatbot.errors import BakerStreetError, SettingsError
from chatbot.progress import Say
from chatbot.resources import Resources
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.door import Door
from chatbot.web.entrances import Entrance, make_entrance
from chatbot.web.uploads import Limits

READERS = 120  # each tab that follows a reply holds a thread of the server while it waits for the next word


def serve(resources: Resources, say: Say, host: str | None = None, port: int | None = None) -> None:
    """Serve the web chat until Ctrl-C.

    Args:
        resources: what every turn shares; the caller closes it afterwards.
        say: told how far the start is.
        host: the address to listen on; default: the setting `host`.
        port: the port to listen on; default: the setting `port`.

    Raises:
        SettingsError: the port is in use, or the settings would let strangers in.
        BakerStreetError: the model or the library cannot be prepared.
    """
    began = time.perf_counter()
    settings = resources.settings
    host, port = host or settings.host, port or settings.port
    entrance = make_entrance(settings, host, port)
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
    with tempfile.TemporaryDirectory(prefix="bakerstreet-") as uploads:  # which only this user can read
        os.environ["GRADIO_TEMP_DIR"] = uploads
        handlers = ChatHandlers(resources)
        page, look = _page(resources, handlers, say)
        app = mount(page, entrance, Limits.of(settings), host, port, **look)
        say(f"Serving on http://{_shown(host)}:{port} - stop with Ctrl-C.")
        with listening(app, host, port):
            try:
                threading.Event().wait()
            finally:
                say("Closing.")
                handlers.close()
                page.close(verbose=False)


def mount(page: Any, entrance: Entrance, limits: Limits, host: str, port: int, **look: Any) -> Door:
    """The page behind its door, as an ASGI application.

    Args:
        page: Gradio blocks.
        entrance: tells who a request comes from.
        limits: what a visitor may send.
        host: the address it will be served on.
        port: the port it will be served on.
        **look: what sets the page's look, as `gradio.mount_gradio_app` takes it.
    """
    from fastapi import FastAPI
    from gradio import mount_gradio_app

    page.max_threads = READERS
    app = mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page.queue(default_concurrency_limit=8),
        "/",
        server_name=host,
        server_port=port,
        max_file_size=limits.size,
        show_error=False,
        run_history=False,
        ssr_mode=False,
        footer_links=[],
        **look,
    )
    under_way = page._queue.pending_event_ids_session  # by session; Gradio itself cancels anybody's event
    return Door(app, entrance, limits, lambda session, event: event in under_way.get(session, ()))


@contextmanager
def listening(app: Door, host: str, port: int) -> Iterator[None]:
    """Serve an application on a thread of its own."""
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host,
            port,
            log_level="warning",
            ws="none",
            proxy_headers=False,  # whose word counts is the entrance's to say
            server_header=False,
            timeout_graceful_shutdown=2,  # seconds that an open page is waited for
        )
    )
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


def check_port(host: str, port: int) -> None:
    """Raise SettingsError if something is listening on the port already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Cannot serve on {host}:{port} ({error.strerror}). Perhaps it is running already; stop it, "
                f"or use another port: `BAKERSTREET_PORT={port + 1} make run`."
            ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _page(resources: Resources, handlers: ChatHandlers, say: Say) -> tuple[Any, dict[str, Any]]:
    """The Gradio page, and the arguments of its `launch` that set its look."""
    from chatbot.web.page import build_page
    from chatbot.web.theme import STYLES, make_theme
    from personas import find_personas, load_persona

    names: dict[str, str] = {}
    for persona_id in find_personas(resources.settings.personas):
        try:
            names[persona_id] = load_persona(persona_id, resources.settings.personas).persona.name
        except BakerStreetError as error:  # one broken file must not keep the others from being served
            say(str(error))
    settings = resources.settings
    page = build_page(handlers, names, DEFAULT_PERSONA, settings.auth == "users", settings.upload_files)
    return page, {"theme": make_theme(), "css_paths": STYLES}
