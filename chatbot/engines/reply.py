"""A reply that grows token by token: what every engine in this process keeps of a request that it is answering."""

from __future__ import annotations

from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.types import Completion, Finish, Generation

REPLACEMENT = "\ufffd"  # what the tokenizer gives for a character whose bytes are not all there yet


class Reply:
    """The tokens of one request so far, and its text, handed to the reader as it grows.

    Attributes:
        tokens: the prompt's, the opening's and what was written.
        prompt_tokens: how many of them are the prompt's.
        cached_tokens: how many of them did not have to be read.
        finish: why it ended; None while it goes on.
    """

    def __init__(self, generation: Generation, tokenizer: ChatTokenizer, window: int) -> None:
        self.generation = generation
        request = generation.request
        prompt = tokenizer.encode_messages(request.messages)
        opening = tokenizer.encode(request.opening) if request.opening else []
        self.tokens = [*prompt, *opening]
        self.prompt_tokens = len(prompt)
        self.cached_tokens = 0
        self.finish: Finish | None = None
        self._given = len(self.tokens)
        self._tokenizer = tokenizer
        self._window = window
        self._text = ""
        self._first_token: float | None = None

    @property
    def too_long(self) -> bool:
        """Whether the prompt leaves no room for a reply."""
        return self._given >= self._window

    @property
    def written(self) -> list[int]:
        """The ids that the model wrote."""
        return self.tokens[self._given :]

    @property
    def room(self) -> int:
        """How many more tokens may be written."""
        limit = self.generation.request.sampling.max_new_tokens
        return min(limit - len(self.written), self._window - len(self.tokens))

    def take(self, token: int, end_tokens: frozenset[int], now: float) -> None:
        """Add a token, hand its text on, and see whether the reply ends here.

        Args:
            token: its id.
            end_tokens: the ids that end a reply.
            now: `time.perf_counter()`.
        """
        if self._first_token is None:
            self._first_token = now
        if token in end_tokens:
            self.finish = "stop"
            self._say()  # the opening is said even where nothing follows it
        else:
            self.tokens.append(token)
            self._say()
            if self.room <= 0:
                self.finish = "length"
        if self.generation.cancelled and self.finish is None:
            self.finish = "cancelled"

    def complete(self, now: float) -> None:
        """Tell the reader that the reply has ended."""
        began = self.generation.submitted
        self.generation.finish(
            Completion(
                text=self._text,
                finish=self.finish or "cancelled",
                prompt_tokens=self.prompt_tokens,
                cached_tokens=self.cached_tokens,
                reply_tokens=len(self.written),
                first_token_ms=((self._first_token or now) - began) * 1000,
                total_ms=(now - began) * 1000,
            )
        )

    def _say(self) -> None:
        text = self._tokenizer.decode(self.tokens[self.prompt_tokens :])
        if text.endswith(REPLACEMENT) or not text.startswith(self._text):
            return  # a character of several tokens; it is said when it is whole
        if len(text) > len(self._text):
            self.generation.push(text[len(self._text) :])
            self._text = text
