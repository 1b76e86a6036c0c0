"""Training: a persona's voice, its tone meter, and the encoders of its search."""

from chatbot.tuning.compare import Comparison, Figures
from chatbot.tuning.facts import PASSES, Fact, casebook_facts, train_facts, with_held_out
from chatbot.tuning.grounded import grounded
from chatbot.tuning.loop import TrainingProgress
from chatbot.tuning.publish import FACTS
from chatbot.tuning.selector import SELECTOR, Selection, tune_selector
from chatbot.tuning.support import tune_support
from chatbot.tuning.tone import answered_plainly, gathered_lines, own_exchanges, train_tone
from chatbot.tuning.train import train_voice
from chatbot.tuning.tune import Callbacks, TrainingData, Tuned, What, tune_search
from chatbot.tuning.tune_matcher import MATCHER, Matching, tune_matcher
from chatbot.tuning.tune_reader import ReadingFigures, tune_reader

__all__ = [
    "FACTS",
    "MATCHER",
    "PASSES",
    "SELECTOR",
    "Callbacks",
    "Comparison",
    "Fact",
    "Figures",
    "Matching",
    "ReadingFigures",
    "Selection",
    "TrainingData",
    "TrainingProgress",
    "Tuned",
    "What",
    "answered_plainly",
    "casebook_facts",
    "gathered_lines",
    "grounded",
    "own_exchanges",
    "train_facts",
    "train_tone",
    "train_voice",
    "tune_matcher",
    "tune_reader",
    "tune_search",
    "tune_selector",
    "tune_support",
    "with_held_out",
]
