"""What a persona remembers of a visitor, measured on scripted conversations that go on for several sessions."""

from chatbot.evaluation.memory.depth import Wait, first_words, waits_report
from chatbot.evaluation.memory.holding import Recall, hold
from chatbot.evaluation.memory.log import RecallLog
from chatbot.evaluation.memory.report import as_json, report, summary
from chatbot.evaluation.memory.scripts import Script, ScriptTurn, read_scripts

__all__ = [
    "Recall",
    "RecallLog",
    "Script",
    "ScriptTurn",
    "Wait",
    "as_json",
    "first_words",
    "hold",
    "read_scripts",
    "report",
    "summary",
    "waits_report",
]
