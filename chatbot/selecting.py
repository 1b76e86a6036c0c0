"""How likely a line answers what a visitor says: a cross-encoder's logit, with signs of how both go together.

A logistic regression over signs: what the matcher's cosines and the cross-encoder's logit tell, and what both of them
are nearly blind to, such as whether both texts ask something and whether both speak of the one who writes. Its weights
(`weights.json` beside the adapter) are fitted by `library tune --what selector` on messages that the cross-encoder was
not trained on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chatbot.errors import ModelError
from chatbot.language import Language, content_words, is_question, tells_of_self, words_of
from chatbot.lines import as_read

if TYPE_CHECKING:
    from chatbot.library.search import Scorer

WEIGHTS = "weights.json"
SIGNS = (
    "logit",
    "cosine",
    "cosines",
    "behind",
    "shared",
    "shared of the way",
    "shared by the reply",
    "asks",
    "one asks",
    "one says you",
    "one says I",
    "one says he",
    "length",
    "length of the way",
)
BEST = 3  # of the ways to say a line whose mean cosine is a sign


class Found(NamedTuple):
    """A line that the matcher found.

    Attributes:
        user: of the ways to say its first message, the nearest.
        reply: what the persona answers.
        cosines: of all these ways with the message, in any order.
    """

    user: str
    reply: str
    cosines: Sequence[float]


def signs_of(text: str, found: Sequence[Found], logits: Sequence[float], language: Language) -> list[dict[str, float]]:
    """The `SIGNS` of each line for one message, by name.

    Args:
        text: what a visitor says.
        found: the lines.
        logits: of the cross-encoder, of each.
        language: the persona's.
    """
    said = content_words(text, language)
    nearest = max((max(line.cosines) for line in found), default=0.0)
    asks, you, of_self, others = _stance(text, language)
    rows = []
    for line, logit in zip(found, logits, strict=True):
        way = content_words(line.user, language)
        way_asks, way_you, way_self, way_others = _stance(line.user, language)
        best = sorted(line.cosines)[-BEST:]
        rows.append(
            {
                "logit": logit,
                "cosine": best[-1],
                "cosines": sum(best) / len(best),
                "behind": best[-1] - nearest,
                "shared": len(said & way) / (len(said) or 1),
                "shared of the way": len(said & way) / (len(way) or 1),
                "shared by the reply": len(said & content_words(line.reply, language)) / (len(said) or 1),
                "asks": float(asks),
                "one asks": float(asks != way_asks),
                "one says you": float(you != way_you),
                "one says I": float(of_self != way_self),
                "one says he": float(others != way_others),
                "length": math.log1p(len(set(words_of(text)))),
                "length of the way": math.log1p(len(set(words_of(line.user)))),
            }
        )
    return rows


def _stance(text: str, language: Language) -> tuple[bool, bool, bool, bool]:
    """Whether a text asks something, and speaks to the persona, of the one who writes, and of others."""
    words = set(words_of(text))
    you, others = bool(words & language.second_person), bool(words & language.talk.third_person)
    return is_question(text, language), you, tells_of_self(text, language), others


@dataclass(frozen=True)
class Selector:
    """What chooses among the lines that the matcher found.

    Attributes:
        encoder: reads a message and a line together (`lines.as_read`).
        weights: of the signs, by name.
        bias: added to their sum.
    """

    encoder: Scorer
    weights: Mapping[str, float]
    bias: float

    @classmethod
    def read(cls, encoder: Scorer, folder: Path) -> Selector:
        """The selector whose weights lie beside the adapter of its encoder.

        Raises:
            ModelError: they cannot be read, or are of other signs.
        """
        try:
            data = json.loads((folder / WEIGHTS).read_text(encoding="utf-8"))
            weights, bias = {name: float(weight) for name, weight in data["weights"].items()}, float(data["bias"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"The selector in {folder} cannot be used: {error}. Tune it again.") from error
        if weights.keys() != set(SIGNS):
            raise ModelError(f"The selector in {folder} is of another version. Tune it again.")
        return cls(encoder, weights, bias)

    def likely(self, text: str, found: Sequence[Found], language: Language) -> list[float]:
        """The probability of each line that it answers a message.

        Args:
            text: what a visitor says, as it is compared (`lines.as_compared`).
            found: the lines.
            language: the persona's.
        """
        logits = self.encoder.score(text, [as_read(line.user, line.reply, language) for line in found])
        sums = [
            self.bias + sum(self.weights[name] * sign for name, sign in signs.items())
            for signs in signs_of(text, found, logits, language)
        ]
        return [1 / (1 + math.exp(-one)) for one in sums]
