"""An engine as a LangChain chat model, so that any chain can use a voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from chatbot.engines.types import Completion, Generation, Request, Sampling
from chatbot.errors import MessageError
from chatbot.prompts import Message, Role

_ROLES: dict[str, Role] = {"system": "system", "human": "user", "ai": "assistant"}


class EngineChatModel(BaseChatModel):
    """A `BaseChatModel` over an `Engine`.

    Attributes:
        engine: the `Engine` that generates.
        voice: the adapter's folder; None: the base model.
        sampling: how tokens are chosen.
    """

    engine: Any = Field(exclude=True)
    voice: Path | None = None
    sampling: Sampling = Sampling()

    @property
    def _llm_type(self) -> str:
        return "bakerstreet"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = Request(tuple(_message(message) for message in messages), self.voice, self.sampling)
        generation: Generation = self.engine.submit(request)
        said = ""
        try:
            for piece in generation:
                text, ended = _cut(said + piece, stop)
                piece, said = text[len(said) :], text
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
                if run_manager:
                    run_manager.on_llm_new_token(piece, chunk=chunk)
                yield chunk
                if ended:
                    break
        finally:
            generation.cancel()  # frees its place if the reader leaves early; after the end it has no effect
        usage = _usage(generation.completion)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))


def _message(message: BaseMessage) -> Message:
    role = _ROLES.get(message.type)
    if role is None:
        raise MessageError(
            f"A message of the type '{message.type}' cannot be given to this model. Use system, human or ai messages."
        )
    return Message(role, message.text)


def _cut(text: str, stop: Sequence[str] | None) -> tuple[str, bool]:
    """`text` up to the first of the stop strings, and whether it holds one."""
    places = [text.find(mark) for mark in stop or () if mark in text]
    return (text[: min(places)], True) if places else (text, False)


def _usage(completion: Completion) -> Any:
    return {
        "input_tokens": completion.prompt_tokens,
        "output_tokens": completion.reply_tokens,
        "total_tokens": completion.prompt_tokens + completion.reply_tokens,
    }
