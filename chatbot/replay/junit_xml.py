"""Outcomes as JUnit XML, which every CI server reads: a test case for each replay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from chatbot.replay.format import SUFFIX
from chatbot.replay.runner import ReplayOutcome

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcomes: Sequence[ReplayOutcome], refused: Sequence[tuple[str, str]] = ()) -> str:
    """The document.

    Args:
        outcomes: of the replays that were run.
        refused: the names of those that could not be, each with the reason.
    """
    failed = [outcome for outcome in outcomes if not outcome.passed]
    suite = ElementTree.Element(
        "testsuite",
        name="replays",
        tests=str(len(outcomes) + len(refused)),
        failures=str(len(failed)),
        errors=str(len(refused)),
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        name = outcome.file.name.removesuffix(SUFFIX)
        folder = ".".join(outcome.file.parent.parts).lstrip(".") or "replays"
        case = ElementTree.SubElement(suite, "testcase", classname=folder, name=name, time=f"{outcome.seconds:.3f}")
        if not outcome.passed:
            wrong = [turn.number for turn in outcome.turns if turn.failures or turn.differences]
            message = f"turn {', '.join(map(str, wrong))}" if wrong else "the memory"
            failure = ElementTree.SubElement(case, "failure", message=f"not as expected: {message}")
            failure.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", outcome.shown())
    for name, why in refused:
        case = ElementTree.SubElement(suite, "testcase", classname="replays", name=name, time="0")
        ElementTree.SubElement(case, "error", message=_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", why))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
