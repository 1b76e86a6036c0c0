"""The training of the support check: claims made of a casebook, and a short run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatbot.errors import TrainingError
from chatbot.language import ENGLISH, LANGUAGES
from chatbot.library.texts import CASEBOOK, ProbableQuestion, Section
from chatbot.tuning.claims import Claim, claims_of, names_of
from chatbot.tuning.loop import TrainingProgress
from chatbot.tuning.support import SupportRecipe, read_claims, tune_support
from personas import LoadedPersona, load_persona

ALTER = ENGLISH.altering
FACTS = [
    {
        "kind": "who",
        "questions": ["Who hid the kettle?"],
        "answer": "Tom Fisher",
        "sentence": "On Monday the kettle was hidden by Tom Fisher, because he feared Anna Weaver.",
    },
    {
        "kind": "who",
        "questions": ["Who found it?"],
        "answer": "Anna Weaver",
        "sentence": "I learned that Anna Weaver found the kettle in two days.",
    },
    {
        "kind": "yes-no",
        "questions": ["Was the kettle broken?"],
        "answer": "no, it was whole",
        "sentence": "The kettle was whole, and I gave it to Anna Weaver.",
    },
    {
        "kind": "premise",
        "questions": ["Why did you keep the kettle?"],
        "answer": "gave it to Anna",
        "correction": "I did not: I gave it to Anna Weaver",
        "sentence": "The kettle was whole, and I gave it to Anna Weaver.",
    },
]


def made(language: str = "en") -> list[Claim]:
    text = " ".join(dict.fromkeys(fact["sentence"] for fact in FACTS))  # type: ignore[misc]
    other = "The mill stood by the river. Nobody went there after dark."
    sections = [Section(CASEBOOK, "casebook/kettle.md", "The Kettle", "", "Holmes", (text, other))]
    questions = {"kettle": [ProbableQuestion.model_validate(fact) for fact in FACTS], "nowhere": []}
    return [claim for seed in range(8) for claim in claims_of(sections, questions, "Holmes", LANGUAGES[language], seed)]


def test_english_sentences_are_altered() -> None:
    assert ALTER.opposed("The dog was not there.") == "The dog was there."
    assert ALTER.opposed("The dog was there all night.") == "The dog was not there all night."
    assert ALTER.opposed("It rained.") is None
    assert ALTER.in_third_person("I have seen it, and my friend told me.", "Holmes") == (
        "Holmes has seen it, and his friend told him."
    )
    assert ALTER.in_third_person("The dog barked.", "Holmes") is None
    assert ALTER.statement("Who hid the kettle?", "Tom Fisher") == "Tom Fisher hid the kettle."
    assert ALTER.statement("Where did you hide it?", "in the barn") == "I did hide it in the barn."
    assert ALTER.statement("Who was the owner?", "Anna") == "The owner was Anna."
    assert ALTER.statement("Which of them?", "Anna") is None
    assert ALTER.assertion("Was the kettle broken?") == "The kettle was broken."
    assert ALTER.assertion("Did Sir George steal your coat?") == "Sir George did steal my coat."
    assert ALTER.premise("Why did you keep the kettle?") == "I did keep the kettle."
    assert names_of("Then Tom Fisher and Anna met.", ENGLISH) == ["Tom Fisher", "Anna"]


def test_what_is_supported_stands_in_the_evidence_and_what_is_altered_does_not() -> None:
    claims = made()
    true, false = ({claim.sentence for claim in claims if claim.supported is right} for right in (True, False))
    for said in (
        "Who hid the kettle? Tom Fisher.",
        "Tom Fisher hid the kettle.",
        "Holmes learned that Anna Weaver found the kettle in two days.",
        "On Monday the kettle was hidden by Tom Fisher.",
        "I did not: I gave it to Anna Weaver.",
    ):
        assert said in true and said not in false
    for said in (
        "On Monday the kettle was hidden by Anna Weaver, because he feared Tom Fisher.",
        "The kettle was broken.",
        "I did keep the kettle.",
        "Who hid the kettle? Anna Weaver.",
    ):
        assert said in false and said not in true
    assert any("Tuesday" in said or "Friday" in said or "Sunday" in said for said in false)
    for claim in claims:
        if claim.supported and claim.sentence in {fact["sentence"] for fact in FACTS}:
            assert claim.sentence in claim.evidence
        if not claim.supported and claim.sentence in {fact["sentence"] for fact in FACTS}:
            assert claim.sentence not in claim.evidence
    assert {claim.group for claim in claims} == {"The Kettle"}


def test_a_language_without_rules_has_claims_of_names_and_answers_all_the_same() -> None:
    claims = made("de")
    assert {claim.supported for claim in claims} == {True, False}
    assert "Who hid the kettle? Anna Weaver." in {claim.sentence for claim in claims if not claim.supported}


def test_labelled_replies_and_passages_are_read(tmp_path: Path) -> None:
    label = "Not fully attributable"
    rows = [{"source": "BEGIN", "evidence": "A hut.", "message": "", "reply": "A house.", "label": label}]
    asked = [
        {"question": "Who sat?", "answers": ["Tom"], "answerable": True},
        {"question": "Who stood?", "answers": ["Ann"], "answerable": True},
        {"question": "Who ran?", "answers": [], "answerable": False},
    ]
    passages = [{"source": "SQuAD", "passage": "Tom sat and Ann stood.", "questions": asked}]
    for name, held in (("support", rows), ("passages", passages)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in held))
    claims = read_claims(tmp_path, 7)
    assert Claim("A hut.", "A house.", False, "BEGIN") in claims
    assert Claim("Tom sat and Ann stood.", "Who sat? Tom.", True, "SQuAD") in claims
    assert Claim("Tom sat and Ann stood.", "Who sat? Ann.", False, "SQuAD") in claims
    assert len(claims) == 5
    (tmp_path / "support.jsonl").write_text("{}\n")
    with pytest.raises(TrainingError, match="--no-reading"):
        read_claims(tmp_path, 7)


@pytest.mark.slow
def test_a_run_resumes_and_leaves_an_adapter_that_is_used_with_its_card(
    sherlock: LoadedPersona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "personas" / "sherlock"
    (folder / "casebook").mkdir(parents=True)
    (folder / "persona.yaml").write_text((sherlock.folder / "persona.yaml").read_text(encoding="utf-8"))
    for title in ("The Kettle", "The Lantern 0"):  # of the test split and of the dev split
        page = folder / "casebook" / f"{title.split()[1].lower()}.md"
        text = " ".join(dict.fromkeys(str(fact["sentence"]) for fact in FACTS))
        page.write_text(f"---\ntitle: {title}\nbook: A Book\nkind: case\n---\n# {title}\n\n## The facts\n{text}\n")
        rows = "".join(json.dumps({**fact, "questions": fact["questions"]}) + "\n" for fact in FACTS)
        page.with_name(f"{page.stem}.questions.jsonl").write_text(rows)
    loaded = load_persona("sherlock", folder.parent)
    recipe = SupportRecipe(rank=4, alpha=8, batch_size=8, passes=1)
    monkeypatch.setattr("chatbot.tuning.loop.CHECKPOINT_STEPS", 1)

    class Killed(Exception):
        pass

    def kill(step: TrainingProgress) -> None:
        if step.step == 2:
            raise Killed

    def run(**more: object) -> object:
        return tune_support(loaded, "bundled", tmp_path / "run", recipe=recipe, threads=1, command="a command", **more)  # type: ignore[arg-type]

    with pytest.raises(Killed):
        run(on_step=kill)
    assert loaded.support is None
    said: list[str] = []
    tuned = run(say=said.append)
    assert said[0].startswith("Resuming from step 2 of ")
    assert loaded.support == tuned.folder  # type: ignore[attr-defined]
    facts = json.loads((folder / "support" / "training.json").read_text())
    card = (folder / "support" / "README.md").read_text()
    assert facts["held_out"] == tuned.claims > 0 and f"AUROC {facts['auroc']:.3f}" in card  # type: ignore[attr-defined]
    assert "`a command`" in card and "CC-BY-4.0" in card
