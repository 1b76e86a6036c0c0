"""How good it is: the replies, the search and the engines, measured. Here: what the three share."""

from chatbot.evaluation.charts import Curves, Panel, bar_charts, curve_charts, require_matplotlib
from chatbot.evaluation.questions import (
    BOTH,
    DEV_SHARE,
    KINDS,
    SEARCHED,
    SPLITS,
    Kind,
    KnownQuestion,
    choose_questions,
    question_rows,
    questions_file,
    read_known_questions,
    sample_each,
    share,
    split_of,
)
from chatbot.evaluation.statistics import Interval, auroc, bootstrap, mean, paired_difference, percentile, wilson
from chatbot.evaluation.talk import Talk, TalkTurn, counterbalanced, read_talk

__all__ = [
    "BOTH",
    "DEV_SHARE",
    "KINDS",
    "SEARCHED",
    "SPLITS",
    "Curves",
    "Interval",
    "Kind",
    "KnownQuestion",
    "Panel",
    "Talk",
    "TalkTurn",
    "auroc",
    "bar_charts",
    "bootstrap",
    "choose_questions",
    "counterbalanced",
    "curve_charts",
    "mean",
    "paired_difference",
    "percentile",
    "question_rows",
    "questions_file",
    "read_known_questions",
    "read_talk",
    "require_matplotlib",
    "sample_each",
    "share",
    "split_of",
    "wilson",
]
