"""How good the replies are: questions with known answers and whole conversations, in each mode as the chat has them."""

from chatbot.evaluation.replies.answers import Answer, Claim, Judgement, Kept, Reply, TalkReply, answer_of, said_of
from chatbot.evaluation.replies.asking import ask_all, ask_missing, hold_talks, question_of
from chatbot.evaluation.replies.formula import runs_of
from chatbot.evaluation.replies.log import AnswerLog
from chatbot.evaluation.replies.measures import differences, measures
from chatbot.evaluation.replies.report import as_json, report, summary
from chatbot.evaluation.replies.statements import Statement, draw_statements
from chatbot.evaluation.replies.verdicts import Verdicts, read_verdicts

__all__ = [
    "Answer",
    "AnswerLog",
    "Claim",
    "Judgement",
    "Kept",
    "Reply",
    "Statement",
    "TalkReply",
    "Verdicts",
    "answer_of",
    "as_json",
    "ask_all",
    "ask_missing",
    "differences",
    "draw_statements",
    "hold_talks",
    "measures",
    "question_of",
    "read_verdicts",
    "report",
    "runs_of",
    "said_of",
    "summary",
]
