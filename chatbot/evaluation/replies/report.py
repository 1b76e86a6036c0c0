"""What came back, in Markdown and JSON: the figures, the conversations and every reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chatbot.evaluation.markdown import MISSING, change_with, score, share, share_with, table, whole
from chatbot.evaluation.replies.answers import Answer, Reply, TalkReply
from chatbot.evaluation.replies.measures import Measure, differences, measures
from chatbot.evaluation.replies.statements import Statement
from chatbot.evaluation.replies.verdicts import Verdicts, totals, unsupported
from chatbot.evaluation.statistics import bootstrap, mean
from chatbot.library.texts import CASEBOOK

READING = """\
Right: an accepted answer to all that was asked is in the reply, as whole words; a question that the books cannot answer
was declined; a false premise was declined or put right, and not taken for true where that can be told. Found: an
accepted answer is in a passage of the four best pieces of the search; handed over: in the pieces that he was given.
Confidence: of the search, the unanswerable questions against all but the false premises, at the limit that is shipped;
false confidence: unanswerable and not called weak, false refusals: the others called weak. Verdicts are of the check of
a reply against its evidence; withheld: another reply was given. Formula: over all replies, talk among them; an opening
is four words, words of an earlier reply are eight on end. Times run from the question on, as a visitor waits for them,
in milliseconds. Brackets: 95% interval, percentile bootstrap over the questions; behind them, of how many replies."""

TALK_HEAD = ("turn", "kind", "visitor", "reply", "stamp", "sense", "character")


def summary(replies: Sequence[Reply]) -> list[str]:
    """The table of the figures, a column for each mode, and a line for every two modes, in Markdown."""
    made = measures(replies)
    modes = list(dict.fromkeys(measure.mode for measure in made))
    at = {(measure.name, measure.mode): measure for measure in made}
    rows = [
        [name, *(_cell(at[name, mode]) if (name, mode) in at else MISSING for mode in modes)] for name in _names(made)
    ]
    openings = [f"- `{m.mode}` opens most often with: {m.note}" for m in made if m.note]
    compared = [
        f"- `{d.mode}` against `{d.base}`, right: {change_with(d.value, d.interval)} percentage points"
        for d in differences(replies)
    ]
    return [*table(["", *modes], rows), "", *compared, *openings]


def report(
    replies: Sequence[Reply],
    about: str,
    command: str,
    statements: Sequence[Statement] = (),
    verdicts: Verdicts | None = None,
) -> str:
    """A Markdown report: the figures, the conversations, the statements, then every question with replies and evidence.

    Args:
        replies: of all modes.
        about: what was asked of whom.
        command: that made it.
        statements: drawn for a reader to hold against their evidence.
        verdicts: what a reader thought of conversations and statements.
    """
    answers = [reply for reply in replies if isinstance(reply, Answer)]
    talk = [reply for reply in replies if isinstance(reply, TalkReply)]
    lines = ["# Replies", "", about, "", f"Made by `{command}`.", "", *summary(replies), "", READING, ""]
    if talk:
        lines += _talk(talk, verdicts or Verdicts())
    if statements:
        lines += _statements(statements, verdicts or Verdicts())
    asked: dict[Any, list[Answer]] = {}
    for answer in answers:
        asked.setdefault(answer.known, []).append(answer)
    for known, own in asked.items():
        lines += [f"## {_plain(known.question)}", ""]
        for exchange in known.before:
            lines += [f"> {_plain(exchange.question)} - {_plain(exchange.answer)}", ""]
        lines += [_accepted(own[0]), ""]
        for answer in own:
            seconds = f"{answer.total_ms / 1000:.1f} s"
            lines += [
                f"**{answer.mode}** ({'right' if answer.right else 'wrong'}, {seconds}): {_plain(answer.reply)}",
                "",
            ]
        lines += [*_evidence(own), ""]
    return "\n".join(lines)


def as_json(replies: Sequence[Reply], about: Mapping[str, Any]) -> str:
    """Everything: the figures, the differences, every answer and every conversation."""
    answers = [reply for reply in replies if isinstance(reply, Answer)]
    talk = [reply for reply in replies if isinstance(reply, TalkReply)]
    data = {
        **about,
        "measures": [asdict(item) for item in measures(replies)],
        "differences": [asdict(item) for item in differences(replies)],
        "answers": [{**answer.model_dump(exclude_defaults=True), "right": answer.right} for answer in answers],
        "talk": [{**reply.model_dump(exclude_defaults=True), "stamp": reply.stamp} for reply in talk],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _names(made: Sequence[Measure]) -> list[str]:
    """The figures in the order of the mode that has most of them, the others behind."""
    modes: dict[str, list[str]] = {}
    for measure in made:
        modes.setdefault(measure.mode, []).append(measure.name)
    return list(dict.fromkeys(name for names in sorted(modes.values(), key=len, reverse=True) for name in names))


def _cell(measure: Measure) -> str:
    if measure.unit == "ms":
        return whole(measure.value)
    if measure.unit == "score":
        low, high = measure.interval or (None, None)
        return f"{score(measure.value)} [{score(low)}, {score(high)}] of {measure.of}"
    return f"{share_with(measure.value, measure.interval)} of {measure.of}"


def _talk(talk: Sequence[TalkReply], verdicts: Verdicts) -> list[str]:
    """Every conversation of every mode with what a reader thought of it, and how much of it was well said."""
    rows = [
        [
            read.mode,
            f"{read.read} of {read.replies}",
            *(_of(count, read.read) for count in (read.sense, read.character)),
        ]
        for read in totals(talk, verdicts)
    ]
    lines = [
        "## Conversations",
        "",
        "Each was held from its beginning to its end. Sense and character are the verdicts of a person who read them.",
        "",
        *table(["mode", "read", "makes sense", "in character"], rows),
        "",
    ]
    held: dict[tuple[int, str], list[TalkReply]] = {}
    for reply in talk:
        held.setdefault((reply.turn.conversation, reply.mode), []).append(reply)
    for (conversation, mode), replies in held.items():
        lines += [
            f"### Conversation {conversation}, {mode}",
            "",
            *table(TALK_HEAD, _turns(replies, verdicts), padded=False),
            "",
        ]
    return lines


def _of(count: int, read: int) -> str:
    return f"{count} ({share(count / read)})" if read else MISSING


def _turns(replies: Sequence[TalkReply], verdicts: Verdicts) -> list[list[str]]:
    rows = []
    for reply in replies:
        verdict = verdicts.on(reply)
        thought = [verdict.sense, verdict.character] if verdict else [None, None]
        rows.append(
            [
                reply.place,
                reply.turn.kind,
                _plain(reply.turn.message),
                _plain(reply.reply),
                reply.stamp,
                *map(_yes_or_no, thought),
            ]
        )
    return rows


def _statements(statements: Sequence[Statement], verdicts: Verdicts) -> list[str]:
    """The statements of every mode with a reader's verdict, and how many of those that were read are not supported."""
    rows = [
        [mode, str(len(read)), str(sum(read)), share_with(mean(read), bootstrap(read))]
        for mode, read in unsupported(statements, verdicts).items()
    ]
    lines = [
        "## Statements",
        "",
        "Drawn from replies that were given evidence, for a person who holds them against it; it stands below with the",
        "question.",
        "",
        *table(["mode", "read", "not supported", "share"], rows),
        "",
    ]
    cells = [
        [
            one.stamp,
            one.mode,
            _plain(one.question),
            _plain(one.text),
            _yes_or_no(verdicts.support[one.stamp].supported if one.stamp in verdicts.support else None),
        ]
        for one in statements
    ]
    return [*lines, *table(["stamp", "mode", "question", "statement", "supported"], cells, padded=False), ""]


