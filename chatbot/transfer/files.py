"""Files of conversations: written whole or not at all, read and taken in whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from chatbot import DEFAULT_PERSONA
from chatbot.errors import TransferError
from chatbot.json_text import JsonTextError, parse_object
from chatbot.transfer import jsonl, readable, sillytavern
from chatbot.transfer.branch import branch_of
from memory import Added, BadRow, OwnMemory, Row, Transfer

MAX_LINE = 32 * 2**20  # bytes; a turn with its trace has some ten thousand
Named = Callable[[str], str]  # the name of a persona, by its id


@dataclass(frozen=True)
class Format:
    """A form in which conversations are written.

    Attributes:
        label: its name for users.
        suffix: of its files, with the dot.
        single: whether a file holds one conversation.
    """

    label: str
    suffix: str
    single: bool = False


FORMATS = {
    "jsonl": Format("Everything, to be imported again (JSON Lines)", ".jsonl"),
    "sillytavern": Format("SillyTavern chat", ".jsonl", single=True),
    "markdown": Format("Markdown", ".md"),
    "html": Format("Web page (HTML)", ".html"),
}


@dataclass(frozen=True)
class Written:
    """How many conversations a file holds."""

    conversations: int


def file_name(own: OwnMemory, form: str, conversation_id: str | None = None) -> str:
    """A name for the file of a conversation, or of all: lower case letters, digits and hyphens, and the suffix.

    Raises:
        MemoryStoreError: there is no such conversation, or another user has it.
    """
    title = own.conversation(conversation_id).title if conversation_id else "conversations"
    words = re.sub(r"[^\w]+", "-", title.lower()).strip("-_")[:60].rstrip("-_")
    return f"{words or 'conversation'}{FORMATS[form].suffix}"


def export_file(
    own: OwnMemory, file: Path, form: str = "jsonl", conversation_id: str | None = None, named: Named = str
) -> Written:
    """Write a user's conversations, or one of them, to a file. One that is there stays until the new one is whole.

    Raises:
        TransferError: the file cannot be written, or the form holds one conversation and none is named.
        MemoryStoreError: there is no such conversation, another user has it, or the database refuses.
    """
    partial = file.with_name(f"{file.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            written = export_to(own, stream, form, conversation_id, named)
        partial.replace(file)
        return written
    except OSError as error:
        raise TransferError(f"{file} cannot be written: {error.strerror}. Name a file in a folder of yours.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def export_to(
    own: OwnMemory, stream: TextIO, form: str = "jsonl", conversation_id: str | None = None, named: Named = str
) -> Written:
    """The same to an open stream.

    Args:
        own: the user's memory.
        stream: takes the text.
        form: one of `FORMATS`.
        conversation_id: the one to be written; default: all.
        named: gives the name of a persona by its id.
    """
    if form not in FORMATS:
        raise TransferError(f"There is no format '{form}'. Use one of: {', '.join(FORMATS)}.")
    if FORMATS[form].single and conversation_id is None:
        raise TransferError(f"A file of the format '{form}' holds one conversation. Name it.")
    transfer = own.transfer()
    chosen = transfer.conversations(own.conversation(conversation_id).id if conversation_id else None)
    for text in _texts(transfer, chosen, form, named, by_hand=conversation_id is None):
        # Half of a surrogate pair, which a trace may have, is no character of UTF-8.
        stream.write(text.encode("utf-8", "replace").decode("utf-8"))
    return Written(len(chosen))


def import_file(own: OwnMemory, file: Path, persona: str = DEFAULT_PERSONA, mode: str = "standard") -> Added:
    """Take in a file of conversations, JSON Lines or a SillyTavern chat, as the user's own: all of it or nothing.

    Args:
        own: the user's memory.
        file: is read as a stream.
        persona: whose conversation a SillyTavern chat becomes that does not say.
        mode: the mode of its turns, likewise.

    Raises:
        TransferError: the file cannot be read, or a line of it is wrong; the message names the line.
        MemoryStoreError: the database refuses.
    """
    try:
        return own.transfer().add(_rows(_objects(file), persona, mode))
    except BadRow as error:
        raise TransferError(f"{file.name}, {error} Nothing was imported.") from error


def _texts(transfer: Transfer, chosen: list[Row], form: str, named: Named, *, by_hand: bool) -> Iterator[str]:
    if form == "jsonl":
        yield from jsonl.written(transfer, chosen, by_hand=by_hand)
        return
    write = {"sillytavern": sillytavern.written, "markdown": readable.markdown, "html": readable.html}[form]
    if form == "html":
        yield readable.HEAD
    for conversation in chosen:
        values = conversation.values
        yield from write(values, branch_of(transfer, values), named(values["persona"]))
    if form == "html":
        yield readable.FOOT


def _rows(objects: Iterator[tuple[int, dict[str, Any]]], persona: str, mode: str) -> Iterator[Row]:
    first = next(objects, None)
    if first is None:
        raise BadRow(1, "is missing: the file is empty.")
    if jsonl.is_ours(first[1]):
        yield from jsonl.rows(_again(first, objects))
    elif sillytavern.is_chat(first[1]):
        yield from sillytavern.rows(_again(first, objects), persona, mode)
    else:
        raise BadRow(1, f"begins neither an export ('format': '{jsonl.FORMAT}') nor a SillyTavern chat ('user_name').")


def _again(first: tuple[int, dict[str, Any]], rest: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[Any]:
    yield first
    yield from rest


def _objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file, each with the number of its line.

    Raises:
        BadRow: a line is none, or not UTF-8.
        TransferError: the file cannot be read.
    """
    try:
        with file.open("rb") as stream:
            number = 0
            while data := stream.readline(MAX_LINE + 1):
                number += 1
                if len(data) > MAX_LINE:
                    raise BadRow(number, f"is longer than {MAX_LINE // 2**20} MB.")
                try:
                    text = data.decode("utf-8-sig" if number == 1 else "utf-8")
                    if "\x00" in text:
                        raise JsonTextError("has a NUL in it; the file is damaged, or no text")
                    if text.strip():
                        yield number, parse_object(text)
                except UnicodeDecodeError as error:
                    raise BadRow(number, f"is not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
                except JsonTextError as error:
                    raise BadRow(number, f"{error}.") from error
    except OSError as error:
        raise TransferError(f"{file} cannot be read: {error.strerror}. Name a file that is there.") from error
