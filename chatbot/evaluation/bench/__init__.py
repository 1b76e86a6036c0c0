"""The engines side by side, each in a process of its own: how soon, how fast and with how much memory it answers."""

from chatbot.evaluation.bench.engines import Measured, Setup, choose_engines
from chatbot.evaluation.bench.measures import Plan
from chatbot.evaluation.bench.report import as_json, chart, machine, report
from chatbot.evaluation.bench.run import BenchOutcome, peak_memory_mb, run

__all__ = [
    "BenchOutcome",
    "Measured",
    "Plan",
    "Setup",
    "as_json",
    "chart",
    "choose_engines",
    "machine",
    "peak_memory_mb",
    "report",
    "run",
]
