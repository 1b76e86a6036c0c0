"""The engine on another machine: any server with OpenAI's chat interface, through LangChain's client for it.

vLLM, llama.cpp's server, TGI and `transformers serve` offer it. What OpenAI lacks is asked for as vLLM has it: a reply
is continued with `continue_final_message`, and a voice is one more model (`--lora-modules NAME=PATH`).

Every reply under way is a task of one event loop, in one thread. Unlike a thread that reads a socket, a task can be
cancelled while it waits for a silent server. Cancelling closes the HTTP stream, which frees the server's place.

What reads like a control token in a message is broken up (`markup`), because the server would take it for one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk

from chatbot.engines.remote.markup import as_letters
from chatbot.engines.remote.server import Server, closing
from chatbot.engines.types import Finish, Generation, Request
from chatbot.errors import BusyError, EngineError
from chatbot.progress import Say

logger = logging.getLogger(__name__)

CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}


class RemoteEngine:
    """A generator behind OpenAI's interface.

    Args:
        url: the interface's address with its version, such as http://host:8000/v1.
        model: the base model's name on the server.
        voice_model: the name of every voice there; empty: a voice goes by its persona's folder, so that
            `.../sherlock/voice` is asked for as `sherlock`.
        api_key: for a server that wants one.
        timeout_s: the longest silence of the server, in seconds: until it answers (within this time the client repeats
            a request that was not accepted), and between two tokens.
        continue_openings: whether the server can continue a reply that has begun (vLLM and llama.cpp can, `transformers
            serve` refuses). If not, the opening is left out, and the reply is all the server's own.
        max_concurrent: the most requests at the server.
        queue_limit: the most requests that wait here for one of these places.
        say: told what does not look right when the engine is warmed.

    Raises:
        SettingsError: `url` is not an address.
    """

    name = "remote"

    def __init__(
        self,
        *,
        url: str,
        model: str,
        voice_model: str = "",
        api_key: str = "",
        timeout_s: float = 60.0,
        continue_openings: bool = True,
        max_concurrent: int = 8,
        queue_limit: int = 32,
        say: Say = lambda _: None,
    ) -> None:
        self._connect = partial(Server, url, model, voice_model, api_key, timeout_s)
        self._max_concurrent = max_concurrent
        self._continues = continue_openings
        self._limit = max_concurrent + queue_limit
        self._say = say
        self._lock = threading.Lock()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._start()

    # ------------------------------------------------------------------ from any thread

    def submit(self, request: Request) -> Generation:
        """See `Engine.submit`."""
        with self._lock:
            thread = self._start()
            if len(self._replies) >= self._limit:
                raise BusyError(
                    f"{len(self._replies)} requests to {self._server.url} are under way, and no more may wait. Ask "
                    "again in a moment."
                )
            reply = RemoteReply(request, request.opening if self._continues else "", self._cancel, thread)
            self._replies.add(reply)
            self._loop.call_soon_threadsafe(self._launch, reply)
        return reply

    def count(self, text: str) -> int:
        """How many tokens a text has: by the server's tokenizer where it offers one, otherwise estimated.

        vLLM and llama.cpp offer one at `/tokenize`. The estimate is 3.6 characters a token, rounded up: a little too
        many tokens for English prose, too few for languages with few letters to a token.
        """
        return self._server.count(as_letters(text))

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Not offered.

        Raises:
            EngineError: always.
        """
        raise EngineError(
            "A remote server does not tell likelihoods; set BAKERSTREET_ENGINE to an engine on this machine for them."
        )

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Check that the server is there and has the model and `voices`; what is missing is said, not raised.

        Raises:
            EngineError: the server is away, does not answer in time, or refuses the key; or the engine has been closed.
        """
        self._check_open()
        for line in self._server.missing(voices):
            self._say(line)

    def close(self) -> None:
        """End the replies under way; requests that are waiting fail."""
        with self._lock:
            thread, self._closed = self._thread, True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._closing.set)
        if thread is not None:
            thread.join()
        self._server.close()

    def _start(self) -> threading.Thread:
        """The thread of the event loop; started now where there is none, or where it has ended."""
        self._check_open()
        if self._thread is None or not self._thread.is_alive() or self._loop.is_closed():
            self._server = self._connect()  # its connections belong to one loop
            self._loop = asyncio.new_event_loop()
            self._places, self._closing = asyncio.Semaphore(self._max_concurrent), asyncio.Event()
            self._replies: set[RemoteReply] = set()  # those that wait or are under way
            work = partial(self._work, self._loop, self._replies)
            self._thread = threading.Thread(target=work, name="remote-engine", daemon=True)
            self._thread.start()
        return self._thread

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("The engine has been closed.")

    def _cancel(self, reply: RemoteReply) -> None:
        with suppress(RuntimeError):  # the loop has been closed, and with it every reply has ended
            self._loop.call_soon_threadsafe(lambda: reply.task.cancel())

    # ------------------------------------------------------------------ in the loop's thread

    def _work(self, loop: asyncio.AbstractEventLoop, replies: set[RemoteReply]) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._until_closed())
        except BaseException:  # whatever ends the thread, nobody may wait for it in vain
            logger.exception("The remote engine's event loop failed; the next request starts another")
        for reply in tuple(replies):
            reply.abandon()

    async def _until_closed(self) -> None:
        await self._closing.wait()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.chat.root_async_client.close()

    def _launch(self, reply: RemoteReply) -> None:
        reply.task = self._loop.create_task(self._answer(reply))
        reply.task.add_done_callback(partial(self._ended, reply))

    def _ended(self, reply: RemoteReply, task: asyncio.Task[Finish]) -> None:
        """Tell the reader. A task that was cancelled before its first step ends here like any other."""
        with self._lock:
            self._replies.discard(reply)
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            reply.end(task.result())
        elif reply.cancelled:
            reply.end("cancelled")
        elif isinstance(error, Exception):
            reply.finish(error)
        else:
            reply.abandon()

    async def _answer(self, reply: RemoteReply) -> Finish:
        async with self._places:
            try:
                return await closing(self._follow(reply))
            except Exception as error:
                explain = partial(self._server.explained, error, reply.request.voice, answered=reply.answered)
                raise await asyncio.to_thread(explain) from error

    async def _follow(self, reply: RemoteReply) -> Finish:
        request, sampling = reply.request, reply.request.sampling
        messages = [{"role": message.role, "content": as_letters(message.content)} for message in request.messages]
        # The client would send the newer max_completion_tokens, which not all servers know.
        extra: dict[str, Any] = {"max_tokens": sampling.max_new_tokens}
        if reply.opening:
            messages.append({"role": "assistant", "content": as_letters(reply.opening)})
            extra |= CONTINUE
        chunks: Any = self._server.chat.astream(
            messages,
            model=self._server.name_of(request.voice),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            presence_penalty=sampling.presence_penalty,
            seed=sampling.seed,
            extra_body=extra,
        )
        async with aclosing(chunks):
            while True:
                # The client's own time-outs would begin anew with every retry.
                async with asyncio.timeout(self._server.timeout_s):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                reply.take(chunk)
        if not reply.finish_reason:
            raise ConnectionError("it ended without a finish_reason")
        reply.begin()
        return "length" if reply.finish_reason == "length" else "stop"


class RemoteReply(Generation):
    """A reply that a server writes.

    Args:
        request: what was asked for.
        opening: the words that the server continues; empty: none, or it cannot.
        on_cancel: called in the reader's thread when the reader leaves.
        writer: the event loop's thread.

    Attributes:
        task: follows the reply; set when it is launched.
        answered: whether a piece of the stream has come, be it empty.
        finish_reason: why the server ended it, in OpenAI's words; empty while it goes on.
    """

    task: asyncio.Task[Finish]

    def __init__(
        self, request: Request, opening: str, on_cancel: Callable[[RemoteReply], None], writer: threading.Thread
    ) -> None:
        super().__init__(request, writer)
        self.opening = opening
        self.answered = False
        self.finish_reason = ""
        self._on_cancel = on_cancel
        self._chunks = 0  # with text in them
        self._counts: dict[str, Any] = {}
        self._first_token: float | None = None

    def cancel(self) -> None:
        """Stop here, even while no token comes; the text so far is kept."""
        super().cancel()
        self._on_cancel(self)

    def begin(self) -> None:
        """Hand over the opening, once: not before the server answers, because a failed reply has no text."""
        if self.opening and not self.text:
            self.push(self.opening)

    def take(self, chunk: AIMessageChunk) -> None:
        """Take in a piece of the stream."""
        self.answered = True
        if chunk.text:
            if self._first_token is None:
                self._first_token = time.perf_counter()
            self.begin()
            self.push(str(chunk.text))
            self._chunks += 1
        self.finish_reason = chunk.response_metadata.get("finish_reason") or self.finish_reason
        self._counts = dict(chunk.usage_metadata or self._counts)

    def end(self, finish: Finish) -> None:
        """End the reply as it stands. Where the server did not count its tokens, its chunks are counted."""
        self.complete(
            finish,
            prompt_tokens=self._counts.get("input_tokens", 0),
            cached_tokens=self._counts.get("input_token_details", {}).get("cache_read", 0),
            reply_tokens=self._counts.get("output_tokens") or self._chunks,
            first_token=self._first_token,
        )
