"""From messages to token ids, by the model's own chat template: as training needs them: with transformers' tokenizer.

The engines have `tokenizer.ChatTokenizer`, which needs no transformers; a test holds the two against each other.
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
