"""Judges held against a reader's verdicts: agreement, precision and recall of what they call, with intervals.

Every verdict is of one text, named by its stamp; a text that is not among the replies any more, and a reply that nobody
read, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from chatbot.evaluation.replies import Answer, Claim, Statement, TalkReply, Verdicts
from chatbot.evaluation.statistics import Interval, auroc, bootstrap, bootstrap_auroc, mean
from chatbot.judges import CharacterJudge, SupportJudge


@dataclass(frozen=True)
class Judged:
    """One text: what a judge calls it, and what a reader found.

    Attributes:
        stamp: names it.
        mode: that said it.
        asked: what it answers.
        called, found: whether it is what the judge looks for, by the judge and by the reader.
        why: of the judge or the reader, in a few words.
    """

    stamp: str
    mode: str
    asked: str
    called: bool
    found: bool
    why: str = ""


@dataclass(frozen=True)
class Agreement:
    """A judge and a reader over the same texts.

    Attributes:
        name: of the judge.
        looks_for: what it looks for, as "unsupported".
        texts: all that both judged.
    """

    name: str
    looks_for: str
    texts: tuple[Judged, ...]

    @property
    def agreement(self) -> tuple[float | None, Interval]:
        """The share of texts on which they agree, with its 95% interval."""
        return _share([one.called == one.found for one in self.texts])

    @property
    def precision(self) -> tuple[float | None, Interval]:
        """Of the texts that the judge calls so, the share that is."""
        return _share([one.found for one in self.texts if one.called])

    @property
    def recall(self) -> tuple[float | None, Interval]:
        """Of the texts that are so, the share that the judge calls so."""
        return _share([one.called for one in self.texts if one.found])

    @property
    def kappa(self) -> float | None:
        """The agreement beyond chance (Cohen, 1960); None where one of the two calls all texts the same."""
        if not self.texts:
            return None
        called, found = (np.array([getattr(one, what) for one in self.texts]) for what in ("called", "found"))
        chance = called.mean() * found.mean() + (1 - called.mean()) * (1 - found.mean())
        return None if chance == 1 else float(((called == found).mean() - chance) / (1 - chance))

    @property
    def disputed(self) -> tuple[Judged, ...]:
        """Where they do not agree."""
        return tuple(one for one in self.texts if one.called != one.found)

    def of_mode(self, mode: str) -> Agreement:
        """The texts of one mode."""
        return Agreement(self.name, self.looks_for, tuple(one for one in self.texts if one.mode == mode))


def with_claims(answers: Sequence[Answer], judge: SupportJudge) -> list[Answer]:
    """Answers that were kept without their claims, with these judged now, where the text of all evidence was kept.

    Raises:
        ModelError: the support check cannot be used.
    """
    made = []
    for answer in answers:
        pieces = [piece.text for piece in answer.evidence]
        if answer.claims or not pieces or not all(pieces):
            made.append(answer)
            continue
        said = judge.claims(answer.reply)
        likely = judge.probabilities(said, pieces, answer.known.question)
        claims = tuple(Claim(text=text, likely=p) for text, p in zip(said, likely, strict=True))
        made.append(answer.model_copy(update={"claims": claims}))
    return made


def judged_support(answers: Sequence[Answer], verdicts: Verdicts, limit: float) -> Agreement:
    """The support check on statements that were read, of replies and of drafts; `limit` is its threshold.

    What was said has passed the check, so that its recall shows on the drafts.
    """
    claims = {
        statement.stamp: (statement, claim.likely)
        for answer in answers
        for claim in answer.claims
        for statement in [
            Statement(answer.mode if claim.said else f"{answer.mode}, draft", answer.known.question, claim.text)
        ]
    }
    return Agreement(
        "support",
        "unsupported",
        tuple(
            Judged(key, one.mode, one.question, likely < limit, not verdict.supported, f"{likely:.2f} {verdict.note}")
            for key, verdict in verdicts.support.items()
            if key in claims
            for one, likely in [claims[key]]
        ),
    )


def judged_answers(answers: Sequence[Answer], verdicts: Verdicts) -> Agreement:
    """The accepted answers: whether a reply is right, on replies that were read."""
    return Agreement(
        "accepted answers",
        "right",
        tuple(
            Judged(answer.stamp, answer.mode, answer.known.question, answer.right, verdict.right, verdict.note)
            for answer in _each_once(answers, lambda one: one.stamp)
            if (verdict := verdicts.answers.get(answer.stamp))
        ),
    )


def judged_character(replies: Sequence[TalkReply], verdicts: Verdicts, judge: CharacterJudge) -> Agreement:
    """The judge of character, on replies of conversations that were read."""
    return Agreement(
        "in character",
        "out of character",
        tuple(
            Judged(reply.stamp, reply.mode, reply.turn.message, bool(why), not verdict.character, why or verdict.note)
            for reply in replies
            if (verdict := verdicts.on(reply))
            for why in [judge.broken_by(reply.reply, reply.turn.message, reply.turn.breaks)]
        ),
    )


def tone_tells(
    replies: Sequence[TalkReply], verdicts: Verdicts, tone: Callable[[str], float]
) -> tuple[float | None, Interval, int]:
    """How often a reply that a reader found in character has more tone than one that he did not: the area under the
    curve, its interval, and of how many replies.
    """
    read = [(tone(reply.reply), verdict.character) for reply in replies if (verdict := verdicts.on(reply))]
    within, without = ([score for score, held in read if held is wanted] for wanted in (True, False))
    return auroc(within, without), bootstrap_auroc(within, without), len(read)


def _share(values: Sequence[bool]) -> tuple[float | None, Interval]:
    return mean(values), bootstrap(values)


def _each_once(answers: Iterable[Answer], key: Callable[[Answer], str]) -> Iterable[Answer]:
    """Two modes that say the same are one text."""
    return {key(answer): answer for answer in answers}.values()
