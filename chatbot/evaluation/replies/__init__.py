"""How good the replies are: questions with known answers, asked in each mode as the chat asks them."""

from chatbot.evaluation.replies.asking import Answer, AnswerLog, ask_all
from chatbot.evaluation.replies.report import as_json, differences, figures, report, summary

__all__ = ["Answer", "AnswerLog", "as_json", "ask_all", "differences", "figures", "report", "summary"]
