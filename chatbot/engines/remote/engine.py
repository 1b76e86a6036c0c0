"""The engine on another machine: any server with OpenAI's chat interface, through LangChain's client for it.

vLLM, llama.cpp's server, TGI and `transformers serve` speak it. What OpenAI lacks is asked for as vLLM has it: a
reply is continued with `continue_final_message`, and an adapter is one more model (`--lora-modules NAME=PATH`).

Every reply under way is a task of one event loop, in one thread. A task can be cancelled while it waits for a server
that says nothing; a thread that reads a socket cannot. Cancelling closes the HTTP stream, and that frees the server's
slot.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.engines import CLOSED, Completion, Finish, Generation, Request, Say, failure
from chatbot.engines.remote.server import BrokenOff, Server, may_pass
from chatbot.errors import BusyError, EngineError

CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0  # between two attempts; each is twice as long as the one before


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
        continue_openings: whether the server can go on from the beginning of a reply (vLLM and llama.cpp can,
            `transformers serve` refuses it). Without it an opening is left out, and the reply is the server's own.
        max_concurrent: the most requests at the server.
        queue_limit: the most requests that wait here for one of these places.
        say: told what does not look right when the engine is warmed.

    Raises:
        SettingsError: `url` is no address.
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
        self._open = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop  # made with the thread
        # The loop's thread alone:
        self._places = asyncio.Semaphore(max_concurrent)
        self._closing = asyncio.Event()
        self._tasks: dict[Reply, asyncio.Task[Completion]] = {}
        self._chat: Any = None

    # ------------------------------------------------------------------ for everybody

    def submit(self, request: Request) -> Generation:
        """Queue a request; returns at once.

        Raises:
            BusyError: as many requests wait as may wait.
            EngineError: the engine has been closed.
        """
        with self._lock:
            loop = self._started()
            if self._open >= self._limit:
                raise BusyError(
                    f"{self._open} requests are under way to {self._server.url}, and no more may wait. "
                    "Ask again in a moment."
                )
            self._open += 1
            reply = Reply(request, request.opening if self._continues else "", self._cancel)
            loop.call_soon_threadsafe(self._launch, reply)
        return reply

    def count(self, text: str) -> int:
        """How many tokens a text has: by the server's tokenizer where it offers one, else estimated.

        vLLM and llama.cpp offer one at `/tokenize`. The estimate is 3.6 characters a token, rounded up: a little too
        many for English prose, too few for languages with few letters to a token.
        """
        return self._server.count(text)

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The mean natural log-probability of a token of each continuation behind its context, by the base model.

        Asked for at `/completions` with `echo` and `logprobs`, which vLLM offers. The server encodes context and
        continuation as one text; a token that has a part in both is counted. Like a count of tokens it takes none of
        the places at the server, and is not asked for again where it fails.

        Args:
            pairs: (context, continuation), plain text.

        Raises:
            EngineError: the server cannot tell, failed or is away, or the engine has been closed.
            MessageError: a continuation is empty, or a pair longer than the server's window.
        """
        if self._closed:
            raise EngineError("The engine has been closed.")
        return self._server.likelihood(pairs)

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """See whether the server is there and has the model and `voices`; a missing one is said, not raised.

        Raises:
            EngineError: the server is away, does not answer in time, or refuses the key.
        """
        import langchain_openai  # noqa: F401 - so that the first question does not wait for it

        with self._lock:
            self._started()
        for line in self._server.missing(voices):
            self._say(line)

    def close(self) -> None:
        """End the replies under way; waiting requests fail."""
        with self._lock:
            if self._thread is not None and not self._closed:
                self._loop.call_soon_threadsafe(self._closing.set)
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise EngineError("The engine has been closed.")
        if self._thread is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._work, name="remote-engine", daemon=True)
            self._thread.start()
        return self._loop

    def _cancel(self, reply: Reply) -> None:
        with suppress(RuntimeError):  # the loop has been closed, and with it every reply has ended
            self._loop.call_soon_threadsafe(self._cancel_task, reply)

    # ------------------------------------------------------------------ the loop's thread alone

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
        if self._chat is not None:
            await self._chat.http_async_client.aclose()
        await self._loop.shutdown_default_executor()

    def _launch(self, reply: Reply) -> None:
        task = self._loop.create_task(self._answer(reply))
        self._tasks[reply] = task
        task.add_done_callback(partial(self._ended, reply))

    def _cancel_task(self, reply: Reply) -> None:
        if reply in self._tasks:
            self._tasks[reply].cancel()

    def _ended(self, reply: Reply, task: asyncio.Task[Completion]) -> None:
        """Tell the reader. A task that was cancelled before its first step ends here as any other."""
        del self._tasks[reply]
        with self._lock:
            self._open -= 1
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            reply.finish(task.result())
        elif reply.cancelled:
            reply.finish(reply.completed("cancelled"))
        elif isinstance(error, Exception):
            reply.finish(failure(error))
        else:
            reply.finish(EngineError(CLOSED))

    async def _answer(self, reply: Reply) -> Completion:
        """Ask for a reply, again where that may help, and follow it to its end."""
        async with self._places:
            attempt, pause = 0, FIRST_PAUSE_S
            while True:
                try:
                    return await self._follow(reply)
                except Exception as error:
                    if reply.begun or attempt >= self._retries or not may_pass(error):
                        told = partial(self._server.told, error, reply.request.voice, begun=reply.begun)
                        raise await asyncio.to_thread(told) from error
                await asyncio.sleep(pause)
                attempt, pause = attempt + 1, min(pause * 2, LONGEST_PAUSE_S)

    async def _follow(self, reply: Reply) -> Completion:
        request = reply.request
        sampling = request.sampling
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        # Not all of these servers know the newer name, max_completion_tokens, that the client would give it.
        extra: dict[str, Any] = {"max_tokens": sampling.max_new_tokens}
        if reply.opening:
            messages.append({"role": "assistant", "content": reply.opening})
            extra |= CONTINUE
        chunks = self._client().astream(
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
                async with asyncio.timeout(self._server.timeout_s):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                reply.take(chunk)
        if not reply.reason:
            raise BrokenOff("it ended without a finish_reason")
        reply.begin()
        return reply.completed("length" if reply.reason == "length" else "stop")

    def _client(self) -> Any:
        if self._chat is None:
            from langchain_openai import ChatOpenAI
            from openai import DefaultAsyncHttpxClient

            self._chat = ChatOpenAI(
                model=self._server.model,
                base_url=self._server.url,
                api_key=self._server.api_key,
                openai_proxy="",  # it is in the way of a client of our own
                max_retries=0,  # the client would not notice a stream that breaks off before its first token
                stream_usage=True,
                stream_chunk_timeout=None,  # `_follow` watches the time, from the connection on
                use_responses_api=False,
                # The one that LangChain shares in a process is no use: a connection belongs to one event loop.
                http_async_client=DefaultAsyncHttpxClient(timeout=None),
            )
        return self._chat


class Reply(Generation):
    """A reply that a server writes, and what is known of it so far.

    Args:
        request: what was asked for.
        opening: the words that the server goes on from; empty: none, or it cannot.
        on_cancel: called when the reader leaves, in the reader's thread.
    """

    def __init__(self, request: Request, opening: str, on_cancel: Callable[[Reply], None]) -> None:
        super().__init__(request)
        self.opening = opening
        self.begun = False
        self.reason = ""
        self._on_cancel = on_cancel
        self._text = ""
        self._written = 0
        self._usage: dict[str, Any] = {}
        self._first_token: float | None = None

    def cancel(self) -> None:
        """Stop here, even while no token comes; what was said so far is kept."""
        super().cancel()
        self._on_cancel(self)

    def begin(self) -> None:
        """Say the opening, once: not before the server answers, for a failed reply says nothing."""
        if not self.begun:
            self.begun = True
            self._say(self.opening)

    def take(self, chunk: Any) -> None:
        """Take in a chunk of the stream, a LangChain `AIMessageChunk`."""
        text = str(chunk.text)
        if text:
            if self._first_token is None:
                self._first_token = time.perf_counter()
            self.begin()
            self._say(text)
            self._written += 1
        self.reason = chunk.response_metadata.get("finish_reason") or self.reason
        self._usage = chunk.usage_metadata or self._usage

    def completed(self, finish: Finish) -> Completion:
        """The reply as it stands. Where the server did not count its tokens, its pieces are counted."""
        now = time.perf_counter()
        return Completion(
            text=self._text,
            finish=finish,
            prompt_tokens=self._usage.get("input_tokens", 0),
            cached_tokens=self._usage.get("input_token_details", {}).get("cache_read", 0),
            reply_tokens=self._usage.get("output_tokens", 0) or self._written,
            first_token_ms=((self._first_token or now) - self.submitted) * 1000,
            total_ms=(now - self.submitted) * 1000,
        )

    def _say(self, text: str) -> None:
        if text:
            self._text += text
            self.push(text)
