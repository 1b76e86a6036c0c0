"""Training: a persona's voice, and the retriever and reranker of its search."""

from chatbot.tuning.compare import Comparison, Figures
from chatbot.tuning.loop import TrainingProgress
from chatbot.tuning.publish import FACTS
from chatbot.tuning.train import train_voice
from chatbot.tuning.tune import Callbacks, TrainingData, Tuned, What, tune_search

__all__ = [
    "FACTS",
    "Callbacks",
    "Comparison",
    "Figures",
    "TrainingData",
    "TrainingProgress",
    "Tuned",
    "What",
    "train_voice",
    "tune_search",
]
