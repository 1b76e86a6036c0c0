"""A voice that is taught facts closed book: questions and the sentences that answer them, without notes.

It goes on from the persona's voice, into a copy. Several exchanges make one conversation: the instruction is read once
for them, and so does a turn without notes look, in which exchanges of the persona's own go before the question.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

from chatbot.engines import GeneratorWeights
from chatbot.errors import TrainingError
from chatbot.evaluation import share
from chatbot.library.encoders import ADAPTER_CONFIG
from chatbot.library.texts import probable_questions
from chatbot.lines import Example
from chatbot.progress import Say
from chatbot.prompts import Message
from chatbot.tuning.cards import facts_card
from chatbot.tuning.loop import OnStep
from chatbot.tuning.train import HELD_OUT, train_on
from chatbot.wording import sentence_of
from personas import LoadedPersona

PASSES = 6  # as many as most facts have wordings
TOGETHER = 4  # exchanges of a conversation
BATCH = 2  # conversations: a small model learns facts in many small steps
RATE = 8e-4


@dataclass(frozen=True)
class Fact:
    """What is taught: ways to ask for it, and the sentence that answers all of them."""

    ways: tuple[str, ...]
    reply: str


def casebook_facts(loaded: LoadedPersona, number: int | None = None) -> tuple[list[Fact], int]:
    """The facts of a casebook that its probable questions ask for, and how many there are.

    Args:
        loaded: the persona.
        number: how many; of every page about as many, always the same ones. None: all.

    Raises:
        SourceError: the questions cannot be read.
        TrainingError: there are none.
    """
    named = partial(loaded.persona.named, spoken=True)
    pages = [
        [
            Fact(
                tuple(map(named, known.questions)),
                named(sentence_of(known.correction or known.sentence or known.answer)),
            )
            for known in page
        ]
        for page in probable_questions(loaded.casebook).values()
    ]
    facts = list(chain.from_iterable(pages))
    if not facts:
        raise TrainingError(
            f"{loaded.casebook} has no probable questions to learn facts from. Write some beside its pages, in "
            "PAGE.questions.jsonl."
        )
    if number is None:
        return facts, len(facts)
    drawn = [sorted(page, key=lambda fact: share(f"facts: {fact.ways[0]}")) for page in pages]
    in_turn = (fact for row in zip_longest(*drawn) for fact in row if fact is not None)
    chosen = set(list(in_turn)[:number])
    return [fact for fact in facts if fact in chosen], len(facts)


def with_held_out(facts: Sequence[Fact], seed: int) -> tuple[list[Fact], list[Fact]]:
    """The facts without one wording of some of them, and these wordings, to see what they do not teach."""
    able = [fact for fact in facts if len(fact.ways) > 1]
    chosen = set(random.Random(seed).sample(able, min(HELD_OUT, len(able) // 10)))
    taught = [replace(fact, ways=fact.ways[:-1]) if fact in chosen else fact for fact in facts]
    return taught, [replace(fact, ways=fact.ways[-1:]) for fact in facts if fact in chosen]


def conversations(facts: Sequence[Fact], passes: int, seed: int) -> list[Example]:
    """Every fact asked once a pass, in its wordings one after another, `TOGETHER` exchanges to a conversation."""
    chance, made = random.Random(seed), []
    for number in range(passes):
        asked = [(fact.ways[(number + at) % len(fact.ways)], fact.reply) for at, fact in enumerate(facts)]
        chance.shuffle(asked)
        made += [_conversation(asked[start : start + TOGETHER]) for start in range(0, len(asked), TOGETHER)]
    return made


def train_facts(
    facts: Sequence[Fact],
    held_out: Sequence[Fact],
    loaded: LoadedPersona,
    weights: GeneratorWeights,
    run: Path,
    *,
    passes: int,
    destination: Path,
    taught: str,
    command: str,
    seed: int = 7,
    threads: int = 0,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> Path:
    """Teach a copy of a persona's voice.

    Args:
        facts: what it is taught.
        held_out: asked in other wordings; the card states their loss.
        loaded: whose voice, which stays as it is.
        weights: the base model.
        run: the folder of the checkpoint.
        passes: how often every fact is asked.
        destination: where the copy goes.
        taught: what it was taught, in a sentence, for the card.
        command: that does this, for the card.
        seed: of the order.
        threads: CPU threads; 0: as many as torch likes.
        on_step: told after every step.
        say: told what is left out, and whether a checkpoint is used.

    Returns:
        The folder of the copy.

    Raises:
        TrainingError: there is nothing to learn, no voice to go on from, or the folder is the persona's own voice or
            cannot be written.
        VoiceError: the persona's voice is damaged, or another model's.
    """
    own = loaded.voice
    if own is None or not (own / ADAPTER_CONFIG).is_file():
        raise TrainingError(
            f"The persona '{loaded.id}' has no voice to go on from. Train one: bakerstreet voice train {loaded.id}"
        )
    if destination.resolve() == own.resolve():
        raise TrainingError(f"{own} is the persona's own voice, which facts are not taught. Name another with --out.")
    stated = json.loads((own / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    settings = {"rank": stated["r"], "alpha": stated["lora_alpha"], "learning_rate": RATE, "batch_size": BATCH}
    return train_on(
        conversations(facts, passes, seed),
        [_conversation([(fact.ways[0], fact.reply)]) for fact in held_out],
        loaded,
        weights,
        run,
        recipe=loaded.persona.training.model_copy(update={**settings, "reading": 0, "epochs": passes}),
        card=partial(facts_card, taught=taught, command=command),
        destination=destination,
        start=own,
        seed=seed,
        threads=threads,
        on_step=on_step,
        say=say,
    )


def _conversation(exchanges: Sequence[tuple[str, str]]) -> Example:
    said = [(Message("user", question), Message("assistant", reply)) for question, reply in exchanges]
    return Example("facts", tuple(chain.from_iterable(said)))
