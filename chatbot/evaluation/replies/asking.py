"""The bot asked questions with known answers, and met in conversations, in several modes."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.bot import Bot, Question
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies.answers import Answer, TalkReply, answer_of, talk_reply_of
from chatbot.evaluation.replies.log import AnswerLog
from chatbot.evaluation.talk import Talk
from chatbot.progress import Progress
from chatbot.prompts import Exchange


def ask_all(
    bot: Bot,
    persona: str,
    questions: Sequence[KnownQuestion],
    modes: Sequence[str],
    log: AnswerLog | None = None,
    on_progress: Progress = lambda done, total: None,
) -> list[Answer]:
    """Ask every question in every mode, each in a conversation of its own, and return the answers in that order.

    Args:
        bot: is asked as the chat asks it.
        persona: who answers.
        questions: with their history, where they are follow-ups.
        modes: names.
        log: what it holds is not asked again; it is given every new answer.
        on_progress: told how many answers there are, of how many.
    """
    answers = {(answer.known, answer.mode): answer for answer in (log.answers if log else [])}
    wanted = [(known, mode) for known in questions for mode in modes]
    for number, (known, mode) in enumerate(wanted):
        on_progress(number, len(wanted))
        if (known, mode) not in answers:
            history = tuple(Exchange(*pair) for pair in known.history)
            answered = bot.reply(Question(known.question, persona=persona, mode=mode, history=history))
            answers[known, mode] = answer_of(known, mode, answered, bot.resources.models(persona).support())
            if log:
                log.append(answers[known, mode])
    on_progress(len(wanted), len(wanted))
    return [answers[key] for key in wanted]


def hold_talks(
    bot: Bot,
    persona: str,
    talks: Sequence[Talk],
    modes: Sequence[str],
    log: AnswerLog | None = None,
    on_progress: Progress = lambda done, total: None,
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
    """
    replies = {(reply.turn, reply.number, reply.mode): reply for reply in (log.talk if log else [])}
    wanted = [(talk, mode) for talk in talks for mode in modes]
    for number, (talk, mode) in enumerate(wanted):
        on_progress(number, len(wanted))
        keys = [(turn, place, mode) for place, turn in enumerate(talk, 1)]
        if not all(key in replies for key in keys):
            held = _held(bot, persona, talk, mode)
            replies.update(zip(keys, held, strict=True))
            if log:
                log.append(*held)
    on_progress(len(wanted), len(wanted))
    return [replies[turn, place, mode] for talk, mode in wanted for place, turn in enumerate(talk, 1)]


def _held(bot: Bot, persona: str, talk: Talk, mode: str) -> list[TalkReply]:
    # Talks of several files may be held in one database, and a visitor is remembered.
    visitor = f"{talk[0].kind} visitor {talk[0].conversation} of {mode}"
    conversation, parent = bot.resources.memory.start(visitor, persona), None
    judge, replies = bot.resources.models(persona).support(), []
    for number, turn in enumerate(talk, 1):
        answered = bot.reply(
            Question(turn.message, persona=persona, mode=mode, conversation=conversation, parent=parent)
        )
        parent = answered.turn_id
        replies.append(talk_reply_of(turn, number, mode, answered, judge))
    return replies
