"""The phases of a comparison: every mode is asked the same, as the chat asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import cycle, islice, product
from pathlib import Path

from chatbot.bot import Bot, Question
from chatbot.evaluation.compare.altering import altering, false_answer, saying, without_first
from chatbot.evaluation.compare.entrants import Entrants
from chatbot.evaluation.compare.entries import Altered, CompareLog, Footprint, Part, Timed, Wished
from chatbot.evaluation.compare.footprint import footprint
from chatbot.evaluation.compare.judging import EvidenceJudge
from chatbot.evaluation.questions import KnownQuestion, share
from chatbot.evaluation.replies import (
    Answer,
    TalkReply,
    answer_of,
    ask_all,
    ask_missing,
    hold_talks,
    question_of,
    said_of,
)
from chatbot.evaluation.talk import Talk
from chatbot.language import form_wishes, language_of
from chatbot.progress import Progress
from chatbot.resources import Resources

AXES = {
    "knowledge": "knowledge source",
    "update": "knowledge update",
    "customisation": "customisation",
    "interpretability": "interpretability",
    "resources": "computational resource",
    "hallucination": "hallucination",
    "latency": "latency",
}
ASKING, TALKING = {"knowledge", "interpretability", "hallucination"}, "customisation"
KINDS = ("plain", "follow-up", "premise", "unanswerable")
AFTER = (0, 10, 40)  # exchanges before a turn that is timed
ALTERED = 40  # questions whose evidence is altered, for each mode
WISHED = 6  # questions that are asked with each wish about the form of the reply
TIMED = 12  # turns that are timed, for each mode and length of the history
PAST = "standard"  # the mode of the exchanges before; what is asked next does not depend on it
WEIGHED = 3  # questions that are answered while memory is measured

Bar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Plan:
    """What is asked of whom.

    Attributes:
        persona: who answers.
        modes: names.
        questions: of the kinds in `KINDS`.
        talks: conversations.
        provocations: each a conversation.
        others: questions that are not among `questions`: turns are timed with them, and the history before these turns
            is made of them.
        facts: the folder of the voice that was taught the casebook, where it takes part.
        axes: of `AXES`: what is not needed for any of them is not asked.
        altered, wished, timed: how many turns, see `ALTERED`, `WISHED` and `TIMED`.
        seed: of what is written by chance, and of the false answers.
        at_once: how many turns go on at the same time, but for those that are timed.
    """

    persona: str
    modes: tuple[str, ...]
    questions: tuple[KnownQuestion, ...]
    talks: tuple[Talk, ...] = ()
    provocations: tuple[Talk, ...] = ()
    others: tuple[KnownQuestion, ...] = ()
    facts: Path | None = None
    axes: tuple[str, ...] = tuple(AXES)
    altered: int = ALTERED
    wished: int = WISHED
    timed: int = TIMED
    seed: int = 0
    at_once: int = 1

    @property
    def asked(self) -> dict[str, list[str]]:
        """By phase, every question and message that is asked, each as one line."""
        return {
            "questions": [asked_key(known) for known in self.questions] * bool(ASKING & set(self.axes)),
            "conversations": _messages(self.talks) * (TALKING in self.axes),
            "provocations": _messages(self.provocations) * (TALKING in self.axes),
        }


def asked_key(known: KnownQuestion) -> str:
    """A question with what went before it, as one line: two follow-ups may have the same words."""
    return " / ".join([*(exchange.question for exchange in known.before), known.question])


def _messages(talks: Sequence[Talk]) -> list[str]:
    return [f"{turn.conversation}.{number} {turn.message}" for talk in talks for number, turn in enumerate(talk, 1)]


@dataclass(frozen=True)
class Outcome:
    """What the modes said and how long it took them, as far as it was asked."""

    modes: tuple[str, ...]
    questions: Sequence[Answer] = ()
    without: Sequence[Altered] = ()
    contradicted: Sequence[Altered] = ()
    talk: Sequence[TalkReply] = ()
    provocations: Sequence[TalkReply] = ()
    wishes: Sequence[Wished] = ()
    latency: Sequence[Timed] = ()
    resources: Sequence[Footprint] = ()


def run(resources: Resources, plan: Plan, log: CompareLog, bar: Bar) -> Outcome:
    """Ask whatever the log does not hold yet, phase after phase.

    Args:
        resources: with a memory that is no visitor's.
        plan: what is asked.
        log: holds what was asked before the run was stopped, and is given the rest.
        bar: opens a progress bar with a title.
    """
    how = {"seed": plan.seed, "at_once": plan.at_once}
    bot, modes, axes = Entrants(resources, plan.facts), plan.modes, set(plan.axes)
    questions: list[Answer] = []
    if axes & ASKING:
        with bar("Questions") as show:
            judge = EvidenceJudge(resources, plan.persona)
            questions = ask_all(bot, plan.persona, plan.questions, modes, log.questions, show, **how, judge=judge)
    without: Sequence[Altered] = ()
    contradicted: Sequence[Altered] = ()
    if "interpretability" in axes:
        with bar("The first passage taken away") as show:
            without = _altered(resources, plan, _shown(plan, questions), log.without, show, put_in=False)
    if "knowledge" in axes:
        with bar("False evidence") as show:
            contradicted = _altered(resources, plan, _held(plan, questions), log.contradicted, show, put_in=True)
    latency: Sequence[Timed] = ()
    if "latency" in axes and plan.others:
        with bar("Latency") as show:
            latency = _timed(bot, plan, log.latency, show)
    talk: list[TalkReply] = []
    provocations: list[TalkReply] = []
    wishes: list[Wished] = []
    if TALKING in axes:
        with bar("Conversations") as show:
            talk = hold_talks(bot, plan.persona, plan.talks, modes, log.talk, show, **how)
        with bar("Provocations") as show:
            provocations = hold_talks(bot, plan.persona, plan.provocations, modes, log.provocations, show, **how)
        with bar("Wishes about the form") as show:
            wishes = _wished(bot, plan, log.wishes, show)
    weighed: list[Footprint] = []
    if "resources" in axes:
        with bar("Resources") as show:
            weighed = _weighed(resources, plan, log.resources, show)
    return Outcome(modes, questions, without, contradicted, talk, provocations, wishes, latency, weighed)


# ---------------------------------------------------------------------- altered evidence


def _shown(plan: Plan, answers: Sequence[Answer]) -> Iterator[Answer]:
    """For each mode some plain questions that it answered with evidence."""
    return _some(plan, (answer for answer in answers if answer.evidence and answer.verdict != "declined"))


def _held(plan: Plan, answers: Sequence[Answer]) -> Iterator[Answer]:
    """For each mode some plain questions whose evidence held the answer."""
    return _some(plan, (answer for answer in answers if answer.in_evidence))


def _some(plan: Plan, answers: Iterator[Answer]) -> Iterator[Answer]:
    plain = sorted(
        (answer for answer in answers if answer.known.kind == "plain"),
        key=lambda answer: share(f"altered: {answer.known.question}"),  # the same for all modes, as far as they can be
    )
    for mode in plan.modes:
        yield from islice((answer for answer in plain if answer.mode == mode), plan.altered)


def _altered(
    resources: Resources, plan: Plan, answers: Iterator[Answer], log: Part[Altered], show: Progress, *, put_in: bool
) -> list[Altered]:
    others = (*plan.others, *plan.questions)
    chosen = [(answer.known, answer.mode) for answer in answers]
    false = {known: false_answer(known, others, plan.seed) if put_in else "" for known, _ in chosen}

    def ask(wanted: tuple[KnownQuestion, str]) -> Altered:
        known, mode = wanted
        alter = saying(known.answers, false[known]) if put_in else without_first
        bot = Entrants(altering(resources, alter), plan.facts)
        answered = bot.reply(question_of(known, plan.persona, mode, plan.seed))
        return Altered(**dict(answer_of(known, mode, answered)), put_in=false[known])

    done = {(answer.known, answer.mode): answer for answer in log.kept}
    wanted = [key for key in chosen if false[key[0]] or not put_in]
    return ask_missing(wanted, done, ask, log.append, show, plan.at_once)


# ---------------------------------------------------------------------- the form of a reply


def _wished(bot: Bot, plan: Plan, log: Part[Wished], show: Progress) -> list[Wished]:
    """Some plain questions, each with every wish that the persona's language has."""
    language = language_of(bot.resources.persona(plan.persona).persona)
    plain = [known for known in plan.questions if known.kind == "plain"]
    chosen = sorted(plain, key=lambda known: share(f"wished: {known.question}"))[: plan.wished]
    wishes = {f"{known.question} {wish.text}": wish for known, wish in product(chosen, form_wishes(language))}

    def ask(wanted: tuple[str, str]) -> Wished:
        text, mode = wanted
        answered = bot.reply(Question(text, persona=plan.persona, mode=mode, seed=plan.seed))
        keeps = wishes[text].kept_by(answered.reply, language)
        return Wished(**said_of(mode, text, answered), question=text, keeps=keeps)

    done = {(wished.question, wished.mode): wished for wished in log.kept}
    return ask_missing(list(product(wishes, plan.modes)), done, ask, log.append, show, plan.at_once)


