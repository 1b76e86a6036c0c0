"""Does a reply stay in character? What tells that it does not, in patterns and by its tone; microseconds of a CPU.

It breaks character where he says that he is a program or made up (`Talk.not_a_person`), uses a word of later times that
neither his books nor the visitor used, does what just this message was to make him do (its own patterns), or sounds
like somebody else altogether. That a reply is foolish or beside the point is no matter of character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.judges.tone import ToneMeter
from chatbot.language import QUOTED, Language, is_later, to_plain, words_of

LEAST_TONE = 0.002  # below it a reply is somebody else's; of a persona's own lines, not one in a hundred is
SHORT = 4  # words: the tone of a shorter reply says nothing


@dataclass(frozen=True)
class CharacterJudge:
    """Judges replies.

    Attributes:
        language: the persona's.
        tone: its meter; None: patterns alone tell.
        known: whether a word in small letters is one of its books, so that it is not of later times to it.
    """

    language: Language
    tone: ToneMeter | None = None
    known: Callable[[str], bool] = lambda _: False

    def broken_by(self, reply: str, message: str = "", breaks: Sequence[re.Pattern[str]] = ()) -> str:
        """What breaks character in a reply, in a few words; empty where nothing does.

        Args:
            reply: as it was said.
            message: what it answers; its words are the visitor's own.
            breaks: what is out of character in a reply to just this message, whatever the case of its letters.
        """
        said = to_plain(reply)
        if found := self.language.talk.not_a_person.search(said):
            return f"says of himself: {found[0]}"
        for pattern in breaks:
            if found := re.search(pattern.pattern, said, re.IGNORECASE):
                return f"does as he is told: {' '.join(found[0].split())}"
        if later := self._later(said, message):
            return f"a word of later times: {later}"
        if self.tone and len(words_of(said)) >= SHORT and (tone := self.tone.score(said)) < LEAST_TONE:
            return f"the tone of somebody else: {tone:.2f}"
        return ""

    def _later(self, said: str, message: str) -> str:
        """The first word of later times that he says himself; what he quotes is another's."""
        heard = set(map(self.language.stem, words_of(message)))
        own = [word for word in words_of(QUOTED.sub(" ", said)) if self.language.stem(word) not in heard]
        return next((word for word in own if is_later(word, self.language) and not self.known(word)), "")
