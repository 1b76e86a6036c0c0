"""From messages to token ids with transformers' tokenizer, as training needs it.

The engines use `tokenizer.ChatTokenizer`, which does not import transformers; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot.prompts import Message


def encode_messages(tokenizer: Any, messages: Sequence[Message], *, answer_next: bool) -> list[int]:
    """Token ids of `messages`, shape (tokens,); with `answer_next` the assistant's turn is opened at the end."""
    dicts = [{"role": message.role, "content": message.content} for message in messages]
    text = tokenizer.apply_chat_template(dicts, tokenize=False, add_generation_prompt=answer_next)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
