"""What the remote engine asks its server beside replies: which models it has, how many tokens a text has, how likely a
text is; and what a user is told when the server fails."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import lru_cache
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
ASIDE_TIMEOUT_S = 5.0  # for what is only asked on the way to something else
TOKENIZER_PAUSE_S = 30.0  # how long a tokenizer that did not answer is left alone

CHECK_URL = "check BAKERSTREET_REMOTE_URL (most addresses end in /v1)"


class BrokenOff(Exception):
    """A stream that ended before its reply did."""


class NoTokenizer(Exception):
    """The server does not count tokens, for `seconds` at least."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Server:
    """A server with OpenAI's interface.

    Args:
        url: as `RemoteEngine` takes it, as are the others.

    Raises:
        SettingsError: `url` is no address.
    """

    def __init__(self, url: str, model: str, voice_model: str, api_key: str, timeout_s: float) -> None:
        _check(url)
        self.url = url.rstrip("/")
        self.model = model
        # Never the environment's OPENAI_API_KEY, which is meant for somebody else; and a client wants some key.
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

    # ------------------------------------------------------------------ its models

    def missing(self, voices: Sequence[Path]) -> list[str]:
        """What does not look right: one line for the model and each of `voices` that is not served.

        Raises:
            EngineError: the server is away, still loading, does not answer in time, or refuses the key.
        """
        import httpx

        try:
            served = self._served(self.timeout_s)
        except httpx.TimeoutException as error:
            raise self._silent() from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status in (401, 403, 502, 503, 504):  # any other may be the list's own fault, not the server's
                raise self._refused(status, error.response.reason_phrase, None) from error
            return [f"{self.url}/models answered with {status}. If replies fail too, {CHECK_URL}."]
        except httpx.HTTPError as error:
            raise self._away(error) from error
        except (ValueError, KeyError, TypeError):
            return [f"{self.url}/models does not list models. If replies fail too, {CHECK_URL}."]
        return [str(self._unknown(voice, served)) for voice in (None, *voices) if self.name_of(voice) not in served]

    def _served(self, timeout_s: float) -> tuple[str, ...]:
        """The names of its models, adapters among them."""
        import httpx

        response = httpx.get(f"{self.url}/models", headers=self._headers(), timeout=timeout_s)
        response.raise_for_status()
        return tuple(str(item["id"]) for item in response.json()["data"])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    # ------------------------------------------------------------------ its tokenizer

    def count(self, text: str) -> int:
        """How many tokens a text has: by the server's tokenizer where it offers one, else estimated."""
        if text and time.monotonic() >= self._no_tokenizer_until:
            try:
                return self._count(text)
            except NoTokenizer as missing:
                self._no_tokenizer_until = time.monotonic() + missing.seconds
        return math.ceil(len(text) / CHARACTERS_PER_TOKEN)

    def _ask_count(self, text: str) -> int:
        """Asked as vLLM and as llama.cpp want it; each leaves the other's fields alone."""
        import httpx

        asked = {"model": self.model, "prompt": text, "add_special_tokens": False, "content": text}
        try:
            response = httpx.post(
                f"{self.url.removesuffix('/v1')}/tokenize",
                json=asked,
                headers=self._headers(),
                timeout=min(ASIDE_TIMEOUT_S, self.timeout_s),
            )
        except httpx.HTTPError as error:
            raise NoTokenizer(TOKENIZER_PAUSE_S) from error
        if response.status_code >= 500:
            raise NoTokenizer(TOKENIZER_PAUSE_S)
        try:
            answer = response.raise_for_status().json()
            return int(answer["count"] if "count" in answer else len(answer["tokens"]))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise NoTokenizer(math.inf) from error

    # ------------------------------------------------------------------ its likelihoods

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """As `RemoteEngine.likelihood`."""
        import httpx

        for number, (_, continuation) in enumerate(pairs, 1):
            if not continuation:
                raise MessageError(
                    f"The continuation of pair {number} is empty, so there is no likelihood to tell. Give it words."
                )
        if not pairs:
            return []
        asked = {
            "model": self.model,
            "prompt": [context + continuation for context, continuation in pairs],
            "echo": True,
            "logprobs": 1,
            "max_tokens": 0,
            "temperature": 0,
            "add_special_tokens": False,  # vLLM's; a mark at the beginning would move the offsets
        }
        try:
            response = httpx.post(
                f"{self.url}/completions", json=asked, headers=self._headers(), timeout=self.timeout_s
            )
        except httpx.TimeoutException as error:
            raise self._silent() from error
        except httpx.HTTPError as error:
            raise self._away(error) from error
        if response.is_error:
            raise self._no_likelihood(response)
        try:
            choices = sorted(response.json()["choices"], key=lambda choice: int(choice["index"]))
            return [_mean(choice["logprobs"], *pair) for choice, pair in zip(choices, pairs, strict=True)]
        except (ValueError, KeyError, TypeError) as error:
            raise self._cannot_tell("its answer has no log-probabilities of the prompt") from error

    def _no_likelihood(self, response: Any) -> BakerStreetError:
        """What a user is told where the server answered with an error."""
        status = response.status_code
        reason = _words(response)
        unknown = self.model in reason and "model" in reason.lower()
        if status in (401, 403, 429) or (status >= 500 and status != 501) or unknown or "context" in reason.lower():
            return self._refused(status, reason, None)
        return self._cannot_tell(f"{status}: {reason}")

    def _cannot_tell(self, why: str) -> EngineError:
        return EngineError(
            f"The server at {self.url} cannot tell how likely a text is ({why}). It would have to offer /completions "
            "with echo and logprobs, as vLLM does."
        )

    # ------------------------------------------------------------------ its failures

    def told(self, error: Exception, voice: Path | None, *, begun: bool) -> BakerStreetError:
        """What a user is told of a failed reply; may ask the server which models it has.

        Args:
            error: what LangChain's client raised.
            voice: whose reply it was.
            begun: whether a part of the reply had come.
        """
        import openai

        if isinstance(error, (TimeoutError, openai.APITimeoutError)):
            return self._silent()
        if isinstance(error, openai.APIStatusError):
            return self._refused(error.status_code, _reason(error), voice)
        if begun or isinstance(error, BrokenOff):
            return EngineError(
                f"The reply from {self.url} broke off ({_root(error)}). Ask again; if it happens again, see the "
                "server's log."
            )
        if isinstance(error, openai.APIConnectionError):
            return self._away(error)
        return EngineError(f"The server at {self.url} failed ({_root(error)}). See its log, and {CHECK_URL}.")

    def _away(self, error: Exception) -> EngineError:
        return EngineError(f"There is no server at {self.url} ({_root(error)}). Start it, or {CHECK_URL}.")

    def _silent(self) -> EngineError:
        return EngineError(
            f"The server at {self.url} said nothing for {self.timeout_s:g} s. See whether it is busy or still loading, "
            f"{CHECK_URL}, or raise BAKERSTREET_REMOTE_TIMEOUT."
        )

    def _refused(self, status: int, reason: str, voice: Path | None) -> BakerStreetError:
        asked = self.name_of(voice)
        server = f"The server at {self.url}"
        if status in (401, 403):
            return EngineError(f"{server} refused the key ({status}: {reason}). Check BAKERSTREET_REMOTE_KEY.")
        if status == 404 or (status < 500 and asked in reason and "model" in reason.lower()):
            return self._unknown(voice, self._served_if_told())
        if status == 429:
            return BusyError(f"{server} has too much to do ({reason}). Ask again in a moment.")
        if status < 500 and "context" in reason.lower():
            return MessageError(
                f"{server} refused the prompt ({reason}). Shorten the message, or set BAKERSTREET_CONTEXT_TOKENS to "
                "what the server's model has."
            )
        if status < 500:
            return EngineError(
                f"{server} refused the request ({status}: {reason}). See whether it speaks OpenAI's chat interface; if "
                "it names continue_final_message, set BAKERSTREET_REMOTE_OPENINGS=false."
            )
        return EngineError(f"{server} failed ({status}: {reason}). See its log, start it again, or {CHECK_URL}.")

    def _served_if_told(self) -> tuple[str, ...]:
        import httpx

        try:
            return self._served(min(ASIDE_TIMEOUT_S, self.timeout_s))
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return ()

    def _unknown(self, voice: Path | None, served: Sequence[str]) -> ModelError:
        asked = self.name_of(voice)
        if asked in served:
            return ModelError(f"The server at {self.url} has the model '{asked}', but no chat with it; {CHECK_URL}.")
        has = f"it has: {', '.join(served)}" if served else "which it has, it does not say"
        known = f"The server at {self.url} has no model '{asked}'; {has}."
        if voice is None:
            return ModelError(f"{known} Set BAKERSTREET_REMOTE_MODEL to one of its models, or {CHECK_URL}.")
        return VoiceError(
            f"{known} Start it with the voice (vLLM: --enable-lora --lora-modules {asked}={voice}), or set "
            "BAKERSTREET_REMOTE_VOICE to the name that the voice has there."
        )