def _yes_or_no(said: bool | None) -> str:
    return "" if said is None else "yes" if said else "no"


def _accepted(answer: Answer) -> str:
    known = answer.known
    if not known.targets:
        return f"The books cannot answer it: {known.reason}"
    premise = "A false premise; true is: " if known.kind == "premise" else ""
    return premise + "; ".join(f"*{target.work}*: {', '.join(target.answers)}" for target in known.targets)


def _evidence(answers: Sequence[Answer]) -> list[str]:
    """The evidence, once for all modes that were given the same."""
    shared: dict[tuple[tuple[str, int, str], ...], list[Answer]] = {}
    for answer in answers:
        key = tuple((piece.work, piece.place, piece.text) for piece in answer.evidence)
        shared.setdefault(key, []).append(answer)
    lines = []
    for pieces, given in shared.items():
        lines.append(f"Evidence of {', '.join(answer.mode for answer in given)}:{'' if pieces else ' none.'}")
        for number, piece in enumerate(given[0].evidence, 1):
            place = f"{piece.kind}, {piece.score:.2f}"
            where = f": {_plain(piece.text)}" if piece.kind == CASEBOOK else f", paragraph {piece.place}"
            lines.append(f"{number}. {piece.work} ({place}){where}")
        lines.append("")
    return lines[:-1]


def _plain(text: str) -> str:
    """On one line, and not read as Markdown."""
    line = " ".join(text.split())
    for sign, written in (("*", "\\*"), ("_", "\\_"), ("<", "&lt;"), ("|", "\\|")):
        line = line.replace(sign, written)
    return line