# ---------------------------------------------------------------------- time


def _timed(bot: Bot, plan: Plan, log: Part[Timed], show: Progress) -> list[Timed]:
    """Every mode timed after short and long histories.

    No question is asked twice as far as there are enough, because much of what was read or searched once is cached;
    the modes take turns, so that a busy minute of the machine is nobody's alone.
    """
    done = {(timed.mode, timed.after, timed.question): timed for timed in log.kept}
    cells = list(product(AFTER, plan.modes))
    plain = _plain(plan)
    number = max(min(plan.timed, len(plain) // len(cells)), 1)
    asked = islice(cycle(plain), number * len(cells))
    wanted = [(mode, after, known.question) for known, (after, mode) in zip(asked, cycle(cells), strict=False)]
    places = _history(bot, plan) if any(key not in done for key in wanted) else {}
    warm: set[str] = set()

    def ask(one: tuple[str, int, str]) -> Timed:
        mode, after, text = one
        if mode not in warm:  # what is opened once is not timed
            bot.reply(Question(plain[-1].question, persona=plan.persona, mode=mode))
            warm.add(mode)
        conversation, parent = places[after]
        answered = bot.reply(
            Question(text, persona=plan.persona, mode=mode, conversation=conversation, parent=parent, seed=plan.seed)
        )
        bot.resources.remembering.settle()
        times, tokens = answered.trace.timings, answered.trace.tokens.reply
        return Timed(
            mode=mode,
            question=text,
            after=after,
            search_ms=times.retrieval_ms,
            first_token_ms=times.first_token_ms,
            total_ms=times.total_ms,
            rate=times.tokens_per_second(tokens) or None,
        )

    return ask_missing(wanted, done, ask, log.append, show)


def _plain(plan: Plan) -> list[KnownQuestion]:
    """The questions that are left for the clock; the first are timed, the last stand in the history."""
    plain = [one for one in plan.others if one.kind == "plain"]
    return sorted(plain, key=lambda one: share(f"timed: {one.question}"))


def _history(bot: Bot, plan: Plan) -> dict[int, tuple[str, str | None]]:
    """A stored conversation of questions with their short answers: for each length where the next turn is asked."""
    memory = bot.resources.memory
    conversation, parent = memory.start("visitor of the clock", plan.persona), None
    places: dict[int, tuple[str, str | None]] = {0: (conversation, None)}
    for number, known in enumerate(islice(cycle(reversed(_plain(plan))), max(AFTER)), 1):
        parent = memory.ask(conversation, parent, PAST, known.question)
        memory.answer(parent, sent=known.question, reply=f"{known.answers[0]}.", state="done")
        if number in AFTER:
            places[number] = (conversation, parent)
    bot.resources.remembering.now(conversation, plan.persona)
    bot.resources.remembering.settle()
    return places


# ---------------------------------------------------------------------- weight


def _weighed(resources: Resources, plan: Plan, log: Part[Footprint], show: Progress) -> list[Footprint]:
    questions = [known.question for known in plan.questions[:WEIGHED]]

    def ask(mode: str) -> Footprint:
        return footprint(resources, plan.persona, mode, questions, plan.facts)

    return ask_missing(plan.modes, {one.mode: one for one in log.kept}, ask, log.append, show)
