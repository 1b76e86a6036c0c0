"""The engine on another machine: any server with OpenAI's chat interface, through OpenAI's own client.

vLLM, llama.cpp's server, TGI and `transformers serve` offer it. What OpenAI lacks is asked for as vLLM has it: a reply
is continued with `continue_final_message`, and a voice is one more model (`--lora-modules NAME=PATH`).

Every reply under way is a task of one event loop, in one thread. Unlike a thread that reads a socket, a task can be
cancelled while it waits for a silent server. Cancelling closes the HTTP stream, which frees the server's place.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.engines.remote.server import BrokenOff, Server, is_worth_retrying
from chatbot.engines.types import Finish, Generation, Request
from chatbot.errors import BusyError, EngineError
from chatbot.progress import Say

CLOSED = "The engine has been closed."
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0  # between two attempts; each pause is twice as long as the one before


class RemoteEngine:
    """A generator behind OpenAI's interface.

    Args:
        url: the interface's address with its version, such as http://host:8000/v1.
        model: the base model's name on the server.
        voice_model: the name of every voice there; empty: a voice goes by its persona's folder, so that
            `.../sherlock/voice` is asked for as `sherlock`.
        api_key: for a server that wants one.
        timeout_s: the longest silence of the server, in seconds: until it answers, and between two tokens.
        retries: how often a request is sent again that failed before its first token.
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
        retries: int = 2,
        continue_openings: bool = True,
        max_concurrent: int = 8,
        queue_limit: int = 32,
        say: Say = lambda _: None,
    ) -> None:
        self._server = Server(url, model, voice_model, api_key, timeout_s)
        self._retries = retries
        self._continues = continue_openings
        self._limit = max_concurrent + queue_limit
        self._say = say
        self._lock = threading.Lock()
        self._open = 0  # requests that wait or are under way
        self._closed = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop  # made with the thread
        # Used in the loop's thread alone:
        self._places = asyncio.Semaphore(max_concurrent)
        self._closing = asyncio.Event()
        self._tasks: dict[RemoteReply, asyncio.Task[Finish]] = {}
        self._client: Any = None

    # ------------------------------------------------------------------ from any thread

    def submit(self, request: Request) -> Generation:
        """See `Engine.submit`."""
        with self._lock:
            loop = self._started()
            if self._open >= self._limit:
                raise BusyError(
                    f"{self._open} requests to {self._server.url} are under way, and no more may wait. Ask again in a "
                    "moment."
                )
            self._open += 1
            reply = RemoteReply(request, request.opening if self._continues else "", self._cancel)
            loop.call_soon_threadsafe(self._launch, reply)
        return reply

    def count(self, text: str) -> int:
        """How many tokens a text has: by the server's tokenizer where it offers one, otherwise estimated.

        vLLM and llama.cpp offer one at `/tokenize`. The estimate is 3.6 characters a token, rounded up: a little too
        many tokens for English prose, too few for languages with few letters to a token.
        """
        return self._server.count(text)

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `Engine.likelihood`; the window is the server's.

        Asked for at `/completions` with `echo` and `logprobs`, which vLLM offers. The server encodes context and
        continuation as one text; a token with a part in both is counted. The request takes none of the places at the
        server, and is not repeated if it fails.
        """
        if self._closed:
            raise EngineError(CLOSED)
        return self._server.likelihood(pairs)

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Check that the server is there and has the model and `voices`; what is missing is said, not raised.

        Raises:
            EngineError: the server is away, does not answer in time, or refuses the key.
        """
        with self._lock:
            self._started()
        for line in self._server.missing(voices):
            self._say(line)

    def close(self) -> None:
        """End the replies under way; requests that are waiting fail."""
        with self._lock:
            if self._thread is not None and not self._closed:
                self._loop.call_soon_threadsafe(self._closing.set)
            self._closed = True
        if self._thread is not None:
            self._thread.join()
        self._server.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise EngineError(CLOSED)
        if self._thread is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._work, name="remote-engine", daemon=True)
            self._thread.start()
        return self._loop

    def _cancel(self, reply: RemoteReply) -> None:
        with suppress(RuntimeError):  # the loop has been closed, and with it every reply has ended
            self._loop.call_soon_threadsafe(self._cancel_task, reply)

    # ------------------------------------------------------------------ in the loop's thread

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._until_closed())
        finally:
            self._loop.close()

    async def _until_closed(self) -> None:
        await self._closing.wait()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        await self._loop.shutdown_default_executor()

    def _launch(self, reply: RemoteReply) -> None:
        task = self._loop.create_task(self._answer(reply))
        self._tasks[reply] = task
        task.add_done_callback(partial(self._ended, reply))

    def _cancel_task(self, reply: RemoteReply) -> None:
        if reply in self._tasks:
            self._tasks[reply].cancel()

    def _ended(self, reply: RemoteReply, task: asyncio.Task[Finish]) -> None:
        """Tell the reader. A task that was cancelled before its first step ends here like any other."""
        del self._tasks[reply]
        with self._lock:
            self._open -= 1
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
        """Ask for a reply, again where that may help, and follow it to its end.

        The client's own retries would miss a stream that breaks off before its first token, and repeat time-outs.
        """
        async with self._places:
            attempt, pause = 0, FIRST_PAUSE_S
            while True:
                try:
                    return await self._follow(reply)
                except Exception as error:
                    if reply.begun or attempt >= self._retries or not is_worth_retrying(error):
                        explain = partial(self._server.explained, error, reply.request.voice, begun=reply.begun)
                        raise await asyncio.to_thread(explain) from error
                await asyncio.sleep(pause)
                attempt, pause = attempt + 1, min(pause * 2, LONGEST_PAUSE_S)

    async def _follow(self, reply: RemoteReply) -> Finish:
        request, sampling = reply.request, reply.request.sampling
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        if reply.opening:
            messages.append({"role": "assistant", "content": reply.opening})
        if self._client is None:
            from openai import AsyncOpenAI

            # No time-out of its own: below, the silence between two chunks is what counts.
            self._client = AsyncOpenAI(
                base_url=self._server.url, api_key=self._server.api_key, max_retries=0, timeout=None
            )
        async with asyncio.timeout(self._server.timeout_s):
            stream = await self._client.chat.completions.create(
                messages=messages,
                model=self._server.name_of(request.voice),
                max_tokens=sampling.max_new_tokens,  # not all servers know the newer max_completion_tokens
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                presence_penalty=sampling.presence_penalty,
                seed=sampling.seed,
                stream=True,
                stream_options={"include_usage": True},
                extra_body=CONTINUE if reply.opening else None,
            )
        async with stream:
            while True:
                async with asyncio.timeout(self._server.timeout_s):
                    chunk = await anext(stream, None)
                if chunk is None:
                    break
                reply.take(chunk)
        if not reply.finish_reason:
            raise BrokenOff("it ended without a finish_reason")
        reply.begin()
        return "length" if reply.finish_reason == "length" else "stop"


