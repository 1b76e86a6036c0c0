"""The client of an OpenAI-compatible server, and what a user is told when the server fails."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import openai
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from chatbot.errors import BakerStreetError, BusyError, EngineError, MessageError, ModelError, SettingsError, VoiceError

CHARACTERS_PER_TOKEN = 3.6  # English prose has about 4.2 with common vocabularies; a little less errs on the safe side
BRIEF_TIMEOUT_S = 5.0  # for what is only asked on the way to something else
TOKENIZER_PAUSE_S = 30.0  # how long a server that did not count is not asked to again

CHECK_URL = "check BAKERSTREET_REMOTE_URL (most addresses end in /v1)"
# What reading an answer raises that does not have the form that was asked for.
MALFORMED = (ValueError, KeyError, TypeError)

Result = TypeVar("Result")
_opened: ContextVar[list[httpx.Response] | None] = ContextVar("opened", default=None)  # of the task


class Server:
    """A server with OpenAI's interface. Safe from any thread, except for `chat`.

    Args:
        url, model, voice_model, api_key, timeout_s: see `RemoteEngine`.

    Attributes:
        chat: LangChain's client of the server. Its asynchronous half belongs to one event loop.

    Raises:
        SettingsError: `url` is not an address.
    """

    def __init__(self, url: str, model: str, voice_model: str, api_key: str, timeout_s: float) -> None:
        _check(url)
        self.url = url.rstrip("/")
        self.model = model
        self.timeout_s = timeout_s
        self._voice_model = voice_model
        self.chat = ChatOpenAI(
            model=model,
            base_url=self.url,
            # Never the environment's OPENAI_API_KEY, which is meant for another server; the client insists on some key.
            api_key=SecretStr(api_key or "none"),
            stream_usage=True,
            stream_chunk_timeout=None,  # the engine limits the silence before the first chunk, too
            use_responses_api=False,
            openai_proxy="",  # OPENAI_PROXY is refused beside the two clients below
            # By default LangChain shares them in the process, but a connection belongs to one event loop.
            http_client=openai.DefaultHttpxClient(timeout=None),
            http_async_client=openai.DefaultAsyncHttpxClient(timeout=None, event_hooks={"response": [_note]}),
        )
        self._client: openai.OpenAI = self.chat.root_client.with_options(max_retries=0)
        self._count = lru_cache(maxsize=2048)(self._ask_count)
        self._no_tokenizer_until = -math.inf

    def name_of(self, voice: Path | None) -> str:
        """The name of a voice, or of the base model, on the server."""
        if voice is None:
            return self.model
        return self._voice_model or voice.absolute().parent.name

    def close(self) -> None:
        """Close the connections, except for those of the event loop."""
        self._client.close()

    # ------------------------------------------------------------------ its models

    def missing(self, voices: Sequence[Path]) -> list[str]:
        """One line for each of the model and `voices` that the server does not have, or why that is not known.

        Raises:
            EngineError: the server is away, still loading, does not answer in time, or refuses the key.
        """
        try:
            served = self._served(self.timeout_s)
        except openai.APIStatusError as error:
            status = error.status_code
            if status in (401, 403, 502, 503, 504):  # replies would fail too; otherwise only the list may be missing
                raise self.explained(error) from error
            return [f"{self.url}/models answered with {status}. If replies fail too, {CHECK_URL}."]
        except openai.APIConnectionError as error:  # no answer in time is one, too
            raise self.explained(error) from error
        except MALFORMED:
            return [f"{self.url}/models does not list models. If replies fail too, {CHECK_URL}."]
        return [str(self._unknown(voice, served)) for voice in (None, *voices) if self.name_of(voice) not in served]

    def _served(self, timeout_s: float) -> tuple[str, ...]:
        """The names of its models and adapters."""
        answer: Any = self._client.get("/models", cast_to=object, options={"timeout": timeout_s})
        return tuple(str(item["id"]) for item in answer["data"])

    # ------------------------------------------------------------------ its tokenizer

    def count(self, text: str) -> int:
        """See `RemoteEngine.count`."""
        if text and time.monotonic() >= self._no_tokenizer_until:
            try:
                return self._count(text)
            except (openai.OpenAIError, *MALFORMED):
                self._no_tokenizer_until = time.monotonic() + TOKENIZER_PAUSE_S
        return math.ceil(len(text) / CHARACTERS_PER_TOKEN)

    def _ask_count(self, text: str) -> int:
        answer: Any = self._client.post(
            f"{self.url.removesuffix('/v1')}/tokenize",
            # `prompt` is vLLM's field and `content` llama.cpp's; each ignores the other's.
            body={"model": self.model, "prompt": text, "add_special_tokens": False, "content": text},
            cast_to=object,
            options={"timeout": min(BRIEF_TIMEOUT_S, self.timeout_s)},
        )
        return int(answer["count"] if "count" in answer else len(answer["tokens"]))

    # ------------------------------------------------------------------ its failures

    def explained(self, error: Exception, voice: Path | None = None, *, answered: bool = False) -> BakerStreetError:
        """What a user is told of a failure; may ask the server which models it has.

        Args:
            error: what the client raised, or a stream that ended too early.
            voice: whose reply it was.
            answered: whether the reply had begun to come.
        """
        if isinstance(error, (TimeoutError, openai.APITimeoutError)):
            return EngineError(
                f"The server at {self.url} said nothing for {self.timeout_s:g} s. See whether it is busy or still "
                f"loading, {CHECK_URL}, or raise BAKERSTREET_REMOTE_TIMEOUT."
            )
        if isinstance(error, openai.APIStatusError):
            return self._refused(error, voice)
        if isinstance(error, openai.APIConnectionError) and not answered:
            return EngineError(f"There is no server at {self.url} ({_root(error)}). Start it, or {CHECK_URL}.")
        again = "Ask again; if it happens again, see the server's log."
        return EngineError(f"The reply from {self.url} broke off ({_root(error)}). {again}")

    def _refused(self, error: openai.APIStatusError, voice: Path | None) -> BakerStreetError:
        status, asked, server = error.status_code, self.name_of(voice), f"The server at {self.url}"
        # FastAPI and OpenAI put the server's own words in different places.
        body = error.body if isinstance(error.body, dict) else {}
        reason = str(body.get("message") or body.get("detail") or error.response.reason_phrase)
        if status in (401, 403):
            return EngineError(f"{server} refused the key ({status}: {reason}). Check BAKERSTREET_REMOTE_KEY.")
        if status == 404 or (status < 500 and asked in reason and "model" in reason.lower()):
            try:
                return self._unknown(voice, self._served(min(BRIEF_TIMEOUT_S, self.timeout_s)))
            except (openai.OpenAIError, *MALFORMED):
                return self._unknown(voice, ())
        if status == 429:
            return BusyError(f"{server} has too much to do ({reason}). Ask again in a moment.")
        if status < 500 and "context" in reason.lower():
            return MessageError(
                f"{server} refused the prompt ({reason}). Shorten the message, or set BAKERSTREET_CONTEXT_TOKENS to "
                "the window of the server's model."
            )
        if status < 500:
            return EngineError(
                f"{server} refused the request ({status}: {reason}). Check that it offers OpenAI's chat interface; if "
                "it names continue_final_message, set BAKERSTREET_REMOTE_OPENINGS=false."
            )
        return EngineError(f"{server} failed ({status}: {reason}). See its log, start it again, or {CHECK_URL}.")

    def _unknown(self, voice: Path | None, served: Sequence[str]) -> ModelError:
        asked = self.name_of(voice)
        if asked in served:
            return ModelError(f"The server at {self.url} has the model '{asked}', but no chat with it; {CHECK_URL}.")
        has = f"it has: {', '.join(served)}" if served else "it does not say which it has"
        known = f"The server at {self.url} has no model '{asked}'; {has}."
        if voice is None:
            return ModelError(f"{known} Set BAKERSTREET_REMOTE_MODEL to one of its models, or {CHECK_URL}.")
        return VoiceError(
            f"{known} Start it with the voice (vLLM: --enable-lora --lora-modules {asked}={voice}), or set "
            "BAKERSTREET_REMOTE_VOICE to the name that the voice has there."
        )


async def closing(task: Awaitable[Result]) -> Result:
    """Wait for a request to `Server.chat`, and close what it opened.

    The client itself leaves a stream open where it is cancelled in between the head of an answer and its first event.
    """
    opened: list[httpx.Response] = []
    _opened.set(opened)
    try:
        return await task
    finally:
        for response in opened:
            await response.aclose()


async def _note(response: httpx.Response) -> None:
    if (opened := _opened.get()) is not None:
        opened.append(response)


def _check(url: str) -> None:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return
    raise SettingsError(f"BAKERSTREET_REMOTE_URL is not an address: {url!r}. Write it like http://127.0.0.1:8000/v1.")


def _root(error: BaseException) -> str:
    """The first of a chain of errors: the client's own message says little more than that it failed."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
