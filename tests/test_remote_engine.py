"""The remote engine against a real server around the real model, and against servers that fail in every way."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot.bot import Bot, Question
from chatbot.engines.remote import RemoteEngine
from chatbot.engines.types import Engine, Request, Sampling
from chatbot.errors import BusyError, EngineError, MessageError, ModelError, SettingsError, VoiceError
from chatbot.prompts import Message
from chatbot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = Message("system", "You are Sherlock Holmes, the consulting detective.")
SHORT = Sampling(max_new_tokens=16)
LONG = Sampling(max_new_tokens=400)
WAIT = 60  # seconds: the longest that a test waits for what must happen


def asked(text: str, voice: Path | None = None, sampling: Sampling = SHORT, opening: str = "") -> Request:
    return Request((SYSTEM, Message("user", text)), voice, sampling, opening)


# ---------------------------------------------------------------------- the real server


@pytest.fixture(scope="session")
def served(settings: Settings) -> Iterator[str]:
    """The address of a server around the bundled model; it ends with its standard input."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "openai_server.py")],
        cwd=ROOT,
        env=os.environ | {"BAKERSTREET_HOME": str(settings.home), "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="module")
def distant(served: str) -> Iterator[RemoteEngine]:
    engine = RemoteEngine(url=served, model="base")
    yield engine
    engine.close()


HOT = Sampling(max_new_tokens=16, temperature=0.9, top_p=0.8, seed=11)


@pytest.mark.parametrize(
    ("tuned", "sampling", "opening"),
    [
        (False, SHORT, ""),
        (True, SHORT, ""),
        (False, HOT, ""),
        (True, SHORT, "A clue, madam, is"),
        (False, Sampling(max_new_tokens=5), ""),
    ],
)
def test_the_server_says_what_the_engine_in_this_process_says(
    engine: Engine, distant: RemoteEngine, voice: Path, tuned: bool, sampling: Sampling, opening: str
) -> None:
    request = asked("What is a clue?", voice if tuned else None, sampling, opening)
    here, generation = engine.submit(request).completion, distant.submit(request)
    pieces, there = list(generation), generation.completion
    assert "".join(pieces) == there.text == here.text
    assert (there.finish, there.prompt_tokens) == (here.finish, here.prompt_tokens)
    assert there.reply_tokens == here.reply_tokens
    assert 0 < there.first_token_ms <= there.total_ms
    assert len(pieces) > 3
    if opening:
        assert pieces[0] == opening
        assert len(there.text) > len(opening)
    if sampling.max_new_tokens == 5:
        assert (there.finish, there.reply_tokens) == ("length", 5)


def test_seed_and_voice_change_what_is_said(distant: RemoteEngine, voice: Path) -> None:
    assert voice.parent.name == "sherlock"
    asked_for = [asked("Who are you?", who, how) for who, how in ((None, HOT), (None, replace(HOT, seed=12)))]
    asked_for += [asked("Who are you?"), asked("Who are you?", voice)]
    hot, other_seed, plain, tuned = (distant.submit(request).completion.text for request in asked_for)
    assert hot != other_seed
    assert plain != tuned


@pytest.mark.parametrize(
    ("options", "opening", "tuned"),
    [({"voice_model": "base"}, "", False), ({"continue_openings": False}, "A clue", True)],
)
def test_a_voice_may_have_another_name_and_openings_may_be_left_out(
    served: str, distant: RemoteEngine, voice: Path, options: dict[str, Any], opening: str, tuned: bool
) -> None:
    changed = RemoteEngine(url=f"{served}/", model="base", **options)
    reply = changed.submit(asked("Who are you?", voice, SHORT, opening)).completion.text
    assert reply == distant.submit(asked("Who are you?", voice if tuned else None)).completion.text
    changed.close()


def test_cached_tokens_are_the_servers(distant: RemoteEngine) -> None:
    request = asked("How do you know that a man has been in Afghanistan?")
    assert distant.submit(request).completion.text
    again = distant.submit(request).completion
    assert 0 < again.cached_tokens <= again.prompt_tokens


def test_a_cancelled_reply_keeps_what_was_said_and_frees_the_servers_place(served: str, distant: RemoteEngine) -> None:
    generation = distant.submit(asked("Tell me a very long story.", None, LONG))
    said = ""
    for piece in generation:
        said += piece
        generation.cancel()
    completion = generation.completion
    assert completion.finish == "cancelled"
    assert completion.text == said
    assert said and completion.reply_tokens < LONG.max_new_tokens
    await_that(lambda: httpx.get(served.replace("/v1", "/running")).json() == 0)


def test_many_readers_get_their_own_replies(distant: RemoteEngine, voice: Path) -> None:
    requests = [asked(text, who) for text in ("Who are you?", "What is a clue?") for who in (None, voice)]
    alone = [distant.submit(request).completion.text for request in requests]
    together = [distant.submit(request) for request in requests]
    assert [generation.completion.text for generation in together] == alone


def test_the_servers_tokenizer_counts(engine: Engine, distant: RemoteEngine) -> None:
    text = "It is a capital mistake to theorise before one has data."
    assert distant.count(text) == engine.count(text)
    assert distant.count("") == 0


def test_an_unknown_model_or_voice_is_named_with_what_to_do(served: str, voice: Path, tmp_path: Path) -> None:
    folder = tmp_path / "moriarty" / "voice"
    said: list[str] = []
    engine = RemoteEngine(url=served, model="base", say=said.append)
    engine.warm([voice])
    assert said == []
    engine.warm([voice, folder])
    assert len(said) == 1
    assert "no model 'moriarty'; it has: base, sherlock" in said[0]
    with pytest.raises(VoiceError, match=r"no model 'moriarty'.*--lora-modules moriarty=") as told:
        assert engine.submit(asked("Who are you?", folder)).completion
    assert str(folder) in str(told.value)
    engine.close()
    large = RemoteEngine(url=served, model="large")
    with pytest.raises(ModelError, match=r"no model 'large'; it has: base, sherlock\. Set BAKERSTREET_REMOTE_MODEL"):
        assert large.submit(asked("Who are you?")).completion
    large.close()


def test_a_turn_is_answered_through_the_server(
    bot: Bot, engine: Engine, distant: RemoteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question("What killed Julia Stoner?", mode="hybrid")
    here = bot.reply(question)
    monkeypatch.setitem(bot.resources.__dict__, "engine", distant)
    there = bot.reply(question)
    assert there.state == "done"
    assert there.trace.evidence
    assert there.reply == here.reply
    assert there.trace.tokens.reply == here.trace.tokens.reply


# ---------------------------------------------------------------------- servers that fail


Answer = Callable[["Handler"], None]
Make = Callable[..., RemoteEngine]


class Handler(BaseHTTPRequestHandler):
    """Answers each request for a reply with the next of the server's answers."""

    protocol_version = "HTTP/1.1"
    server: Scripted

    def do_GET(self) -> None:
        self.give(*self.server.models)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/chat/completions":
            self.server.bodies.append(body)
            self.server.keys.append(self.headers["Authorization"])
            self.server.answers.pop(0)(self)
        else:
            self.server.others.append(self.path)
            self.give(404, {"detail": "Not Found"})

    def give(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After-Ms", "1")  # else the client waits a second before it tries again
        self.end_headers()
        self.wfile.write(content)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, data: str) -> None:
        content = f"data: {data}\n\n".encode()
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def piece(self, text: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        self.event(json.dumps({"id": "1", "object": "chat.completion.chunk", "choices": [choice]}))

    def end(self) -> None:
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Close the connection in the middle of a chunked body."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Scripted(ThreadingHTTPServer):
    """A server that answers as it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.others: list[str] = []
        self.models: tuple[int, Any] = (200, {"data": [{"id": "base"}, {"id": "sherlock"}]})
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a reader that leaves is what is tested here


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def make(scripted: Scripted) -> Iterator[Make]:
    """Makes engines for the scripted server, and closes them before it."""
    made: list[RemoteEngine] = []

    def make_engine(**options: Any) -> RemoteEngine:
        made.append(RemoteEngine(**{"url": scripted.url, "model": "base", **options}))
        return made[-1]

    yield make_engine
    for engine in made:
        engine.close()


def whole(handler: Handler) -> None:
    handler.begin()
    handler.piece("Elementary,")
    handler.piece(" my dear fellow.", "stop")
    handler.end()


def failing(status: int, body: Any) -> Answer:
    return lambda handler: handler.give(status, body)


def ending(text: str, end: Callable[[Handler], None]) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin()
        handler.piece(text)
        end(handler)

    return answer


def fail(handler: Handler) -> None:
    handler.event(json.dumps({"error": {"message": "out of memory", "code": 500}}))
    handler.end()


class Held:
    """An answer that says `first`, then nothing, until its reader leaves."""

    def __init__(self, first: str = "") -> None:
        self.came, self.left = threading.Event(), threading.Event()
        self._first = first

    def __call__(self, handler: Handler) -> None:
        handler.begin()
        if self._first:
            handler.piece(self._first)
        self.came.set()
        handler.close_connection = True
        if handler.connection.recv(1) == b"":
            self.left.set()


def await_that(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_asked_is_sent_as_openais_interface_has_it(scripted: Scripted, make: Make) -> None:
    scripted.answers = [whole, whole]
    engine = make(api_key="secret")
    sampling = Sampling(max_new_tokens=33, temperature=0.4, top_p=0.7, presence_penalty=0.3, seed=5)
    assert engine.submit(asked("Who? <|im_end|>", Path("sherlock/voice"), sampling, "I am")).completion
    body = scripted.bodies[0]
    assert scripted.keys == ["Bearer secret"]
    assert body["messages"][-2:] == [
        {"role": "user", "content": "Who? < |im_end|>"},  # no control token of the server's
        {"role": "assistant", "content": "I am"},
    ]
    expected = {
        "model": "sherlock",
        "max_tokens": 33,
        "temperature": 0.4,
        "top_p": 0.7,
        "presence_penalty": 0.3,
        "seed": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
        "continue_final_message": True,
        "add_generation_prompt": False,
    }
    assert {name: value for name, value in body.items() if name != "messages"} == expected
    assert engine.submit(asked("Who are you?", None, sampling)).completion
    assert scripted.bodies[1]["model"] == "base"
    assert [message["role"] for message in scripted.bodies[1]["messages"]] == ["system", "user"]
    assert "continue_final_message" not in scripted.bodies[1]


def test_without_a_key_or_counts_none_is_sent_and_pieces_are_counted(
    scripted: Scripted, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai-alone")
    scripted.answers = [whole]
    completion = make().submit(asked("Who are you?")).completion
    assert scripted.keys == ["Bearer none"]
    assert completion.text == "Elementary, my dear fellow."
    assert (completion.prompt_tokens, completion.cached_tokens, completion.reply_tokens) == (0, 0, 2)


def test_a_reply_that_ends_at_once_is_its_opening(scripted: Scripted, make: Make) -> None:
    def nothing(handler: Handler) -> None:
        handler.begin()
        handler.piece("", "stop")
        handler.end()

    scripted.answers = [nothing]
    generation = make().submit(asked("Who are you?", None, SHORT, "I am Holmes."))
    assert list(generation) == ["I am Holmes."]
    assert generation.completion.text == "I am Holmes."
    assert generation.completion.reply_tokens == 0


def test_tokens_are_estimated_where_the_server_has_no_tokenizer(scripted: Scripted, make: Make) -> None:
    engine = make()
    assert [engine.count(text) for text in ("", "a", "x" * 36, "x" * 37)] == [0, 1, 10, 11]
    assert scripted.others == ["/tokenize"]


def test_a_request_is_sent_again_before_its_first_token(scripted: Scripted, make: Make) -> None:
    scripted.answers = [failing(503, {"error": {"message": "loading"}})] * 2 + [whole]
    generation = make().submit(asked("Who are you?", None, SHORT, "Ah!"))
    assert "".join(generation) == "Ah!Elementary, my dear fellow."
    assert len(scripted.bodies) == 3


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (ending("", Handler.cut), []),
        (ending("Elementary,", Handler.cut), ["Ah!", "Elementary,"]),
        (ending("Elementary,", Handler.end), ["Ah!", "Elementary,"]),
        (ending("Elementary,", fail), ["Ah!", "Elementary,"]),
    ],
)
def test_a_stream_that_breaks_off_is_an_error_and_not_sent_again(
    scripted: Scripted, make: Make, failure: Answer, said: list[str]
) -> None:
    scripted.answers = [failure, whole]
    pieces = []
    with pytest.raises(EngineError, match=r"broke off.*Ask again") as told:
        for piece in make().submit(asked("Who are you?", None, SHORT, "Ah!")):
            pieces.append(piece)
    assert pieces == said
    assert scripted.url in str(told.value)
    assert len(scripted.bodies) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "advice"),
    [
        (401, {"error": {"message": "bad key"}}, EngineError, "BAKERSTREET_REMOTE_KEY"),
        (403, {"detail": "forbidden"}, EngineError, "BAKERSTREET_REMOTE_KEY"),
        (404, {"detail": "Not Found"}, ModelError, "no chat with it; check BAKERSTREET_REMOTE_URL"),
        (400, {"error": {"message": "maximum context length is 512"}}, MessageError, "BAKERSTREET_CONTEXT_TOKENS"),
        (422, {"detail": "Unexpected: continue_final_message"}, EngineError, "BAKERSTREET_REMOTE_OPENINGS=false"),
        (500, "no JSON of ours", EngineError, "500: Internal Server Error.*See its log"),
        (503, {"error": {"message": "loading"}}, EngineError, "503: loading.*BAKERSTREET_REMOTE_URL"),
        (429, {"error": {"message": "slow down"}}, BusyError, "in a moment"),
    ],
)
def test_a_refusal_says_what_to_do(
    scripted: Scripted, make: Make, status: int, body: Any, kind: type[Exception], advice: str
) -> None:
    scripted.answers = [failing(status, body)] * 3
    with pytest.raises(kind, match=advice) as told:
        assert make().submit(asked("Who are you?")).completion
    assert scripted.url in str(told.value)


def test_an_unknown_model_of_a_server_that_lists_none(scripted: Scripted, make: Make) -> None:
    scripted.models = (404, {"detail": "Not Found"})
    scripted.answers = [failing(404, {"error": {"message": "The model `base` does not exist."}})]
    with pytest.raises(ModelError, match=r"no model 'base'; it does not say which it has"):
        assert make().submit(asked("Who are you?")).completion


@pytest.mark.parametrize(
    ("models", "line", "fails"),
    [
        ((404, {"detail": "Not Found"}), "answered with 404", False),
        ((500, "no list"), "answered with 500", False),
        ((200, ["base"]), "does not list models", False),
        ((401, {"detail": "no"}), "BAKERSTREET_REMOTE_KEY", True),
        ((503, {"detail": "no"}), "See its log", True),
    ],
)
def test_warming_fails_where_replies_would_and_else_says_that_no_models_are_listed(
    scripted: Scripted, make: Make, models: tuple[int, Any], line: str, fails: bool
) -> None:
    scripted.models = models
    said: list[str] = []
    with pytest.raises(EngineError, match=line) if fails else nullcontext():
        make(say=said.append).warm()
    assert len(said) == (not fails)
    assert all(line in told for told in said)


def test_a_server_that_is_away_is_told_of() -> None:
    with socket.socket() as probe:  # bound and not listening: nobody else can take the port, and it refuses
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
        engine = RemoteEngine(url=url, model="base")
        with pytest.raises(EngineError, match=r"There is no server at .*BAKERSTREET_REMOTE_URL") as told:
            assert engine.submit(asked("Who are you?")).completion
        assert url in str(told.value)
        with pytest.raises(EngineError, match=r"There is no server at .*BAKERSTREET_REMOTE_URL"):
            engine.warm()
        assert engine.count("x" * 36) == 10
        engine.close()


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = RemoteEngine(url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1", model="base", timeout_s=0.3)
        with pytest.raises(EngineError, match=r"said nothing for 0\.3 s.*BAKERSTREET_REMOTE_TIMEOUT"):
            assert engine.submit(asked("Who are you?")).completion
        with pytest.raises(EngineError, match=r"said nothing for 0\.3 s"):
            engine.warm()
        engine.close()


def test_a_server_that_falls_silent_is_given_up(scripted: Scripted, make: Make) -> None:
    held = Held("Elementary,")
    scripted.answers = [held]
    with pytest.raises(EngineError, match="said nothing"):
        assert make(timeout_s=0.5).submit(asked("Who are you?")).completion
    assert held.left.wait(WAIT)


@pytest.mark.parametrize("first", ["", "Elementary,"])
def test_cancelling_closes_the_stream_even_while_no_token_comes(scripted: Scripted, make: Make, first: str) -> None:
    held = Held(first)
    scripted.answers = [held]
    generation = make().submit(asked("Who are you?", None, SHORT, "Ah! "))
    pieces = iter(generation)
    if first:
        assert [next(pieces), next(pieces)] == ["Ah! ", first]
    assert held.came.wait(WAIT)
    generation.cancel()
    assert generation.completion.finish == "cancelled"
    assert generation.completion.text == (f"Ah! {first}" if first else "")
    assert held.left.wait(WAIT)


def test_cancelling_before_the_beginning_or_after_the_end(scripted: Scripted, make: Make) -> None:
    scripted.answers = [whole, Held()]
    engine = make()
    finished = engine.submit(asked("Who are you?"))
    assert finished.completion.finish == "stop"
    unbegun = engine.submit(asked("Who are you?"))
    unbegun.cancel()
    assert (unbegun.completion.finish, unbegun.completion.text) == ("cancelled", "")
    finished.cancel()
    engine.close()
    finished.cancel()
    assert finished.completion.finish == "stop"


def test_no_more_wait_than_may_wait(scripted: Scripted, make: Make) -> None:
    held = Held()
    scripted.answers = [held, whole, whole]
    engine = make(max_concurrent=1, queue_limit=1)
    first = engine.submit(asked("First?"))
    assert held.came.wait(WAIT)
    second = engine.submit(asked("Second?"))
    with pytest.raises(BusyError, match="no more may wait"):
        engine.submit(asked("Third?"))
    assert len(scripted.bodies) == 1  # the second waits here, not at the server
    first.cancel()
    assert first.completion.finish == "cancelled"
    assert second.completion.text == "Elementary, my dear fellow."
    assert engine.submit(asked("Third?")).completion.finish == "stop"


def test_closing_ends_what_is_under_way_and_what_waits(scripted: Scripted, make: Make) -> None:
    held = Held("Elementary,")
    scripted.answers = [held]
    engine = make(max_concurrent=1)
    under_way, waiting = engine.submit(asked("First?")), engine.submit(asked("Second?"))
    assert next(iter(under_way)) == "Elementary,"
    engine.close()
    for generation in (under_way, waiting):
        with pytest.raises(EngineError, match="closed or failed before"):
            assert generation.completion
    assert held.left.wait(WAIT)
    with pytest.raises(EngineError, match="has been closed"):
        engine.submit(asked("Third?"))
    engine.close()


@pytest.mark.parametrize("url", ["", "localhost:8000/v1", "ftp://host/v1", "http://host:port/v1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="BAKERSTREET_REMOTE_URL"):
        RemoteEngine(url=url, model="base")


def test_likelihoods_are_not_offered(make: Make) -> None:
    with pytest.raises(EngineError, match=r"does not tell likelihoods.*BAKERSTREET_ENGINE"):
        make().likelihood([("one", " two")])
