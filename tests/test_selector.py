"""What chooses among the persona's own exchanges: its judgements, its task, a short run, and how talk is decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from line_files import persona_of_lines

from chatbot.errors import MessageError, ModelError, TrainingError
from chatbot.exchanges import Exchanges
from chatbot.language import ENGLISH
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.lines import Example, as_read, read_judged
from chatbot.prompts import Message
from chatbot.selecting import SIGNS, WEIGHTS, Found, Selector, signs_of
from chatbot.tuning.selector import SelectorRecipe, judgements, signs_told, told_apart, tune_selector, weighed

TALK = [
    ("opinion", "What do you think of the violin?", "It frees the mind.", "is the fiddle any good?"),
    ("advice", "My neighbour plays the violin at night.", "Lend him a book instead.", "the fiddler next door"),
    ("provocation", "Poirot would have found it.", "Then let him look.", "Poirot is better than you"),
    ("farewell", "Good night, sir.", "Mind the stairs.", "I am off to bed"),
]
LIKELY, UNLIKELY = 3.0, -3.0  # logits


def lines() -> list[Example]:
    return [
        Example(kind, (Message("user", asked), Message("assistant", reply)), also=(other,))
        for kind, asked, reply, other in TALK
    ]


class Judge:
    """A selector that thinks likely what it was told, whatever the message."""

    def __init__(self, likely: Mapping[str, float]) -> None:
        self.likely = likely
        self.read: list[str] = []

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        self.read += texts
        return [next((logit for part, logit in self.likely.items() if part in text), UNLIKELY) for text in texts]


def exchanges(judge: Judge) -> Exchanges:
    """All ways lie equally near to whatever is said."""
    vectors = np.ones((2 * len(TALK), 1), dtype=np.float32)
    selector = Selector(judge, {**dict.fromkeys(SIGNS, 0.0), "logit": 1.0}, 0.0)
    return Exchanges(lines(), vectors, lambda _: [0.5], ENGLISH, learned=True, selector=selector)


def test_the_likeliest_line_comes_first_and_is_said_however_far_its_words_are() -> None:
    judge = Judge({"Lend him": LIKELY, "It frees": 0.0})
    first, second, *others = exchanges(judge).nearest("that fiddling through my wall, every night!", 4)
    assert (first.reply, first.fits, first.will_do) == ("Lend him a book instead.", True, True)
    assert (second.reply, second.fits, second.will_do) == ("It frees the mind.", False, True)
    assert not any(near.fits or near.will_do for near in others)
    assert first.margin > second.margin > 0 > others[0].margin
    assert len(judge.read) == len(TALK)  # a line once, by one of its ways


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Poirot is much the better man.", True),
        ("I prefer Maigret, who is the better man.", False),  # the line is of another
        ("What did I tell you of Poirot?", False),  # only he can have told it
        ("Good night to you, sir!", True),
    ],
)
def test_of_whom_it_is_said_counts_however_likely_a_line_seems(text: str, fits: bool) -> None:
    near = exchanges(Judge({" - ": LIKELY})).nearest(text, 4)
    wanted = "farewell" if text.startswith("Good") else "provocation"
    assert next(each.fits for each in near if each.kind == wanted) is fits


def test_the_way_that_shares_the_most_words_is_read_and_the_reply_is_cut() -> None:
    long = replace(lines()[0], messages=(Message("user", "Hm?"), Message("assistant", "word " * 100)))
    judged = [("Is your fiddle any good?", {0: 1.0, 1: 0.0})]
    ((good, wrong),) = judgements(judged, [lines()[0], long], ENGLISH)
    assert (good.worth, wrong.worth) == (1.0, 0.0)
    assert good.read == "is the fiddle any good? - It frees the mind."
    assert len(as_read("Hm?", "word " * 100, ENGLISH)) < 260


def test_a_way_that_a_line_lists_is_read_with_its_line_and_with_others() -> None:
    own, other = (
        Example("advice", (Message("user", f"{thing} 1"), Message("assistant", f"Sell the {thing}.")), also=also)
        for thing, also in (("boat", ("boat 2", "boat 3")), ("horse", ("horse 2", "horse 3")))
    )
    general = replace(lines()[3], also=("farewell 2", "farewell 3"))

    class Apart(Embedder):
        """Ways of one line lie together."""

        def __init__(self) -> None:
            pass

        def embed_documents(self, texts: Sequence[str], *_: object) -> list[list[float]]:
            return [[float(text.startswith(thing)) for thing in ("boat", "horse", "f")] for text in texts]

    told = told_apart([own, other, general], Apart(), ENGLISH, SelectorRecipe(ways=6, others=1), seed=1)
    assert len(told) == 6 and not any(each.said.startswith("farewell") for read in told for each in read)
    for read in told:
        answers, wrong = read
        thing = answers.said.split()[0]
        assert (answers.worth, wrong.worth) == (1.0, 0.0)
        assert answers.read.endswith(f"Sell the {thing}.") and thing not in wrong.read
        assert not answers.read.startswith(answers.said)  # by another of its ways


def test_a_case_is_told_to_who_wants_it_told_and_not_to_who_asks_for_one_thing_in_it() -> None:
    tale = Example(
        "story", (Message("user", "Tell me the case of the press."), Message("assistant", "It began in May."))
    )
    selector = Selector(Judge({" - ": LIKELY}), {**dict.fromkeys(SIGNS, 0.0), "logit": 1.0}, 0.0)
    told = Exchanges(
        [tale], np.ones((1, 1), dtype=np.float32), lambda _: [0.5], ENGLISH, learned=True, selector=selector
    )
    for text, fits in (
        ("I love that case of the press. Do tell me the story.", True),
        ("I have a question to the case of the press. What was it used for?", False),
    ):
        (near,) = told.nearest(text, 1)
        assert near.fits is near.will_do is fits


def test_signs_tell_how_a_message_and_a_line_go_together() -> None:
    asked = Found("is the fiddle any good?", "It frees the mind.", (0.2, 0.9, 0.7, 0.5))
    told = Found("I am off to bed", "Mind the stairs.", (0.3,))
    near, far = signs_of("Is your fiddle any good?", [asked, told], [1.5, -2.0], ENGLISH)
    assert near.keys() == far.keys() == set(SIGNS)
    assert (near["logit"], near["cosine"], near["behind"]) == (1.5, 0.9, 0.0)
    assert near["cosines"] == pytest.approx(0.7) and far["behind"] == pytest.approx(-0.6)
    assert near["shared"] == near["shared of the way"] == 1.0 and far["shared"] == 0.0
    assert (near["asks"], near["one asks"], far["one asks"]) == (1.0, 0.0, 1.0)
    assert (near["one says I"], far["one says I"], near["one says you"]) == (0.0, 1.0, 1.0)


def test_weights_find_the_signs_that_tell_and_are_read_again(tmp_path: Path) -> None:
    def row(at: int) -> list[tuple[list[float], bool]]:
        signs = [[float((at + place) % 7) / 7 for place in range(len(SIGNS))] for _ in range(3)]
        for number, sign in enumerate(signs):
            sign[SIGNS.index("logit")] = 2.0 if number == at % 3 else -2.0
        return [(sign, number == at % 3) for number, sign in enumerate(signs)]

    before, after, weights = weighed([row(at) for at in range(15)])
    assert after.right == after.auroc == 1.0 > before.auroc
    assert max(weights["weights"], key=weights["weights"].get) == "logit"
    (tmp_path / WEIGHTS).write_text(json.dumps(weights))
    selector = Selector.read(Judge({"fiddle": LIKELY}), tmp_path)
    likely, unlikely = selector.likely(
        "Hm?", [Found("the fiddle", "Yes.", (0.5,)), Found("a bed", "No.", (0.5,))], ENGLISH
    )
    assert likely > 0.5 > unlikely


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "cannot be used"),
        ('{"weights": {"logit": 1.0}, "bias": 0.0}', "of another version"),
        ('{"weights": [1], "bias": 0.0}', "cannot be used"),
    ],
)
def test_weights_that_cannot_be_used_are_an_error_that_says_what_to_do(tmp_path: Path, text: str, what: str) -> None:
    if text:
        (tmp_path / WEIGHTS).write_text(text)
    with pytest.raises(ModelError, match=f"{what}.*Tune it again"):
        Selector.read(Judge({}), tmp_path)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"said": "hm", "good": ["Nobody says this."]}, r"judged.jsonl:2: no line begins with “Nobody says this.”"),
        ({"good": ["Good night, sir."]}, r"judged.jsonl:2: said: Field required"),
        ({"said": "hm", "fine": ["Good night, sir."]}, r"judged.jsonl:2: fine: "),
    ],
)
def test_a_wrong_judgement_is_named_with_its_row(tmp_path: Path, row: dict[str, object], what: str) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text(f"\n{json.dumps(row)}\n", encoding="utf-8")
    with pytest.raises((MessageError, TrainingError), match=what):
        read_judged(file, lines())


@pytest.mark.slow
def test_a_short_run_is_published_with_its_card_and_reads_lines(tmp_path: Path, quill_home: Path) -> None:
    folder = tmp_path / "quill"
    loaded = persona_of_lines(folder, quill_home, lines())
    with pytest.raises(TrainingError, match=r"has no judged\.jsonl"):
        tune_selector(loaded, "bundled", tmp_path / "run")
    said = [{"said": "my neighbour fiddles", "good": [TALK[1][1]], "wrong": [TALK[0][1], TALK[3][1]]}]
    (folder / "judged.jsonl").write_text(json.dumps(said[0]))
    with pytest.raises(TrainingError, match="too few messages"):
        tune_selector(loaded, "bundled", tmp_path / "run")
    (folder / "judged.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in said * 48))
    recipe = SelectorRecipe(passes=1, batch_size=48)
    made, before, after = tune_selector(
        loaded, "bundled", tmp_path / "run", recipe=recipe, threads=1, command="a command"
    )
    assert made == folder / "selector" == loaded.selector
    assert before.messages == after.messages == after.answerable == 6 and after.right == 1.0
    assert "Made by `a command`." in (made / "README.md").read_text()
    selector = Selector.read(CrossEncoder(adapter=made), made)
    rows = signs_told(
        read_judged(folder / "judged.jsonl", lines())[:1], lines(), CrossEncoder(adapter=made), Embedder(), ENGLISH
    )
    assert [answers for _, answers in rows[0]] == [True, False, False]
    found = [Found(asked, reply, (0.5,)) for _, asked, reply, _ in TALK]
    assert all(0 < one < 1 for one in selector.likely("my neighbour fiddles", found, ENGLISH))
