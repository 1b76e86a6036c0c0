"""A reply that grows token by token: what an engine in this process keeps of a request that it is answering."""

from __future__ import annotations

from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.types import Finish, Generation
from chatbot.errors import MessageError

REPLACEMENT = "\ufffd"  # what the tokenizer decodes to where a character's last bytes are still missing


class Reply:
    """The tokens of one request so far; its text is handed to the reader as it grows.

    Args:
        generation: the reader's end.
        tokenizer: the model's.
        window: the most tokens of prompt and reply together.

    Attributes:
        tokens: ids of the prompt, of the opening and of what the model wrote, in this order.
        prompt_tokens: how many of them are the prompt's.
        cached_tokens: how many of them were found in the key/value cache.
        finish: why it ended; None while it goes on.

    Raises:
        MessageError: the prompt leaves no room for a reply.
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
        self._given = len(self.tokens)  # prompt and opening
        self._tokenizer = tokenizer
        self._window = window
        self._first_token: float | None = None
        if self._given >= window:
            raise MessageError(
                f"The prompt has {self._given} tokens and the window {window}. Shorten the message, or raise "
                "BAKERSTREET_CONTEXT_TOKENS."
            )

    @property
    def written(self) -> list[int]:
        """The ids that the model wrote."""
        return self.tokens[self._given :]

    @property
    def room(self) -> int:
        """How many more tokens may be written."""
        limit = self.generation.request.sampling.max_new_tokens
        return min(self._given + limit, self._window) - len(self.tokens)

    def take(self, token: int, end_tokens: frozenset[int], now: float) -> None:
        """Add a token, hand its text to the reader, and set `finish` if the reply ends here.

        Args:
            token: its id.
            end_tokens: the ids that end a reply.
            now: `time.perf_counter()`.
        """
        if self._first_token is None:
            self._first_token = now
        if token in end_tokens:
            self.finish = "stop"
            self._push_text()  # the opening is handed over even where nothing follows it
            return
        self.tokens.append(token)
        self._push_text()
        if self.room <= 0:
            self.finish = "length"
        elif self.generation.cancelled:
            self.finish = "cancelled"

    def complete(self) -> None:
        """Tell the reader that the reply has ended."""
        self.generation.complete(
            self.finish or "cancelled",
            prompt_tokens=self.prompt_tokens,
            cached_tokens=min(self.cached_tokens, self.prompt_tokens),  # some of an opening may be cached too
            reply_tokens=len(self.tokens) - self._given,
            first_token=self._first_token,
        )

    def _push_text(self) -> None:
        said = self.generation.text
        text = self._tokenizer.decode(self.tokens[self.prompt_tokens :])
        if text.endswith(REPLACEMENT) or not text.startswith(said):
            return  # a character of several tokens; it is handed over when it is complete
        if len(text) > len(said):
            self.generation.push(text[len(said) :])
