"""A small server with OpenAI's chat interface around the real engine: what the remote engine is tested against.

    python tests/openai_server.py

It prints its port when it is ready, and ends when its standard input is closed, as it is when its parent dies. The base
model goes by `base`, the built-in persona's voice by `sherlock`. As vLLM does, it continues a last message with
`continue_final_message`, and counts at `/tokenize`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi import Request as WebRequest
from fastapi.responses import JSONResponse, StreamingResponse

from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.engines.types import Completion, Generation, Request, Sampling
from chatbot.prompts import Message
from chatbot.settings import load_settings
from personas import load_persona


def read_request(body: dict[str, Any], voices: dict[str, Path | None]) -> Request:
    """The engine's request for a body of OpenAI's interface."""
    messages = [Message(item["role"], item["content"]) for item in body["messages"]]
    opening = messages.pop().content if body.get("continue_final_message") else ""
    sampling = Sampling(
        max_new_tokens=body["max_tokens"],
        temperature=body.get("temperature", 1.0),
        top_p=body.get("top_p", 1.0),
        presence_penalty=body.get("presence_penalty", 0.0),
        seed=body.get("seed", 0),
    )
    return Request(tuple(messages), voices[body["model"]], sampling, opening)


def usage(completion: Completion) -> dict[str, Any]:
    """Token counts in OpenAI's form."""
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.reply_tokens,
        "total_tokens": completion.prompt_tokens + completion.reply_tokens,
        "prompt_tokens_details": {"cached_tokens": completion.cached_tokens},
    }


async def pieces(generation: Generation) -> AsyncIterator[str]:
    """The pieces of a reply without the opening that it was given."""
    skip = len(generation.request.opening)
    following = iter(generation)
    while (piece := await asyncio.to_thread(next, following, None)) is not None:
        said, skip = piece[skip:], max(0, skip - len(piece))
        if said:
            yield said


def make_app(engine: OpenVinoEngine, voices: dict[str, Path | None]) -> FastAPI:
    """The web application."""
    app = FastAPI()
    running: set[Generation] = set()

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in voices]}

    @app.get("/running")
    def count_running() -> int:
        return len(running)

    @app.post("/tokenize")
    def tokenize(body: dict[str, Any]) -> dict[str, Any]:
        return {"count": engine.count(body["prompt"])}

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(web: WebRequest, body: dict[str, Any]) -> JSONResponse | StreamingResponse:
        if body["model"] not in voices:
            message = f"The model `{body['model']}` does not exist."
            return JSONResponse({"error": {"message": message, "code": 404}}, 404)
        generation = engine.submit(read_request(body, voices))
        running.add(generation)
        return StreamingResponse(stream(web, generation, body["model"]), media_type="text/event-stream")

    async def stream(web: WebRequest, generation: Generation, model: str) -> AsyncIterator[str]:
        head = {"id": "chat-1", "model": model, "created": 0, "object": "chat.completion.chunk"}

        def event(*choices: dict[str, Any], **more: Any) -> str:
            return f"data: {json.dumps(head | {'choices': choices} | more)}\n\n"

        try:
            yield event({"index": 0, "delta": {"role": "assistant", "content": ""}})
            async for piece in pieces(generation):
                if await web.is_disconnected():
                    return
                yield event({"index": 0, "delta": {"content": piece}})
            yield event({"index": 0, "delta": {}, "finish_reason": generation.completion.finish})
            yield event(usage=usage(generation.completion))
            yield "data: [DONE]\n\n"
        finally:
            generation.cancel()
            running.discard(generation)

    return app


def main() -> None:
    """Serve until standard input is closed."""
    settings = load_settings()
    voice = load_persona("sherlock").voice
    assert voice is not None
    engine = OpenVinoEngine(settings.model, settings.models_dir, threads=settings.cpu_threads())
    engine.warm([voice])
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(make_app(engine, {"base": None, "sherlock": voice}), log_level="warning")

    def end_with_parent() -> None:
        sys.stdin.read()
        os._exit(0)  # the engine's worker and open streams do not matter any more

    threading.Thread(target=end_with_parent, daemon=True).start()
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
