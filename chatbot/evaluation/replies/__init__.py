"""How good the replies are: questions with known answers and whole conversations, in each mode as the chat has them."""

from chatbot.evaluation.replies.answers import Answer, Reply, TalkReply
from chatbot.evaluation.replies.asking import ask_all, hold_talks
from chatbot.evaluation.replies.log import AnswerLog
from chatbot.evaluation.replies.measures import differences, measures
from chatbot.evaluation.replies.report import as_json, report, summary
from chatbot.evaluation.replies.statements import Statement, draw_statements
from chatbot.evaluation.replies.verdicts import Verdicts, read_verdicts

__all__ = [
    "Answer",
    "AnswerLog",
    "Reply",
    "Statement",
    "TalkReply",
    "Verdicts",
    "as_json",
    "ask_all",
    "differences",
    "draw_statements",
    "hold_talks",
    "measures",
    "read_verdicts",
    "report",
    "summary",
]
