"""Training: a persona's voice, and the retriever and reranker of its search."""

from chatbot.tuning.compare import Comparison, Figures
from chatbot.tuning.examples import Example, read_lines
from chatbot.tuning.loop import TrainingProgress
from chatbot.tuning.pairs import trained_passages
from chatbot.tuning.publish import FACTS
from chatbot.tuning.questions import make_questions
from chatbot.tuning.train import train_voice
from chatbot.tuning.tune import Callbacks, TrainingData, Tuned, What, tune

__all__ = [
    "FACTS",
    "Callbacks",
    "Comparison",
    "Example",
    "Figures",
    "TrainingData",
    "TrainingProgress",
    "Tuned",
    "What",
    "make_questions",
    "read_lines",
    "train_voice",
    "trained_passages",
    "tune",
]
