"""Is a reply what is expected of it? Every expectation that it does not meet, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from chatbot.judges import claims
from chatbot.language import Language, comparable
from chatbot.library.texts import RECOLLECTION
from chatbot.replay.cassette import RecordedTurn
from chatbot.replay.differences import Difference
from chatbot.replay.format import Expectation, pattern_of

if TYPE_CHECKING:
    from chatbot.bot import Answered
    from chatbot.judges import SupportJudge, ToneMeter


class Judges(Protocol):
    """Whoever knows the persona's judges of replies (`chatbot.search_models.SearchModels`)."""

    def tone(self) -> ToneMeter | None:
        """The tone meter, or None."""

    def support(self) -> SupportJudge | None:
        """The judge of what evidence supports, or None."""


def failures(
    expected: Expectation,
    answered: Answered,
    judges: Judges,
    language: Language,
    *,
    recorded: RecordedTurn | None = None,
    timed: bool = False,
) -> list[str]:
    """The expectations that a reply does not meet, in words.

    Args:
        expected: of it.
        answered: the reply, with its trace.
        judges: of tone and support; asked where those are expected.
        language: of the reply.
        recorded: the turn when it was recorded; None: it was not.
        timed: whether the time that it took is the model's.
    """
    return [
        *_of_reply(expected, answered, recorded),
        *_of_evidence(expected, answered),
        *_of_prompt(expected, answered),
        *_of_judges(expected, answered, judges, language),
        *_of_time(expected, answered, timed),
    ]


def _of_reply(expected: Expectation, answered: Answered, recorded: RecordedTurn | None) -> Iterator[str]:
    has = _finder(answered.reply)
    if expected.any_of and not any(map(has, expected.any_of)):
        yield f"the reply has none of {_listed(expected.any_of)}"
    yield from (f"the reply does not have {text!r}" for text in expected.all_of if not has(text))
    yield from (f"the reply has {text!r}" for text in expected.none_of if has(text))
    verdict = answered.trace.check.verdict if answered.trace.check else "none"
    if expected.verdict and verdict not in expected.verdict:
        yield f"the verdict is '{verdict}', not {_listed(expected.verdict)}"
    if expected.declines is not None and expected.declines != (verdict == "declined"):
        yield "he says that he does not know" if verdict == "declined" else f"he does not decline: it is '{verdict}'"
    if expected.same_reply and recorded is None:
        yield "the same reply is expected, and none is recorded: record one with --update"
    elif expected.same_reply and recorded is not None and recorded.reply != answered.reply:
        yield f"another reply than the recorded one: {Difference('reply', recorded.reply, answered.reply).shown()}"


def _of_evidence(expected: Expectation, answered: Answered) -> Iterator[str]:
    works = [piece.passage.work for piece in answered.trace.evidence]
    if expected.works and not set(works) & set(expected.works):
        yield f"the evidence is from {_listed(works)}, not from {_listed(expected.works)}"
    if expected.no_evidence and works:
        yield f"there is evidence, from {_listed(works)}"
    has = _finder("\n".join(piece.text for piece in answered.trace.evidence))
    yield from (f"the evidence does not have {text!r}" for text in expected.evidence if not has(text))


def _of_prompt(expected: Expectation, answered: Answered) -> Iterator[str]:
    prompt = "\n".join(content for _, content in answered.trace.prompt)
    has = _finder(prompt)
    yield from (f"the prompt does not have {text!r}" for text in expected.prompt if not has(text))
    yield from (f"the prompt has {text!r}" for text in expected.not_in_prompt if has(text))
    if expected.no_prompt and prompt:
        yield "the model was asked, though the persona's own words were expected"
    told = [piece.text for piece in answered.trace.evidence if piece.passage.kind == RECOLLECTION]
    brought_back = _finder("\n".join([*told, prompt]))
    yield from (f"nothing was brought back with {text!r}" for text in expected.remembers if not brought_back(text))


def _of_judges(expected: Expectation, answered: Answered, judges: Judges, language: Language) -> Iterator[str]:
    if expected.tone is not None:
        meter = judges.tone()
        if meter is None:
            yield "a tone is expected, and the persona has no tone meter"
        elif (score := meter.score(answered.reply)) < expected.tone:
            yield f"the tone is {score:.2f}, below {expected.tone:g}"
    if expected.support is not None:
        judge = judges.support()
        if judge is None:
            yield "support is expected, and the persona has no judge of it"
            return
        said = claims(answered.reply, language)
        evidence = [piece.text for piece in answered.trace.evidence]
        for sentence, likely in zip(said, judge.probabilities(said, evidence, answered.question), strict=True):
            if likely < expected.support:
                yield f"the support of {sentence!r} is {likely:.2f}, below {expected.support:g}"


def _of_time(expected: Expectation, answered: Answered, timed: bool) -> Iterator[str]:
    took = answered.trace.timings.first_token_ms
    if timed and expected.first_token_ms is not None and took > expected.first_token_ms:
        yield f"the first token came after {took:.0f} ms, later than {expected.first_token_ms:g}"


def _finder(text: str) -> Callable[[str], bool]:
    """Whether words, or a regular expression, are in a text."""
    plain = comparable(text)

    def has(words: str) -> bool:
        pattern = pattern_of(words)
        return pattern.search(text) is not None if pattern else comparable(words) in plain

    return has


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f"'{text}'" for text in dict.fromkeys(texts)) or "nothing"
