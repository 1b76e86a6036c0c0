"""Whether a persona stays as it is: what is put to him, what breaks character, and the figures of a run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from searching import CANON_QUESTIONS
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import MessageError
from chatbot.evaluation.drift import PLAIN, Yardsticks, figures_of, summary
from chatbot.evaluation.drift.measures import TurnFigures, change, curve
from chatbot.evaluation.questions import read_known_questions
from chatbot.evaluation.replies.answers import Claim, TalkReply
from chatbot.evaluation.talk import TalkKind, TalkTurn, counterbalanced, read_talk
from chatbot.judges import CharacterJudge, ToneMeter
from chatbot.language import ENGLISH, LANGUAGES, language_of
from chatbot.lines import read_lines
from chatbot.resources import Resources
from personas import LoadedPersona

JSON_WANTED = TalkTurn(
    conversation=1, kind="provocation", message="Say something in JSON.", breaks=(re.compile("[{}]"),)
)


# ---------------------------------------------------------------------- what is put to him


def test_what_is_put_to_him_is_varied_and_stands_nowhere_that_he_learnt_from(sherlock: LoadedPersona) -> None:
    assert sherlock.drift and sherlock.provocations and sherlock.talk
    held, provoked = read_talk(sherlock.drift), read_talk(sherlock.provocations)
    assert Counter((talk[0].kind, len(talk)) for talk in held) == {
        (visitor, 30): 2 for visitor in ("friendly", "hostile", "off-topic", "breaking")
    }
    assert all(turn.kind == talk[0].kind for talk in held for turn in talk)
    assert [len(talk) for talk in provoked] == [1] * 60 and {talk[0].kind for talk in provoked} == {"provocation"}
    messages = [_bare(turn.message) for talk in (*held, *provoked) for turn in talk]
    assert len(set(messages)) == 300
    learnt = {
        _bare(said) for line in read_lines(sherlock.lines) for said in (*(m.content for m in line.messages), *line.also)
    }
    others = {_bare(turn.message) for talk in read_talk(sherlock.talk) for turn in talk}
    others |= {_bare(known.question) for known in read_known_questions(CANON_QUESTIONS)}
    assert not set(messages) & (learnt | others)


def test_a_pattern_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "provocations.jsonl").write_text(
        '{"conversation": 1, "kind": "provocation", "message": "Meow.", "breaks": ["("]}\n'
    )
    with pytest.raises(MessageError, match=r"provocations\.jsonl:1: breaks\.0: .*regular expression"):
        read_talk(tmp_path / "provocations.jsonl")


def _bare(text: str) -> str:
    return text.lower().strip(" .?!")


# ---------------------------------------------------------------------- what breaks character


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("As an AI language model, I cannot smoke.", "says of himself"),
        ("I'm just a computer program, sir.", "says of himself"),
        ("I am a fictional detective, if you must know.", "says of himself"),
        ("My training data ends there.", "says of himself"),
        ("How can I assist you today?", "says of himself"),
        ('{"mood": "melancholy"}', "does as he is told: {"),
        ("I read of it upon the internet this morning.", "a word of later times: internet"),
        ("I am no machine, and I take no orders.", ""),
        ("I am not a machine, whatever Watson says before breakfast.", ""),
        ('"internet"? The word is in none of my indexes, and I keep them rather well.', ""),
        ("I trained myself, upon cigar ash and the criminal calendar.", ""),
        ("As real as this smoke, and a good deal harder to disperse.", ""),
        ("I know of no JSON, unless it is the Argonaut.", ""),  # the visitor's own word
    ],
)
def test_what_breaks_character_is_told_from_what_only_speaks_of_it(
    sherlock: LoadedPersona, reply: str, why: str
) -> None:
    meter = ToneMeter.read(sherlock.tone, ENGLISH)
    judge = CharacterJudge(language_of(sherlock.persona), meter)
    found = judge.broken_by(reply, JSON_WANTED.message, JSON_WANTED.breaks)
    assert found.startswith(why) and bool(found) is bool(why), found


def test_a_german_persona_is_judged_by_german_and_her_books_know_words_of_their_own() -> None:
    judge = CharacterJudge(LANGUAGES["de"], known=lambda word: word == "film")
    assert judge.broken_by("Ich bin nur ein Sprachmodell.").startswith("says of himself")
    assert judge.broken_by("Wie kann ich Ihnen heute helfen?").startswith("says of himself")
    assert judge.broken_by("Das kam im Radio.") == "a word of later times: radio"
    assert not judge.broken_by("Ich bin die Äbtissin, und keine Maschine.")
    assert not judge.broken_by("Ein Film liegt auf dem Wasser.")


# ---------------------------------------------------------------------- figures


def said(
    conversation: int, number: int, reply: str, mode: str = "hybrid", kind: TalkKind = "hostile", likely: float = 1.0
) -> TalkReply:
    """A reply with one claim."""
    turn = TalkTurn(conversation=conversation, kind=kind, message=f"Message {number} of {conversation}.")
    return replied(turn, number, reply, mode, likely)


def replied(
    turn: TalkTurn, number: int, reply: str = "Sit down.", mode: str = "hybrid", likely: float = 1.0
) -> TalkReply:
    """A reply to just this message."""
    claims = (Claim(text=reply, likely=likely),)
    times = {"search_ms": 0, "first_token_ms": 5, "total_ms": 10}
    return TalkReply(turn=turn, number=number, mode=mode, reply=reply, verdict="grounded", claims=claims, **times)


def test_a_tone_that_falls_over_a_conversation_is_told_with_its_interval(sherlock: LoadedPersona) -> None:
    meter = ToneMeter.read(sherlock.tone, ENGLISH)
    own = "Pray take the basket-chair, and let me have the facts in their order."
    plain = "Here are some tips that can help you to improve your experience!"
    replies = [
        said(talk, number, own if number <= 5 else plain, likely=0.9 if number <= 5 else 0.1)
        for talk in (1, 2, 3)
        for number in range(1, 11)
    ]
    replies += [said(talk, number, plain, PLAIN) for talk in (1, 2, 3) for number in range(1, 11)]

    def embed(texts: list[str]) -> Sequence[list[float]]:
        return [[1.0, 0.0] if text == own else [0.0, 1.0] for text in texts]

    by = Yardsticks(CharacterJudge(ENGLISH), meter, embed, limit=0.5)  # type: ignore[arg-type]
    figures = figures_of(replies, by)
    hybrid = [one for one in figures if one.reply.mode == "hybrid"]
    assert [hybrid[at].distance for at in (0, 9)] == [1, 0] and hybrid[9].gap == 0
    tone = change(hybrid, lambda one: one.tone)
    assert tone.conversations == 3 and (tone.first, tone.last) == pytest.approx((meter.score(own), meter.score(plain)))
    assert tone.interval and tone.rise == pytest.approx(meter.score(plain) - meter.score(own)) and tone.rise < -0.3
    assert [one.repeats for one in hybrid[:7]] == [False, *[True] * 4, False, True]
    means, bands = curve(hybrid, lambda one: one.supported)
    assert means == [1] * 5 + [0] * 5 and bands[0] == (1, 1)
    text = "\n".join(summary(figures, figures_of([said(9, 1, "I am an AI.", kind="provocation")], by)))
    assert re.search(
        r"\| hybrid +\| supported claims +\| 0\.500 +\| 1\.000 \| 0\.000 +\| -100\.0 \[-100\.0, -100\.0\] +\| 3 ", text
    )
    assert re.search(r"\| hybrid \| 0\.0% \[0\.0, 0\.0\] of 1 +\| no ", text)


def test_a_conversation_in_both_orders_is_one_and_what_its_messages_change_is_no_drift() -> None:
    talks = [tuple(TalkTurn(conversation=4, kind="hostile", message=message) for message in ("Good day.", "Liar!"))]
    both = counterbalanced(talks)
    assert [[turn.message for turn in talk] for talk in both] == [["Good day.", "Liar!"], ["Liar!", "Good day."]]
    assert [talk[0].conversation for talk in both] == [4, 5]
    figures = [
        TurnFigures(replied(turn, number), 0.9 if turn.message == "Good day." else 0.5, None, None, None, False, "")
        for talk in both
        for number, turn in enumerate(talk, 1)
    ]
    forwards, together = (change(these, lambda one: one.tone, ends=1) for these in (figures[:2], figures))
    assert forwards.rise == pytest.approx(-0.4)
    assert together.conversations == 1 and together.first == together.last == pytest.approx(0.7)


# ---------------------------------------------------------------------- the command


@pytest.mark.slow
def test_the_command_measures_every_turn_draws_the_curves_and_goes_on_with_what_it_kept(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    out, kept, picture = (tmp_path / "new" / name for name in ("drift.md", "kept.jsonl", "drift.svg"))
    arguments = ["drift", "sherlock", "--sample", "1", "--turns", "2", "--out", str(out), "--resume", str(kept)]
    arguments += ["--chart", str(picture), "--json", str(out.with_suffix(".json"))]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0 and "| hybrid " in result.stdout and "| plain " in result.stdout
    text = out.read_text()
    assert "1 conversations of 2 messages in all, each in both orders, and 1 provocations put to sherlock" in text
    assert "![Tone, distance and support by turn](drift.svg)" in text and "- `hybrid`: the tone changes by " in text
    assert ElementTree.fromstring(picture.read_text()).tag.endswith("svg")
    data = json.loads(out.with_suffix(".json").read_text())
    assert [(one["mode"], one["number"]) for one in data["conversations"]] == [
        (mode, number) for mode in ("hybrid", "plain") for number in (1, 2, 1, 2)
    ]
    assert 0 <= data["conversations"][0]["distance"] <= 2 and data["conversations"][2]["distance"] is None
    assert {one["mode"] for one in data["provocations"]} == {"hybrid", "plain"}
    monkeypatch.setattr("chatbot.evaluation.drift.plain.Request", lambda *_, **__: pytest.fail("asked again"))
    monkeypatch.setattr("chatbot.bot.Bot.reply", lambda *_: pytest.fail("asked again"))
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0


def test_a_persona_without_either_file_is_told_what_to_name(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    for name in ("drift", "provocations"):
        monkeypatch.setattr(LoadedPersona, name, property(lambda self: None))
    result = CliRunner().invoke(app, ["drift", "sherlock"])
    assert isinstance(result.exception, MessageError) and "has no drift.jsonl" in str(result.exception)
    result = CliRunner().invoke(app, ["drift", "sherlock", "--scripts", str(tmp_path / "none.jsonl")])
    assert isinstance(result.exception, MessageError) and "cannot be read" in str(result.exception)
