"""The bot asked questions with known answers, and met in conversations, in several modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from chatbot.bot import Answered, Bot, Question
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies.answers import Answer, TalkReply, answer_of, talk_reply_of
from chatbot.evaluation.talk import Talk
from chatbot.progress import Progress
from chatbot.prompts import Exchange

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
Judge = Callable[[Answer, Answered], Answer]


class AnswersKept(Protocol):
    """Where answers are kept."""

    @property
    def answers(self) -> Sequence[Answer]:
        """Those that were given."""

    def append(self, *values: Answer) -> None:
        """Keep more of them."""


class TalkKept(Protocol):
    """Where conversations are kept."""

    @property
    def talk(self) -> Sequence[TalkReply]:
        """The replies in those that were held."""

    def append(self, *values: TalkReply) -> None:
        """Keep more of them."""


def ask_all(
    bot: Bot,
    persona: str,
    questions: Sequence[KnownQuestion],
    modes: Sequence[str],
    log: AnswersKept | None = None,
    on_progress: Progress = lambda done, total: None,
    *,
    seed: int = 0,
    at_once: int = 1,
    judge: Judge = lambda answer, answered: answer,
) -> list[Answer]:
    """Ask every question in every mode, each in a conversation of its own, and return the answers in that order.

    Args:
        bot: is asked as the chat asks it.
        persona: who answers.
        questions: with their history, where they are follow-ups.
        modes: names.
        log: what it holds is not asked again; it is given every new answer.
        on_progress: told how many answers there are, of how many.
        seed: of what is written by chance.
        at_once: how many are asked at the same time: quicker, and the times say nothing then.
        judge: adds to every new answer what it finds out about it.
    """
    answers = {(answer.known, answer.mode): answer for answer in (log.answers if log else [])}
    wanted = [(known, mode) for known in questions for mode in modes]

    def ask(known: KnownQuestion, mode: str) -> Answer:
        answered = bot.reply(question_of(known, persona, mode, seed))
        return judge(answer_of(known, mode, answered, bot.resources.models(persona).support()), answered)

    for number in range(0, len(wanted), at_once):
        on_progress(number, len(wanted))
        missing = [key for key in wanted[number : number + at_once] if key not in answers]
        for key, answer in zip(missing, together(ask, missing), strict=True):
            answers[key] = answer
            if log:
                log.append(answer)
    on_progress(len(wanted), len(wanted))
    return [answers[key] for key in wanted]


def together(do: Callable[[A, B], C], these: Sequence[tuple[A, B]]) -> list[C]:
    """What is done with each of these, all at the same time; one alone is done in the caller's thread."""
    if len(these) < 2:
        return [do(*one) for one in these]
    with ThreadPoolExecutor(len(these)) as pool:
        return list(pool.map(do, *zip(*these, strict=True)))


def question_of(known: KnownQuestion, persona: str, mode: str, seed: int = 0) -> Question:
    """A question as the bot is asked it, with what went before."""
    history = tuple(Exchange(*pair) for pair in known.history)
    return Question(known.question, persona=persona, mode=mode, history=history, seed=seed)


def hold_talks(
    bot: Bot,
    persona: str,
    talks: Sequence[Talk],
    modes: Sequence[str],
    log: TalkKept | None = None,
    on_progress: Progress = lambda done, total: None,
    *,
    seed: int = 0,
    at_once: int = 1,
) -> list[TalkReply]:
    """Hold every conversation in every mode, from its beginning to its end, and return the replies in that order.

    Each is a conversation in the bot's memory with a visitor of its own, as on the page.

    Args:
        bot: is asked as the chat asks it.
        persona: who answers.
        talks: the conversations.
        modes: names.
        log: a conversation that it holds whole is not held again; it is given every new one when it has ended.
        on_progress: told how many conversations there are, of how many.
        seed: of what is written by chance.
        at_once: how many conversations are held at the same time.
    """
    replies = {(reply.turn, reply.number, reply.mode): reply for reply in (log.talk if log else [])}
    wanted = [(talk, mode) for talk in talks for mode in modes]

    def is_missing(talk: Talk, mode: str) -> bool:
        return any((turn, place, mode) not in replies for place, turn in enumerate(talk, 1))

    for number in range(0, len(wanted), at_once):
        on_progress(number, len(wanted))
        missing = [one for one in wanted[number : number + at_once] if is_missing(*one)]
        for held in together(lambda talk, mode: _held(bot, persona, talk, mode, seed), missing):
            replies.update({(reply.turn, reply.number, reply.mode): reply for reply in held})
            if log:
                log.append(*held)
    on_progress(len(wanted), len(wanted))
    return [replies[turn, place, mode] for talk, mode in wanted for place, turn in enumerate(talk, 1)]


def _held(bot: Bot, persona: str, talk: Talk, mode: str, seed: int) -> list[TalkReply]:
    # Talks of several files may be held in one database, and a visitor is remembered.
    visitor = f"{talk[0].kind} visitor {talk[0].conversation} of {mode}"
    conversation, parent = bot.resources.memory.start(visitor, persona), None
    judge, replies = bot.resources.models(persona).support(), []
    for number, turn in enumerate(talk, 1):
        answered = bot.reply(
            Question(turn.message, persona=persona, mode=mode, conversation=conversation, parent=parent, seed=seed)
        )
        bot.resources.remembering.settle()  # a visitor takes longer to write on
        parent = answered.turn_id
        replies.append(talk_reply_of(turn, number, mode, answered, judge))
    return replies
