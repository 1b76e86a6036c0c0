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
    said, words = content_words(text, language), set(words_of(text))
    nearest = max((max(line.cosines) for line in found), default=0.0)
    rows = []
    for line, logit in zip(found, logits, strict=True):
        way, own = content_words(line.user, language), set(words_of(line.user))
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
                "asks": float(is_question(text, language)),
                "one asks": float(is_question(text, language) != is_question(line.user, language)),
                "one says you": float(bool(words & language.second_person) != bool(own & language.second_person)),
                "one says I": float(tells_of_self(text, language) != tells_of_self(line.user, language)),
                "one says he": float(
                    bool(words & language.talk.third_person) != bool(own & language.talk.third_person)
                ),
                "length": math.log1p(len(words)),
                "length of the way": math.log1p(len(own)),
            }
        )
    return rows


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
