"""What the remote engine asks its server beside replies, and what a user is told when the server fails.

It is asked which models it has, how many tokens a text has, and how likely a text is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chatbot.errors import (
    BakerStreetError,
    BusyError,
    EngineError,
    MessageError,
    ModelError,
    SettingsError,
    VoiceError,
)

CHARACTERS_PER_TOKEN = 3.6  # English prose has about 4.2 with common vocabularies; a little less errs on the safe side
BRIEF_TIMEOUT_S = 5.0  # for what is only asked on the way to something else
TOKENIZER_PAUSE_S = 30.0  # how long a tokenizer that did not answer is not asked again

CHECK_URL = "check BAKERSTREET_REMOTE_URL (most addresses end in /v1)"
# What reading an answer raises that is not of the form that was asked for.
MALFORMED = (ValueError, KeyError, TypeError)


class BrokenOff(Exception):
    """A stream that ended before its reply did."""


class NoTokenizer(Exception):
    """The server does not count tokens, for `seconds` at least."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Server:
    """A server with OpenAI's interface. Safe from any thread.

    Args:
        url, model, voice_model, api_key, timeout_s: see `RemoteEngine`.

    Raises:
        SettingsError: `url` is not an address.
    """

    def __init__(self, url: str, model: str, voice_model: str, api_key: str, timeout_s: float) -> None:
        _check(url)
        self.url = url.rstrip("/")
        self.model = model
        # Never the environment's OPENAI_API_KEY, which is meant for another server; the client insists on some key.
        self.api_key = api_key or "none"
        self.timeout_s = timeout_s
        self._voice_model = voice_model
        self._count = lru_cache(maxsize=2048)(self._ask_count)
        self._no_tokenizer_until = -math.inf

    def name_of(self, voice: Path | None) -> str:
        """The name of a voice, or of the base model, on the server."""
        if voice is None:
            return self.model
        return self._voice_model or voice.absolute().parent.name

    def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> Any:
        from openai import OpenAI

        return OpenAI(base_url=self.url, api_key=self.api_key, timeout=self.timeout_s, max_retries=0)

    # ------------------------------------------------------------------ its models

    def missing(self, voices: Sequence[Path]) -> list[str]:
        """One line for each of the model and `voices` that the server does not have, or why that is not known.

        Raises:
            EngineError: the server is away, still loading, does not answer in time, or refuses the key.
        """
        import openai

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
            except NoTokenizer as missing:
                self._no_tokenizer_until = time.monotonic() + missing.seconds
        return math.ceil(len(text) / CHARACTERS_PER_TOKEN)

    def _ask_count(self, text: str) -> int:
        import openai

        # `prompt` is vLLM's field and `content` llama.cpp's; each ignores the other's.
        body = {"model": self.model, "prompt": text, "add_special_tokens": False, "content": text}
        url = f"{self.url.removesuffix('/v1')}/tokenize"
        options = {"timeout": min(BRIEF_TIMEOUT_S, self.timeout_s)}
        try:
            answer: Any = self._client.post(url, body=body, cast_to=object, options=options)
            return int(answer["count"] if "count" in answer else len(answer["tokens"]))
        except openai.APIStatusError as error:
            raise NoTokenizer(TOKENIZER_PAUSE_S if error.status_code >= 500 else math.inf) from error
        except openai.APIConnectionError as error:
            raise NoTokenizer(TOKENIZER_PAUSE_S) from error
        except MALFORMED as error:
            raise NoTokenizer(math.inf) from error

    # ------------------------------------------------------------------ its likelihoods

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `RemoteEngine.likelihood`."""
        import openai

        for number, (_, continuation) in enumerate(pairs, 1):
            if not continuation:
                raise MessageError(
                    f"The continuation of pair {number} is empty, so it has no likelihood. Give it words."
                )
        if not pairs:
            return []
        body = {
            "model": self.model,
            "prompt": [context + continuation for context, continuation in pairs],
            "echo": True,
            "logprobs": 1,
            "max_tokens": 0,
            "temperature": 0,
            "add_special_tokens": False,  # vLLM's; a token before the text would shift the offsets
        }
        try:
            answer: Any = self._client.post("/completions", body=body, cast_to=object)
            choices = sorted(answer["choices"], key=lambda choice: int(choice["index"]))
            return [_mean(choice["logprobs"], *pair) for choice, pair in zip(choices, pairs, strict=True)]
        except openai.APIStatusError as error:
            status, reason = error.status_code, _reason(error)
            unknown = self.model in reason and "model" in reason.lower()
            if status in (401, 403, 429) or (status >= 500 and status != 501) or unknown or "context" in reason.lower():
                raise self.explained(error) from error
            raise self._has_no_likelihood(f"{status}: {reason}") from error
        except openai.APIConnectionError as error:
            raise self.explained(error) from error
        except MALFORMED as error:
            raise self._has_no_likelihood("its answer has no log-probabilities of the prompt") from error

    def _has_no_likelihood(self, why: str) -> EngineError:
        return EngineError(
            f"The server at {self.url} cannot tell how likely a text is ({why}). It would have to offer /completions "
            "with echo and logprobs, as vLLM does."
        )

    # ------------------------------------------------------------------ its failures

    def explained(self, error: Exception, voice: Path | None = None, *, begun: bool = False) -> BakerStreetError:
        """What a user is told of a failure; may ask the server which models it has.

        Args:
            error: what OpenAI's client raised, or a `BrokenOff`.
            voice: whose reply it was.
            begun: whether a part of the reply had come.
        """
        import openai

        if isinstance(error, (TimeoutError, openai.APITimeoutError)):
            return EngineError(
                f"The server at {self.url} said nothing for {self.timeout_s:g} s. See whether it is busy or still "
                f"loading, {CHECK_URL}, or raise BAKERSTREET_REMOTE_TIMEOUT."
            )
        if isinstance(error, openai.APIStatusError):
            return self._refused(error.status_code, _reason(error), voice)
        if begun or isinstance(error, BrokenOff):
            return EngineError(
                f"The reply from {self.url} broke off ({_root(error)}). Ask again; if it happens again, see the "
                "server's log."
            )
        if isinstance(error, openai.APIConnectionError):
            return EngineError(f"There is no server at {self.url} ({_root(error)}). Start it, or {CHECK_URL}.")
        return EngineError(f"The server at {self.url} failed ({_root(error)}). See its log, and {CHECK_URL}.")

    def _refused(self, status: int, reason: str, voice: Path | None) -> BakerStreetError:
        asked = self.name_of(voice)
        server = f"The server at {self.url}"
        if status in (401, 403):
            return EngineError(f"{server} refused the key ({status}: {reason}). Check BAKERSTREET_REMOTE_KEY.")
        if status == 404 or (status < 500 and asked in reason and "model" in reason.lower()):
            return self._unknown(voice, self._served_if_it_answers())
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

    def _served_if_it_answers(self) -> tuple[str, ...]:
        import openai

        try:
            return self._served(min(BRIEF_TIMEOUT_S, self.timeout_s))
        except (openai.OpenAIError, *MALFORMED):
            return ()

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


def is_worth_retrying(error: Exception) -> bool:
    """Whether the same request may succeed a moment later. After a time-out one would wait as long once more: no."""
    import httpx
    import openai

    if isinstance(error, (TimeoutError, openai.APITimeoutError)):
        return False
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 429) or error.status_code >= 500
    return isinstance(error, (openai.APIConnectionError, httpx.TransportError, BrokenOff))


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return
    except ValueError:
        pass
    raise SettingsError(f"BAKERSTREET_REMOTE_URL is not an address: {url!r}. Write it like http://127.0.0.1:8000/v1.")


def _mean(logprobs: Any, context: str, continuation: str) -> float:
    """The mean log-probability of the continuation's tokens in OpenAI's `logprobs`.

    Raises:
        KeyError, TypeError, ValueError: it has none.
    """
    begins, scores = logprobs["text_offset"], logprobs["token_logprobs"]
    length = len(context) + len(continuation)
    ends = [*begins[1:], length]
    wanted = [
        score
        for begin, end, score in zip(begins, ends, scores, strict=True)
        # A token that begins after the prompt was written by a server that writes at least one. The first has no score.
        if end > len(context) and begin < length and score is not None
    ]
    if not wanted:
        raise ValueError("no tokens")
    return math.fsum(wanted) / len(wanted)


def _reason(error: Any) -> str:
    """The server's own words; FastAPI and OpenAI put them in different places."""
    body = error.body if isinstance(error.body, dict) else {}
    return str(body.get("message") or body.get("detail") or error.response.reason_phrase)


def _root(error: BaseException) -> str:
    """The first of a chain of errors: the client's own message says little more than that it failed."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