class RemoteReply(Generation):
    """A reply that a server writes.

    Args:
        request: what was asked for.
        opening: the words that the server continues; empty: none, or it cannot.
        on_cancel: called in the reader's thread when the reader leaves.

    Attributes:
        begun: whether the reader has been given anything.
        finish_reason: why the server ended it, in OpenAI's words; empty while it goes on.
    """

    def __init__(self, request: Request, opening: str, on_cancel: Callable[[RemoteReply], None]) -> None:
        super().__init__(request)
        self.opening = opening
        self.begun = False
        self.finish_reason = ""
        self._on_cancel = on_cancel
        self._chunks = 0  # with text in them
        self._usage: Any = None
        self._first_token: float | None = None

    def cancel(self) -> None:
        """Stop here, even while no token comes; the text so far is kept."""
        super().cancel()
        self._on_cancel(self)

    def begin(self) -> None:
        """Hand over the opening, once: not before the server answers, because a failed reply has no text."""
        if not self.begun:
            self.begun = True
            if self.opening:
                self.push(self.opening)

    def take(self, chunk: Any) -> None:
        """Take in an OpenAI `ChatCompletionChunk`."""
        for choice in (chunk.choices or ())[:1]:
            if choice.delta and choice.delta.content:
                if self._first_token is None:
                    self._first_token = time.perf_counter()
                self.begin()
                self.push(choice.delta.content)
                self._chunks += 1
            self.finish_reason = choice.finish_reason or self.finish_reason
        self._usage = chunk.usage or self._usage

    def end(self, finish: Finish) -> None:
        """End the reply as it stands. Where the server did not count its tokens, its chunks are counted."""
        usage = self._usage
        details = getattr(usage, "prompt_tokens_details", None)
        self.complete(
            finish,
            prompt_tokens=getattr(usage, "prompt_tokens", None) or 0,
            cached_tokens=getattr(details, "cached_tokens", None) or 0,
            reply_tokens=getattr(usage, "completion_tokens", None) or self._chunks,
            first_token=self._first_token,
        )
