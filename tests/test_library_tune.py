"""Tuning the search with the real embedder on a few texts: its data, its training, its adapters, its card."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from searching import CANON_QUESTIONS

from chatbot.errors import ModelError, TrainingError
from chatbot.evaluation import KnownQuestion, read_known_questions, share, split_of
from chatbot.evaluation.retrieval import Judge, same_work
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.library.search.library import Library
from chatbot.library.texts.passages import TEXT, Passage
from chatbot.settings import Settings
from chatbot.tuning import Callbacks, TrainingData, TrainingProgress, Tuned, tune_search
from chatbot.tuning.compare import compare, dense_ranker, questions_for
from chatbot.tuning.pairs import TEXTS, Pair, in_dev_split, is_validation, known_pairs, reading_pairs
from chatbot.tuning.reranker import RerankerRecipe, make_rankings
from chatbot.tuning.retriever import RetrieverRecipe, make_batches
from personas import LoadedPersona, load_persona

ITEMS = "kettle lantern saddle mirror violin basket hammer ribbon candle wheel feather ladder".split()
OWNERS = "miller giant widow hunter weaver sailor shepherd tailor piper baker mason fisher".split()
SMALL = RetrieverRecipe(rank=4, alpha=8, batch_size=8, passes=1, known_passes=1, forms=(1, 1, 1, 1))
SMALL_RERANKER = RerankerRecipe(rank=4, alpha=8, batch_size=4, negatives=2, passes=1, known_passes=1)


def works(fits: Callable[[str], bool], number: int) -> list[str]:
    """Titles whose hash puts them where a test wants them."""
    return [title for title in (f"The Case {at}" for at in range(500)) if fits(title)][:number]


TRAINED = works(lambda title: share(title) < 0.4 and not is_validation(title), 3)
VALIDATION = works(lambda title: share(title) < 0.4 and is_validation(title), 1)
TEST = works(lambda title: share(title) >= 0.4, 2)


def item(work: str, at: int) -> str:
    """What owner number `at` hid in a work."""
    return ITEMS[(at + 5 * int(work.rpartition(" ")[2])) % 12]


def told(work: str) -> list[Passage]:
    """A work of twelve facts, three to a passage."""
    facts = [
        f"The old {owner} of the valley hid a {item(work, at)} behind the barn on a windy night."
        for at, owner in enumerate(OWNERS)
    ]
    return [
        Passage(f"{work}-{at}", TEXT, "book.txt", work, "", at, "", " ".join(facts[at : at + 3])) for at in (0, 3, 6, 9)
    ]


PASSAGES = [passage for work in (*TRAINED, *VALIDATION, *TEST) for passage in told(work)]
QUESTIONS = [
    KnownQuestion(
        work=work, question=f"What did the old {owner} of the valley hide behind the barn?", answers=(item(work, at),)
    )
    for work in (*TRAINED, *VALIDATION, *TEST)
    for at, owner in enumerate(OWNERS)
]


@pytest.fixture(scope="module")
def small(sherlock: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> LoadedPersona:
    folder = tmp_path_factory.mktemp("personas") / "sherlock"
    folder.mkdir()
    (folder / "persona.yaml").write_text((sherlock.folder / "persona.yaml").read_text(encoding="utf-8"))
    return load_persona("sherlock", folder.parent)


def tuned_in(small: LoadedPersona, run: Path, *, what: Any = "retriever", **more: Any) -> Tuned:
    recipe = SMALL if what == "retriever" else SMALL_RERANKER
    return tune_search(what, small, TrainingData("bundled", PASSAGES, QUESTIONS), run, recipe=recipe, threads=1, **more)


@pytest.fixture(scope="module")
def retriever(small: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    return tuned_in(small, tmp_path_factory.mktemp("run"), command="bakerstreet library tune sherlock --seed 7")


@pytest.fixture(scope="module")
def reranker(small: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    return tuned_in(small, tmp_path_factory.mktemp("run"), what="reranker")


# ---------------------------------------------------------------------- data


def test_what_answers_holds_an_accepted_answer_and_what_does_not_lacks_it() -> None:
    pairs = known_pairs(QUESTIONS, PASSAGES)
    assert {pair.form for pair in pairs} == set(TEXTS)
    for pair in pairs:
        (answer,) = pair.answers
        assert all(answer in text and text.startswith(f"{pair.group}. ") for text in pair.positives)
        assert pair.negatives and not any(answer in text for text in pair.negatives)


def test_neither_works_of_the_test_split_nor_those_for_validation_are_trained_on() -> None:
    pairs = known_pairs(QUESTIONS, PASSAGES)
    assert {pair.group for pair in pairs} == set(TRAINED)
    read = [text for pair in pairs for text in (*pair.positives, *pair.negatives)]
    assert not [text for text in read if not text.startswith(tuple(f"{work}. " for work in TRAINED))]


def test_the_canon_s_test_split_is_closed_by_whatever_name_a_work_is_known() -> None:
    questions = read_known_questions(CANON_QUESTIONS)
    tested = {t.work for q in questions if split_of(q) == "test" for t in q.targets}
    assert tested
    for work in tested:
        assert not in_dev_split(work, questions)
        assert not in_dev_split(f"The Disappearance of {work}", questions)
    dev = {q.work for q in questions if q.kind == "plain" and split_of(q) == "dev"}
    assert any(in_dev_split(work, questions) and is_validation(work) for work in dev)
    assert not [work for work in dev for other in tested if same_work(work, other) and in_dev_split(work, questions)]


def test_a_follow_up_is_asked_behind_the_exchange_that_it_refers_to() -> None:
    before = [{"question": "Who lived in the valley with the old miller?", "answer": "Nobody."}]
    row = {"kind": "follow-up", "work": TRAINED[0], "answers": [item(TRAINED[0], 0)], "before": before}
    known = KnownQuestion.model_validate({**row, "question": "What did he hide that night?"})
    asked = "Who lived in the valley with the old miller? Nobody. What did he hide that night?"
    assert {(pair.kind, pair.question) for pair in known_pairs([known], PASSAGES)} == {("follow-up", asked)}


def test_reading_comprehension_gives_pairs_of_one_story(tmp_path: Path, embedder: Embedder) -> None:
    sections = [
        {"story": "the-old-mill", "section": str(at), "text": passage.text}
        for at, passage in enumerate(told("The Mill 0"))
    ]
    asked = [
        {
            "split": split,
            "story": "the-old-mill",
            "sections": ["0"],
            "question": "What did the old miller of the valley hide?",
            "answers": [f"a {item('The Mill 0', 0)}."],
            "explicit": True,
        }
        for split in ("train", "test")
    ]
    for name, rows in (("sections", sections), ("questions", asked)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pairs = reading_pairs(tmp_path, embedder.count, 252)
    assert [pair.form for pair in pairs] == list(TEXTS)  # of the training split alone
    for pair in pairs:
        assert all(text.startswith("The old mill. ") for text in (*pair.positives, *pair.negatives))
        assert all(item("The Mill 0", 0) in text for text in pair.positives)
        assert not any(item("The Mill 0", 0) in text for text in pair.negatives)


def test_a_reading_set_that_is_missing_is_named(tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(TrainingError, match="holds no reading comprehension set"):
        reading_pairs(tmp_path, embedder.count, 252)


def test_a_text_that_may_answer_is_no_negative_of_a_question() -> None:
    one = Pair("canon", "A", "Who?", "window", ("A. The miller did.",), ("A. A dog barked.",), ("the miller",))
    other = Pair("canon", "A", "And who?", "window", ("A. It was the miller again.",), ("A. A cat slept.",), ("again",))
    (batch,) = make_batches([one, other], RetrieverRecipe(known_passes=1), seed=1)
    place = batch.texts.index("A. It was the miller again.")
    assert (batch.questions.index("Who?"), place) in batch.masked
    assert (batch.questions.index("And who?"), batch.texts.index("A. The miller did.")) not in batch.masked


def test_the_same_seed_gives_the_same_batches() -> None:
    pairs = known_pairs(QUESTIONS, PASSAGES)
    assert make_batches(pairs, SMALL, 7) == make_batches(pairs, SMALL, 7) != make_batches(pairs, SMALL, 8)
    rankings = make_rankings(pairs, SMALL_RERANKER, 7)
    assert rankings == make_rankings(pairs, SMALL_RERANKER, 7)
    by_positive = {(pair.question, text): pair for pair in pairs if pair.form == "window" for text in pair.positives}
    for ranking in (ranking for batch in rankings for ranking in batch):
        pair = by_positive[ranking.question, ranking.texts[0]]
        assert set(ranking.texts[1:]) <= set(pair.negatives) and len(ranking.texts) == 3


# ---------------------------------------------------------------------- training


@pytest.mark.slow
@pytest.mark.parametrize("what", ["retriever", "reranker"])
def test_a_run_that_was_killed_resumes_and_gives_the_same_adapter(
    what: str, small: LoadedPersona, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    whole: Tuned = request.getfixturevalue(what)
    monkeypatch.setattr("chatbot.tuning.loop.CHECKPOINT_STEPS", 1)

    class Killed(Exception):
        pass

    def kill(step: TrainingProgress) -> None:
        if step.step == 2:
            raise Killed

    with pytest.raises(Killed):
        tuned_in(small, tmp_path / "run", what=what, destination=tmp_path / "out", callbacks=Callbacks(on_step=kill))
    assert not (tmp_path / "out").exists()
    said: list[str] = []
    again = tuned_in(
        small, tmp_path / "run", what=what, destination=tmp_path / "out", callbacks=Callbacks(say=said.append)
    )
    assert said[0].startswith("Resuming from step 2 of ")
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (whole.folder, again.folder))
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        np.testing.assert_allclose(tensor.float().numpy(), other[name].float().numpy(), atol=2e-3)


@pytest.mark.slow
def test_an_adapter_lies_beside_the_persona_in_half_precision(
    small: LoadedPersona, retriever: Tuned, reranker: Tuned
) -> None:
    import torch
    from safetensors.torch import load_file

    assert (small.retriever, small.reranker) == (retriever.folder, reranker.folder)
    for folder in (retriever.folder, reranker.folder):
        assert {tensor.dtype for tensor in load_file(folder / "adapter_model.safetensors").values()} == {torch.float16}
        stated = json.loads((folder / "adapter_config.json").read_text())
        assert stated["base_model_name_or_path"] == "sentence-transformers/all-MiniLM-L6-v2"


def test_a_persona_without_adapters_has_none(tmp_path: Path, sherlock: LoadedPersona) -> None:
    other = LoadedPersona("other", tmp_path, sherlock.persona)
    assert other.retriever is None and other.reranker is None and other.support is None


@pytest.mark.slow
def test_the_card_states_data_settings_and_results(retriever: Tuned) -> None:
    card = (retriever.folder / "README.md").read_text()
    facts = json.loads((retriever.folder / "training.json").read_text())
    after = retriever.comparisons["test"].after
    assert facts["validation_works"] == VALIDATION
    assert facts["results"]["test"]["questions"] == 24
    assert facts["results"]["test"]["verdict"] == retriever.comparisons["test"].verdict
    for stated in (
        "known questions with the books | 36",
        "| rank | 4 |",
        "seed 7",
        VALIDATION[0],
        "`bakerstreet library tune sherlock --seed 7`",
        f"| works of the test split | 24 | this retriever | {100 * after.top1:.1f}%",
        f"this retriever {retriever.comparisons['validation'].verdict} the untuned embedder",
    ):
        assert stated in card
    assert "FairytaleQA" not in card


# ---------------------------------------------------------------------- use


@pytest.mark.slow
def test_an_adapter_changes_vectors_and_fingerprint_and_runs_alike_in_openvino_and_torch(
    retriever: Tuned, embedder: Embedder, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    texts = [passage.indexed() for passage in PASSAGES[:6]]
    said: list[str] = []
    converted = Embedder(adapter=retriever.folder, cache=tmp_path, say=said.append)
    original = Embedder(adapter=retriever.folder)
    ours, theirs = (np.array(kind.embed_documents(texts)) for kind in (converted, original))
    assert (ours * theirs).sum(axis=1).min() > 0.97
    untuned = np.array(Embedder().embed_documents(texts))
    assert np.abs(theirs - untuned).max() > 1e-3
    assert len({converted.fingerprint, embedder.fingerprint, Embedder().fingerprint}) == 3
    assert converted.fingerprint == original.fingerprint
    assert Embedder().fingerprint == "all-MiniLM-L6-v2:90868376"
    # Another adapter is another embedder, and is converted as well.
    other = tmp_path / "other"
    other.mkdir()
    (other / "adapter_config.json").write_bytes((retriever.folder / "adapter_config.json").read_bytes())
    tensors = load_file(retriever.folder / "adapter_model.safetensors")
    save_file({name: tensor * 3 for name, tensor in tensors.items()}, other / "adapter_model.safetensors")
    tripled = Embedder(adapter=other, cache=tmp_path, say=said.append)
    assert tripled.fingerprint != converted.fingerprint
    assert np.abs(np.array(tripled.embed_documents(texts)) - ours).max() > 1e-3
    assert len(said) == 2


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_damaged_adapter_is_named_with_what_to_do(damage: str, sherlock: LoadedPersona, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    adapter = tmp_path / "adapter"
    adapter.mkdir()
    assert sherlock.retriever is not None
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (adapter / name).write_bytes((sherlock.retriever / name).read_bytes())
    weights = adapter / "adapter_model.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:2000])
    else:
        import torch

        save_file({"something.else": torch.zeros(2)}, weights)
    with pytest.raises(ModelError, match="library tune") as raised:
        Embedder(adapter=adapter, cache=tmp_path).embed_query("A clue.")
    assert str(adapter) in str(raised.value)
    with pytest.raises(ModelError, match="library tune"):
        Embedder(adapter=adapter).embed_query("A clue.")


def test_a_cross_encoder_scores_alike_in_openvino_and_torch(sherlock: LoadedPersona, tmp_path: Path) -> None:
    texts = [passage.indexed() for passage in PASSAGES[:5]]
    said: list[str] = []
    converted = CrossEncoder(adapter=sherlock.reranker, cache=tmp_path, say=said.append)
    original = CrossEncoder(adapter=sherlock.reranker)
    ours, theirs = (np.array(kind.score("What did the miller hide?", texts)) for kind in (converted, original))
    assert said == ["Converting the reranker to 8 bits for OpenVINO (once, a few seconds) ..."]
    assert ours.shape == (5,)
    assert np.abs(ours - theirs).max() < 0.1 * max(1.0, np.abs(theirs).max())
    assert converted.score("What did the miller hide?", []) == []
    alone = converted.score("What did the miller hide?", texts[:1])
    assert alone[0] == pytest.approx(ours[0], abs=0.05 * max(1.0, np.abs(theirs).max()))


def test_a_model_without_a_head_is_no_cross_encoder() -> None:
    with pytest.raises(ModelError, match="one label"):
        CrossEncoder().score("Who?", ["He."])


@pytest.mark.slow
def test_any_cross_encoder_in_a_folder_can_be_used(tmp_path: Path, embedder: Embedder) -> None:
    import shutil

    import torch
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(embedder.folder, num_labels=1)
    model.save_pretrained(tmp_path / "model")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(Path(embedder.folder) / name, tmp_path / "model")
    ours = CrossEncoder(str(tmp_path / "model"), cache=tmp_path).score("Who hid it?", ["The miller.", "Nobody."])
    theirs = CrossEncoder(str(tmp_path / "model")).score("Who hid it?", ["The miller.", "Nobody."])
    assert ours == pytest.approx(theirs, abs=0.1)


# ---------------------------------------------------------------------- comparison


def test_the_comparison_counts_only_answers_of_the_right_work_and_states_no_gain_where_there_is_none(
    embedder: Embedder, tmp_path: Path
) -> None:
    asked = questions_for("test", QUESTIONS, PASSAGES)
    assert {question.work for question in asked} == set(TEST)
    assert {question.work for question in questions_for("validation", QUESTIONS, PASSAGES)} == set(VALIDATION)
    rank = dense_ranker(PASSAGES, embedder, tmp_path, lambda done, total: None)
    same = compare(asked, Judge(PASSAGES), rank, rank)
    assert same.before == same.after and same.gain == (0.0, 0.0) and same.verdict == "does not beat"
    worse = compare(asked, Judge(PASSAGES), rank, lambda question: [])
    assert worse.verdict == "is beaten by" and worse.after.top10 == 0
    better = compare(asked, Judge(PASSAGES), lambda question: [], rank)
    assert better.beats and better.after.mrr > 0


@pytest.mark.slow
def test_the_reranker_is_compared_with_the_search_s_own_order(
    small: LoadedPersona, library: Library, settings: Settings, tmp_path: Path
) -> None:
    plain = [question for question in read_known_questions(CANON_QUESTIONS) if question.kind == "plain"]
    questions = [question for split in ("dev", "test") for question in [q for q in plain if split_of(q) == split][:4]]
    data = TrainingData("bundled", library.passages, questions, cache=settings.models_dir, library=library)
    tuned = tune_search(
        "reranker", small, data, tmp_path, recipe=SMALL_RERANKER, destination=tmp_path / "out", threads=1
    )
    assert tuned.comparisons["test"].questions == 4
    assert "the windows of the fused search" in (tmp_path / "out" / "README.md").read_text()
