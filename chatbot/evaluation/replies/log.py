"""The replies of a run in a file, so that a run that was stopped can go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from chatbot.errors import MessageError
from chatbot.evaluation.replies.answers import Answer, TalkReply
from chatbot.evaluation.run_log import RunLog, read_log

_FORM: TypeAdapter[Answer | TalkReply] = TypeAdapter(Answer | TalkReply)


class AnswerLog(RunLog[Answer | TalkReply]):
    """Replies in a file; see `RunLog`."""

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        super().__init__(file, about, _FORM)

    @classmethod
    def read(cls, file: Path) -> list[Answer | TalkReply]:
        """The replies in a file, whatever they were asked about; the file stays as it is.

        Raises:
            MessageError: it cannot be read, or is something else.
        """
        try:
            return read_log(file, _FORM)[1]
        except (OSError, UnicodeError) as error:
            raise MessageError(f"The replies in {file} cannot be read: {error}.") from error

    @property
    def answers(self) -> Sequence[Answer]:
        """Those to questions."""
        return [reply for reply in self.kept if isinstance(reply, Answer)]

    @property
    def talk(self) -> Sequence[TalkReply]:
        """Those in conversations."""
        return [reply for reply in self.kept if isinstance(reply, TalkReply)]
