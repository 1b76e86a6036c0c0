"""A branch of a conversation as LangChain's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbot.transfer.branch import branch_of, conversation_of

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from memory import OwnMemory


def branch_messages(own: OwnMemory, conversation_id: str, turn_id: str | None = None) -> list[BaseMessage]:
    """The branch from the root to `turn_id` (default: the one that is looked at), for a chain or agent to go on from.

    The greeting and every reply is an `AIMessage` with its turn's id, mode and state in `response_metadata`, every
    question a `HumanMessage`. A reply of which nothing was written is left out.

    Raises:
        TransferError: there is no such turn.
        MemoryStoreError: there is no such conversation, or another user has it.
    """
    from langchain_core.messages import AIMessage, HumanMessage

    conversation = conversation_of(own, conversation_id)
    messages: list[BaseMessage] = [AIMessage(conversation["greeting"])] if conversation["greeting"] else []
    for said in branch_of(own.transfer(), conversation, turn_id):
        turn = said.turn
        if turn["question"]:
            messages.append(HumanMessage(turn["question"]))
        if turn["reply"]:
            about = {"turn_id": turn["id"], "mode": turn["mode"], "state": turn["state"]}
            messages.append(AIMessage(turn["reply"], response_metadata=about))
    return messages
