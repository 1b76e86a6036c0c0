"""SillyTavern's chats (JSONL): one branch of a conversation, with the versions of each reply as its swipes.

The first line is a header (`user_name`, `character_name`, `create_date`, `chat_metadata`), every other a message
(`name`, `is_user`, `mes`, `send_date`, and for a reply `swipes`, `swipe_id` and `swipe_info`). What SillyTavern has no
place for stands under `bakerstreet` in `chat_metadata` and `extra`, which it keeps: persona, title, mode, state.

Messages before the user's first are the greeting. A message of the user that is followed by another is a turn without a
reply, and a reply that follows a reply a turn without a question.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chatbot.transfer.branch import Said, Values
from chatbot.transfer.jsonl import Lines, check_turn
from memory import BadRow, Row

OURS = "bakerstreet"
TITLE = 60  # characters
_DATES = (
    (re.compile(r"\d{4}-\d\d?-\d\d? ?@\d\d?h ?\d\d?m ?\d\d?s"), "%Y-%m-%d@%Hh%Mm%Ss"),
    (re.compile(r"[A-Z][a-z]+ \d\d?, \d{4} \d\d?:\d\d ?[ap]m"), "%B %d, %Y %I:%M%p"),
)


def written(conversation: Values, branch: Iterable[Said], name: str, user: str = "User") -> Iterator[str]:
    """The lines of a chat.

    Args:
        conversation: its columns.
        branch: what was said.
        name: of the persona.
        user: what SillyTavern calls the user.
    """
    ours = {key: conversation[key] for key in ("persona", "title")}
    yield _line(
        {
            "user_name": user,
            "character_name": name,
            "create_date": conversation["created_at"],
            "chat_metadata": {OURS: ours},
        }
    )
    if conversation["greeting"]:
        yield _line(_message(name, False, conversation["greeting"], conversation["created_at"]))
    for said in branch:
        if said.turn["question"]:
            yield _line(_message(user, True, said.turn["question"], said.versions[0]["created_at"], _extra(said.turn)))
        if said.turn["reply"] or len(said.versions) > 1:
            info = [{"send_date": _ended(turn), "extra": _extra(turn)} for turn in said.versions]
            reply = _message(name, False, said.turn["reply"], _ended(said.turn), _extra(said.turn))
            swipes = [turn["reply"] for turn in said.versions]
            yield _line({**reply, "swipe_id": said.chosen, "swipes": swipes, "swipe_info": info})


def is_chat(first: Mapping[str, Any]) -> bool:
    """Whether a file that begins with this object is a chat."""
    return "user_name" in first or "character_name" in first or "chat_metadata" in first


def rows(lines: Lines, persona: str, mode: str) -> Iterator[Row]:
    """The rows of a chat, which is held in memory as a whole.

    Args:
        lines: its objects.
        persona: whose conversation it becomes, where the chat does not say.
        mode: the mode of its turns, likewise.

    Raises:
        BadRow: a line is wrong.
    """
    chat = _Chat(mode)
    for number, data in lines:
        if not chat.conversation:
            chat.begin(data, persona)
        else:
            chat.take(number, data)
    yield from chat.rows()


@dataclass
class _Chat:
    """A chat that is being read."""

    mode: str
    conversation: dict[str, Any] = field(default_factory=dict)
    turns: list[Row] = field(default_factory=list)
    greeting: list[str] = field(default_factory=list)
    asked: tuple[int, str, Mapping[str, Any]] | None = None  # line, text and message of a question without a reply
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def begin(self, data: Mapping[str, Any], persona: str) -> None:
        self.moment = _moment(data.get("create_date"), self.moment)
        ours = _object(_object(data.get("chat_metadata")).get(OURS))
        self.conversation = {
            "id": uuid4().hex,
            "persona": ours.get("persona", persona),
            "title": ours.get("title", ""),
            "head_id": None,
            "created_at": self.moment.isoformat(),
        }

    def take(self, line: int, data: Mapping[str, Any]) -> None:
        text, by_user = data.get("mes"), data.get("is_user", False)
        if not isinstance(text, str) or not isinstance(by_user, bool):
            raise BadRow(line, "is no message: it needs a text 'mes', and 'is_user' as true or false.")
        if "\x00" in text:
            raise BadRow(line, "has a NUL in it, which no database can store; take it out.")
        if by_user:
            self._leave_unanswered()
            self.asked = line, text, data
            self.moment = _moment(data.get("send_date"), self.moment)
        elif not self.turns and self.asked is None:
            self.greeting.append(text)
        else:
            self._answer(line, text, data)

    def rows(self) -> Iterator[Row]:
        self._leave_unanswered()
        first = next((row.values["question"] for row in self.turns if row.values["question"]), "")
        title = self.conversation["title"] or textwrap.shorten(first, TITLE, placeholder="…")
        rest = {"title": title, "greeting": "\n\n".join(self.greeting), "updated_at": self.moment.isoformat()}
        yield Row("conversation", self.conversation | rest, 1)
        yield from self.turns

    def _answer(self, line: int, text: str, data: Mapping[str, Any]) -> None:
        swipes, chosen, infos = data.get("swipes") or [text], data.get("swipe_id", 0), data.get("swipe_info")
        if not isinstance(swipes, list) or not all(isinstance(swipe, str) for swipe in swipes):
            raise BadRow(line, "has 'swipes' that are no list of texts.")
        if not isinstance(chosen, int) or not 0 <= chosen < len(swipes):
            raise BadRow(line, f"has a 'swipe_id' that is none of its {len(swipes)} swipes, counted from 0.")
        swipes[chosen] = text  # what was edited stands there alone
        infos = infos if isinstance(infos, list) and len(infos) == len(swipes) else [data] * len(swipes)
        question_line, question, _ = self.asked or (line, "", {})
        asked_at, parent = self.moment, self.conversation["head_id"]
        for number, (reply, info) in enumerate(zip(swipes, map(_object, infos), strict=True)):
            ended = _moment(info.get("send_date"), asked_at)
            # The order of versions is that of their times.
            self._add(question_line, question, parent, asked_at + timedelta(microseconds=number), reply, ended, info)
        self.conversation["head_id"] = self.turns[chosen - len(swipes)].values["id"]
        self.moment = max(self.moment, _moment(data.get("send_date"), self.moment))
        self.asked = None

    def _leave_unanswered(self) -> None:
        if self.asked is not None:
            line, question, data = self.asked
            self._add(line, question, self.conversation["head_id"], self.moment, "", None, data)
            self.conversation["head_id"] = self.turns[-1].values["id"]
            self.asked = None

    def _add(
        self,
        line: int,
        question: str,
        parent: str | None,
        asked: datetime,
        reply: str,
        ended: datetime | None,
        info: Mapping[str, Any],
    ) -> None:
        ours = _object(_object(info.get("extra")).get(OURS))
        values = {
            "id": uuid4().hex,
            "parent_id": parent,
            "mode": ours.get("mode", self.mode),
            "question": question,
            "reply": reply,
            "state": ours.get("state", "done" if ended else "stopped"),
            "created_at": asked.isoformat(),
            "completed_at": ended.isoformat() if ended else None,
        }
        row = Row("turn", values, line)
        check_turn(row)
        self.turns.append(row)


def _message(name: str, by_user: bool, text: str, when: str, extra: Values | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "is_user": by_user,
        "is_system": False,
        "send_date": when,
        "mes": text,
        "extra": extra or {},
    }


def _extra(turn: Values) -> dict[str, Any]:
    return {OURS: {"mode": turn["mode"], "state": turn["state"]}}


def _ended(turn: Values) -> str:
    return str(turn["completed_at"] or turn["created_at"])


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(value: Any, otherwise: datetime) -> datetime:
    """A date in one of the forms that SillyTavern has had over the years; those without a zone are taken for UTC."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        text = str(value)
        for form, written_as in _DATES:
            if found := form.match(text):
                plain = found[0].replace(" ", "") if "@" in found[0] else re.sub(r" ([ap]m)$", r"\1", found[0])
                return datetime.strptime(plain, written_as).replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return moment if moment.year < MAXYEAR else otherwise
    except (ValueError, OverflowError, OSError):
        return otherwise


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
