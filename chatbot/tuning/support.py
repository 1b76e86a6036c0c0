"""`library tune --what support`: the cross-encoder that says whether evidence supports a sentence of a reply."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.evaluation import DEV_SHARE, share
from chatbot.judges import Threshold
from chatbot.language import language_of, to_plain
from chatbot.library.encoders import SupportEncoder
from chatbot.library.texts import casebook_sections, probable_questions
from chatbot.progress import Say
from chatbot.tuning.cards import support_card
from chatbot.tuning.claims import Claim, claims_of
from chatbot.tuning.encoders import (
    ONE_LOGIT,
    Recipe,
    Task,
    base_model,
    pair_logits,
    train_encoder,
    with_one_logit,
)
from chatbot.tuning.loop import OnStep, bucketed
from chatbot.tuning.publish import publish_adapter
from personas import LoadedPersona

ATTRIBUTED = "support.jsonl"  # of the reading folder: replies with a human label
PASSAGES = "passages.jsonl"  # and passages with questions
UNATTRIBUTED = "Not fully attributable"
MOST_READ = 14_000  # claims made of passages; the casebook's own must not drown in them
MAX_PASSAGE_WORDS = 120


@dataclass(frozen=True, kw_only=True)
class SupportRecipe(Recipe):
    """How the support check is trained; `passes` are over all claims."""

    rank: int = 32
    alpha: int = 64
    learning_rate: float = 4e-4
    batch_size: int = 64
    negatives: int = 0
    passes: int = 2
    max_tokens: int = SupportEncoder.max_tokens


@dataclass(frozen=True)
class TunedSupport:
    """The adapter's folder, and how it fares on claims of works that it was not trained on.

    Attributes:
        folder: of the adapter.
        auroc: supported claims against unsupported ones; None: all works were trained on.
        claims: how many were judged.
    """

    folder: Path
    auroc: float | None
    claims: int


def tune_support(
    loaded: LoadedPersona,
    model: str,
    run: Path,
    *,
    reading: Path | None = None,
    everything: bool = False,
    recipe: SupportRecipe | None = None,
    destination: Path | None = None,
    command: str = "",
    seed: int = 7,
    threads: int = 0,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> TunedSupport:
    """Train the support check of a persona on the works of the dev split, and judge claims of the test split with it.

    Args:
        loaded: the persona; its casebook has probable questions.
        model: the embedder as the settings name it.
        run: the folder of the run: its checkpoint, and the adapter until it is judged.
        reading: a folder with `support.jsonl` and `passages.jsonl`; None: the casebook alone.
        everything: train on the test split too, for use; no figures then.
        recipe: default: as the shipped adapter.
        destination: default: beside the persona.
        command: what the card says it was made by.
        seed: of what is drawn.
        threads: CPU threads; 0: as many as torch likes.
        on_step: told after every step.
        say: told whether a checkpoint is used.

    Raises:
        TrainingError: there is nothing to train on, or a folder cannot be read or written.
        ModelError: the base cannot be loaded.
    """
    recipe = recipe or SupportRecipe()
    base, name = base_model(model)
    language = language_of(loaded.persona)
    sections = casebook_sections(loaded.casebook, loaded.persona.name, loaded.persona.named, language)
    spoken = loaded.persona.name.split()[-1]
    own = claims_of(sections, probable_questions(loaded.casebook), spoken, language, seed)
    held_out = [] if everything else [claim for claim in own if share(claim.group) >= DEV_SHARE]
    trained = [claim for claim in own if everything or share(claim.group) < DEV_SHARE]
    read = read_claims(reading, seed) if reading else []
    counts = {"casebook": len(trained), **Counter(claim.group for claim in read)}
    trained += read
    task = support_task(trained, recipe, seed)
    tuned, state = train_encoder(task, base, name, run, seed=seed, threads=threads, on_step=on_step, say=say)
    facts: dict[str, Any] = {
        "base": name,
        "what": "support",
        "seed": seed,
        "recipe": asdict(recipe),
        "claims": counts,
        "works": "all" if everything else "dev",
        **state.facts(),
    }
    trial = run / "adapter"
    publish_adapter(tuned, trial, facts, "", "support")
    area = judged(SupportEncoder(model, threads, adapter=trial), held_out) if held_out else None
    facts["auroc"], facts["held_out"] = area, len(held_out)
    folder = destination or loaded.folder / "support"
    publish_adapter(tuned, folder, facts, support_card(loaded, facts, command), "support")
    Threshold().write(folder)
    return TunedSupport(folder, area, len(held_out))


def read_claims(folder: Path, seed: int) -> list[Claim]:
    """Claims of labelled replies, and of passages with questions: the answer, or one to another question, behind it.

    Raises:
        TrainingError: the folder does not hold the two files, or they have another form.
    """
    chance = random.Random(seed)
    try:
        found = [
            Claim(to_plain(row["evidence"]), to_plain(row["reply"]), row["label"] != UNATTRIBUTED, row["source"])
            for row in _rows(folder / ATTRIBUTED)
        ]
        passages = list(_rows(folder / PASSAGES))
        chance.shuffle(passages)
        answered = [claim for row in passages for claim in _of_passage(row, chance)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{folder} does not hold {ATTRIBUTED} and {PASSAGES}: {error!r}. Name another folder with "
            "--reading, or train without it: --no-reading."
        ) from error
    return found + answered[:MOST_READ]


def _of_passage(row: dict[str, Any], chance: random.Random) -> Iterator[Claim]:
    passage = to_plain(row["passage"])
    asked = [
        (to_plain(item["question"]).strip(), [to_plain(answer) for answer in item["answers"]])
        for item in row["questions"]
        if item["answerable"] and item["answers"]
    ]
    if len(passage.split()) > MAX_PASSAGE_WORDS:
        return
    for question, answers in asked:
        yield Claim(passage, f"{question} {answers[0]}.", True, row["source"])
        right = " ".join(answers).lower()
        wrong = [
            other[0]
            for _, other in asked
            if other[0].lower() not in right
            and answers[0].lower() not in other[0].lower()
            and other[0][:1].isupper() == answers[0][:1].isupper()
        ]
        if wrong:
            yield Claim(passage, f"{question} {chance.choice(wrong)}.", False, row["source"])


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def support_task(claims: Sequence[Claim], recipe: SupportRecipe, seed: int) -> Task:
    """The training of a BERT encoder with a new head of one logit, by binary cross-entropy."""

    def loss(model: Any, tokenizer: Any, batch: Sequence[Claim]) -> tuple[Any, int]:
        import torch

        pairs = [(claim.evidence, claim.sentence) for claim in batch]
        logits, tokens = pair_logits(model, tokenizer, pairs, recipe.max_tokens, "only_first")
        truth = torch.tensor([float(claim.supported) for claim in batch], device=logits.device)
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, truth), tokens

    chance = random.Random(seed)
    used = [claim for _ in range(recipe.passes) for claim in claims]
    chance.shuffle(used)
    batches = bucketed(used, recipe.batch_size, lambda claim: len(claim.evidence) + len(claim.sentence), chance)
    return Task(recipe, batches, with_one_logit, loss, ONE_LOGIT)


def judged(encoder: SupportEncoder, claims: Iterable[Claim]) -> float | None:
    """AUROC of supported claims against the others; None where one of the two kinds is missing."""
    from sklearn.metrics import roc_auc_score

    held = list(claims)
    truth = [claim.supported for claim in held]
    if len(set(truth)) < 2:
        return None
    scores = [encoder.rate(claim.evidence.split("\n"), [claim.sentence])[0] for claim in held]
    return round(float(roc_auc_score(truth, scores)), 4)
