"""The bot asked questions with known answers, and met in conversations, in several modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Protocol, TypeVar

from chatbot.bot import Answered, Bot, Question
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies.answers import Answer, TalkReply, answer_of, talk_reply_of
from chatbot.evaluation.talk import Talk
from chatbot.progress import Progress
from chatbot.prompts import Exchange

K = TypeVar("K")
V = TypeVar("V")
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
    done = {(answer.known, answer.mode): answer for answer in (log.answers if log else [])}

    def ask(wanted: tuple[KnownQuestion, str]) -> Answer:
        known, mode = wanted
        answered = bot.reply(question_of(known, persona, mode, seed))
        return judge(answer_of(known, mode, answered, bot.resources.models(persona).support()), answered)

    keep = log.append if log else lambda answer: None
    return ask_missing(list(product(questions, modes)), done, ask, keep, on_progress, at_once)


def ask_missing(
    wanted: Sequence[K],
    done: Mapping[K, V],
    ask: Callable[[K], V],
    keep: Callable[[V], None],
    on_progress: Progress = lambda done, total: None,
    at_once: int = 1,
) -> list[V]:
    """What comes of all that is wanted, in its order; what is done is not asked for again.

    Args:
        wanted: what is asked for.
        done: what came of some of it.
        ask: gives what comes of one.
        keep: is given everything new, one after the other.
        on_progress: told how many are done, of how many.
        at_once: how many are asked for at the same time.
    """
    found = dict(done)
    with ThreadPoolExecutor(at_once) as pool:
        for number in range(0, len(wanted), at_once):
            on_progress(number, len(wanted))
            missing = [one for one in dict.fromkeys(wanted[number : number + at_once]) if one not in found]
            for one, value in zip(missing, (pool.map if at_once > 1 else map)(ask, missing), strict=True):
                found[one] = value
                keep(value)
    on_progress(len(wanted), len(wanted))
    return [found[one] for one in wanted]


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
    held = {
        (talk, mode): [replies.get((turn, place, mode)) for place, turn in enumerate(talk, 1)]
        for talk, mode in product(talks, modes)
    }
    whole = {key: [reply for reply in own if reply] for key, own in held.items() if all(own)}

    def keep(new: Sequence[TalkReply]) -> None:
        if log:
            log.append(*new)

    found = ask_missing(list(held), whole, lambda key: _held(bot, persona, *key, seed), keep, on_progress, at_once)
    return [reply for own in found for reply in own]


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