def may_pass(error: Exception) -> bool:
    """Whether it is worth asking again. Who was silent once would be waited for as long again, so a time-out is not."""
    import openai

    if isinstance(error, (TimeoutError, openai.APITimeoutError)):
        return False
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 429) or error.status_code >= 500
    return isinstance(error, (openai.APIConnectionError, BrokenOff))


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return
    except ValueError:
        pass
    raise SettingsError(f"BAKERSTREET_REMOTE_URL is no address: {url!r}. Write it like http://127.0.0.1:8000/v1.")


def _mean(told: Any, context: str, continuation: str) -> float:
    """The mean log-probability of the continuation's tokens in OpenAI's `logprobs`.

    Raises:
        KeyError, TypeError, ValueError: they are not told.
    """
    begins, chances = told["text_offset"], told["token_logprobs"]
    whole = len(context) + len(continuation)
    ends = [*begins[1:], whole]
    wanted = [
        chance
        for begin, end, chance in zip(begins, ends, chances, strict=True)
        # What begins behind the prompt, a server wrote that writes one token at least. The first token has no chance.
        if end > len(context) and begin < whole and chance is not None
    ]
    if not wanted:
        raise ValueError("no tokens")
    return math.fsum(wanted) / len(wanted)


def _words(response: Any) -> str:
    """The server's own words for an error."""
    try:
        body = response.json()
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    inner = body["error"] if isinstance(body.get("error"), dict) else body
    return str(inner.get("message") or inner.get("detail") or response.reason_phrase)


def _reason(error: Any) -> str:
    """The server's own words; FastAPI and OpenAI put them in different places."""
    body = error.body if isinstance(error.body, dict) else {}
    return str(body.get("message") or body.get("detail") or error.response.reason_phrase)


def _root(error: BaseException) -> str:
    """What a chain of errors began with: the client's own words say little more than that it failed."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
