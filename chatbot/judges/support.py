"""Does the evidence support this sentence? A cross-encoder's verdict on every sentence that claims something.

Names and numbers that occur nowhere are found without a model (`chatbot.grounding`); this finds what is wrong although
all its words are there: names that changed places, a "not" too many, the answer to another question. Attribution as a
task: Rashkin et al., "Measuring Attribution in Natural Language Generation Models", 2023.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.errors import ModelError
from chatbot.language import (
    MIN_QUOTE_WORDS,
    QUOTED,
    Language,
    declines,
    is_small_talk,
    split_sentences,
    to_plain,
    words_of,
)
from chatbot.library.encoders import SupportEncoder

THRESHOLD_FILE = "threshold.json"
SHORT = 6  # words: a sentence as short as this may be the bare answer, which says nothing without its question


@dataclass(frozen=True)
class Threshold:
    """From which probability a sentence counts as supported, and what that is worth.

    Attributes:
        limit: below it a sentence is unsupported.
        precision: of the sentences called unsupported, the share that is; None: not measured.
        recall: of the unsupported sentences, the share that is called so; None: not measured.
    """

    limit: float = 0.5
    precision: float | None = None
    recall: float | None = None

    @classmethod
    def read(cls, folder: Path) -> Threshold:
        """That of an adapter's folder; the default where it states none.

        Raises:
            ModelError: the file is damaged.
        """
        file = folder / THRESHOLD_FILE
        if not file.is_file():
            return cls()
        try:
            read = cls(**json.loads(file.read_text(encoding="utf-8")))
            if not 0 < float(read.limit) < 1:
                raise ValueError(f"the limit is {read.limit}")
        except (OSError, TypeError, ValueError) as error:
            raise ModelError(f"{file} cannot be used ({error}). Restore it, or delete it: 0.5 is used then.") from error
        return read

    def write(self, folder: Path) -> None:
        """Write it beside the adapter."""
        (folder / THRESHOLD_FILE).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


class SupportJudge:
    """Judges sentences by evidence. Calls from several threads are served in turn.

    Args:
        encoder: with the persona's adapter.
        threshold: that belongs to the adapter.
        language: of the replies.
    """

    def __init__(self, encoder: SupportEncoder, threshold: Threshold, language: Language) -> None:
        self._encoder = encoder
        self._language = language
        self.threshold = threshold

    def behind(self, wrap: Callable[[SupportEncoder], SupportEncoder]) -> SupportJudge:
        """The same judge with something before its encoder: a replay's tape."""
        return SupportJudge(wrap(self._encoder), self.threshold, self._language)

    def warm(self) -> None:
        """Load the model now.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        self._encoder.warm()

    def claims(self, reply: str) -> list[str]:
        """The sentences of a reply that may claim something, as `claims` tells them in the judge's language."""
        return claims(reply, self._language)

    def probabilities(self, sentences: Sequence[str], evidence: Sequence[str], question: str = "") -> list[float]:
        """How likely the evidence is to support each sentence, in the order given; without evidence 0.

        What reads a piece out word for word is supported, which needs no model.

        Args:
            sentences: judged as they stand, whatever they are.
            evidence: the pieces that the reply was written from.
            question: stands before sentences that are too short to say anything alone ("Vitriol.").

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        pieces = [plain for piece in evidence if (plain := to_plain(piece).strip())]
        if not pieces or not sentences:
            return [0.0] * len(sentences)
        asked = to_plain(question).strip()
        said = [to_plain(sentence).strip() for sentence in sentences]
        read = [
            f"{asked} {text}".strip() if len(words_of(text)) <= SHORT else text
            for text in said
            if not reads_out(text, pieces)
        ]
        judged = iter(self._encoder.rate(pieces, read))
        return [1.0 if reads_out(text, pieces) else 1 / (1 + math.exp(-next(judged))) for text in said]

    def unsupported_sentences(self, reply: str, evidence: Sequence[str], question: str = "") -> list[str]:
        """The sentences of a reply that claim something that the evidence does not support, in order.

        Args:
            reply: what was written.
            evidence: the pieces that it was written from; without any, no sentence is judged.
            question: what it answers.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        said = claims(reply, self._language) if evidence else []
        likely = self.probabilities(said, evidence, question)
        return [sentence for sentence, p in zip(said, likely, strict=True) if p < self.threshold.limit]


def reads_out(sentence: str, evidence: Sequence[str]) -> bool:
    """Whether a sentence gives a piece of evidence word for word: whole, behind a colon, or all that it quotes."""
    parts = QUOTED.findall(sentence) or [sentence.partition(": ")[2] or sentence]
    given = [f" {' '.join(words_of(part))} " for part in parts]
    held = [f" {' '.join(words_of(piece))} " for piece in evidence]
    return all(len(part.split()) >= MIN_QUOTE_WORDS and any(part in piece for piece in held) for part in given)


def claims(reply: str, language: Language) -> list[str]:
    """The sentences of a reply that may claim something: no questions, no courtesies, nothing that declines."""
    return [
        sentence
        for sentence in split_sentences(to_plain(reply), language)
        if words_of(sentence)
        and not sentence.rstrip("\"')").endswith("?")
        and not declines(sentence, language)
        and not is_small_talk(sentence, language)
    ]
