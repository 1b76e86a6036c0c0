"""The support check: which sentences it judges, with what before them, and by how much evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatbot.errors import ModelError
from chatbot.judges import THRESHOLD_FILE, SupportJudge, Threshold
from chatbot.judges.support import claims
from chatbot.language import ENGLISH, LANGUAGES, language_of
from chatbot.library.encoders import SupportEncoder
from chatbot.resources import Resources
from chatbot.settings import Settings
from personas import LoadedPersona

LABELLED = Path(__file__).parent / "cases" / "support" / "labelled.jsonl"
EVIDENCE = ["The miller hid the kettle behind the barn.", "The weaver never saw it again."]


class Believing:
    """Stands in for the encoder: believes sentences in which a word occurs."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.read: list[str] = []

    def rate(self, evidence: Sequence[str], sentences: Sequence[str]) -> list[float]:
        self.read += sentences
        return [2.0 if self.word in sentence else -2.0 for sentence in sentences]


def judge(word: str, limit: float = 0.5) -> tuple[SupportJudge, Believing]:
    encoder = Believing(word)
    return SupportJudge(encoder, Threshold(limit), ENGLISH), encoder  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def encoder(sherlock: LoadedPersona, settings: Settings) -> SupportEncoder:
    """The real form with the adapter of the reranker: its numbers differ, what it reads does not."""
    return SupportEncoder(adapter=sherlock.reranker, cache=settings.models_dir)


def test_what_claims_nothing_is_not_judged(sherlock: LoadedPersona) -> None:
    language = language_of(sherlock.persona)
    claim = "The miller hid the kettle behind the barn, my dear sir."
    reply = f"Good evening! How are you? {claim} My notes do not say when. Thank you. ..."
    assert claims(reply, language) == [claim]
    assert claims(sherlock.persona.declines[-1], language) == [
        "It is a short answer, but it has the merit of being exact."
    ]
    german = LANGUAGES["de"]
    assert claims("Guten Abend! Wie geht es Ihnen? Der Müller versteckte den Kessel.", german) == [
        "Der Müller versteckte den Kessel."
    ]


def test_sentences_below_the_threshold_are_named_in_their_order() -> None:
    support, encoder = judge("miller")
    reply = (
        "The weaver hid the kettle behind the barn. The miller hid the kettle in a field. The baker found it later on."
    )
    assert support.unsupported_sentences(reply, EVIDENCE) == [
        "The weaver hid the kettle behind the barn.",
        "The baker found it later on.",
    ]
    assert judge("miller", 0.9)[0].unsupported_sentences(reply, EVIDENCE)[1] == (
        "The miller hid the kettle in a field."
    )
    assert support.unsupported_sentences(reply, []) == []
    assert encoder.read and support.probabilities([], EVIDENCE) == []
    assert support.probabilities(["The miller did."], [" "]) == [0.0]


def test_a_bare_answer_is_judged_behind_its_question() -> None:
    support, encoder = judge("kettle")
    support.probabilities(["Behind the barn.", "The miller hid it behind the old barn."], EVIDENCE, "Where was it?")
    assert encoder.read == ["Where was it? Behind the barn.", "The miller hid it behind the old barn."]


def test_what_is_read_out_word_for_word_is_supported_without_the_model() -> None:
    support, encoder = judge("nothing")
    read_out = ['My notes are plain: "The miller hid the kettle behind the barn."', f"The Kettle: {EVIDENCE[1]}"]
    assert support.probabilities([*read_out, EVIDENCE[0]], EVIDENCE) == [1.0, 1.0, 1.0]
    assert encoder.read == []
    altered = [
        "The miller hid the kettle not behind the barn.",
        'He "hid the kettle behind the mill" and "never saw it again."',
    ]
    assert max(support.probabilities([altered[0], EVIDENCE[0], altered[1]], EVIDENCE)[::2]) < 0.5
    assert encoder.read == altered


def test_long_evidence_is_read_in_parts_and_the_best_counts(encoder: SupportEncoder) -> None:
    sentence = "The miller hid the kettle behind the barn."
    filler = "The moor lay in a mist, and nobody walked upon it after dark. " * 40
    alone, weak = encoder.rate([sentence], [sentence, "A dog barked."])
    assert encoder.rate([filler, sentence], [sentence])[0] >= max(encoder.rate([filler], [sentence])[0], weak)
    cut = encoder._parts([filler, sentence])
    assert len(cut) > 1 and "".join(part.replace("\n", "") for part in cut) == filler + sentence
    assert encoder._parts([sentence, "A dog barked."]) == [f"{sentence}\nA dog barked."]
    assert encoder.rate([sentence], [sentence])[0] == pytest.approx(alone, abs=0.2)
    assert len(encoder.rate([filler], [filler, sentence])) == 2
    assert encoder.rate([sentence], []) == []


def test_a_threshold_is_kept_beside_the_adapter(tmp_path: Path) -> None:
    assert Threshold.read(tmp_path) == Threshold()
    Threshold(0.4, 0.9, 0.8).write(tmp_path)
    assert Threshold.read(tmp_path) == Threshold(0.4, 0.9, 0.8)
    for damaged in ('{"limit": 2}', "{", '{"limits": 1}', '{"limit": "much"}'):
        (tmp_path / THRESHOLD_FILE).write_text(damaged)
        with pytest.raises(ModelError, match="delete it"):
            Threshold.read(tmp_path)


def test_a_persona_without_a_support_check_has_none(
    settings: Settings, tmp_path: Path, sherlock: LoadedPersona
) -> None:
    folder = tmp_path / "sherlock"
    folder.mkdir()
    (folder / "persona.yaml").write_text(
        (sherlock.folder / "persona.yaml").read_text(encoding="utf-8").replace("voice: voice", "")
    )
    resources = Resources(settings.model_copy(update={"personas": tmp_path}))
    assert resources.models("sherlock").support() is None
    (folder / "support").mkdir()
    (folder / "support" / "adapter_config.json").write_text(json.dumps({}))
    support = resources.models("sherlock").support()  # it has come while the process was running
    assert support is not None
    with pytest.raises(ModelError, match="cannot be used"):
        support.warm()


def test_the_shipped_check_finds_what_its_threshold_promises_on_labelled_sentences(
    sherlock: LoadedPersona, settings: Settings
) -> None:
    """The threshold was chosen on these sentences, so this shows that nothing got worse, not how good it is."""
    if sherlock.support is None:
        pytest.skip("the persona has no support check")
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    threshold = Threshold.read(sherlock.support)
    encoder = SupportEncoder(adapter=sherlock.support, cache=settings.models_dir)
    support = SupportJudge(encoder, threshold, language_of(sherlock.persona))
    found = wrong = 0
    for row in rows:
        (likely,) = support.probabilities([row["sentence"]], row["evidence"], row["question"])
        if likely < threshold.limit:
            found, wrong = found + (not row["supported"]), wrong + row["supported"]
    unsupported = sum(not row["supported"] for row in rows)
    assert len(rows) == 300
    assert threshold.precision is not None and found / (found + wrong) > threshold.precision - 0.05
    assert threshold.recall is not None and found / unsupported > threshold.recall - 0.05
