"""The model card of a tuned retriever or reranker: data, settings, and how it fares against the untuned search."""

from __future__ import annotations

from typing import Any

from personas import LoadedPersona

_KINDS = {
    "reading": "questions of FairytaleQA with their stories",
    "canon": "known questions with the books",
    "follow-up": "known follow-ups, behind the question before",
    "made": "made by the small model, kept where they find back",
}
_SPLITS = {"held_out": "works held out of the dev split", "test": "works of the test split"}
_COMPARED = {
    "retriever": ("dense search alone over whole passages", "embedder"),
    "reranker": ("the windows of the fused search, put in order", "order of the search"),
}
_READING = (
    "The reading questions are the training and validation parts of FairytaleQA (Xu et al., ACL 2022, Apache-2.0), "
    "which is not part of this project. "
)


def search_card(loaded: LoadedPersona, facts: dict[str, Any], command: str) -> str:
    """The card of an adapter that `tune` made."""
    what, recipe = facts["what"], facts["recipe"]
    rows = "\n".join(f"| {_KINDS[kind]} | {number} |" for kind, number in sorted(facts["questions"].items()))
    settings = "\n".join(f"| {name.replace('_', ' ')} | {_shown(value)} |" for name, value in recipe.items())
    loss = (
        "InfoNCE over the batch (cosine x 20), with BM25's hard negatives"
        if what == "retriever"
        else "listwise softmax over one window that answers and BM25's that do not"
    )
    purpose = (
        "It brings a question nearer to the passage that answers it."
        if what == "retriever"
        else "It reads a question and a window together and gives one logit: above is better."
    )
    return f"""---
base_model: {facts["base"]}
library_name: peft
license: apache-2.0
tags: [lora, {what}]
---
# The {what} of {loaded.persona.name}

A LoRA adapter for {facts["base"]}. {purpose} The base model is Apache-2.0.

## Data

| kind | questions |
|---|---|
{rows}

{_READING if "reading" in facts["questions"] else ""}The known questions are
those of the dev split; no passage of a work of the test split was read, nor of the works held out:
{", ".join(facts["held_out_works"]) or "none"}.

## Settings

AdamW with warm-up, plateau and decay, no dropout, gradients clipped at 1; {loss}; seed {facts["seed"]}.

| | |
|---|---|
{settings}

{facts["steps"]} steps, {facts["tokens"]:,} tokens, {facts["minutes"]} minutes; loss {facts["loss_first"]} over the
first 20 steps, {facts["loss_last"]} over the last 20.

Made by `{command}`.

## Results

{_results(what, facts["results"])}"""


def _results(what: str, results: dict[str, Any]) -> str:
    asked, other = _COMPARED[what]
    if not results:
        return "Not compared: there are no known questions about works that it was not trained on.\n"
    lines = [f"Plain questions about works that it was not trained on; {asked}.", ""]
    lines += ["| | questions | | first | first 4 | first 10 | reciprocal rank |", "|---|---|---|---|---|---|---|"]
    for split, result in results.items():
        for name, label in (
            ("before", f"untuned {other}" if what == "retriever" else other),
            ("after", f"this {what}"),
        ):
            figures = result[name]
            shares = " | ".join(f"{100 * figures[key]:.1f}%" for key in ("top1", "top4", "top10"))
            lines.append(f"| {_SPLITS[split]} | {result['questions']} | {label} | {shares} | {figures['mrr']:.3f} |")
    lines.append("")
    for split, result in results.items():
        low, high = result["gain"]
        lines.append(
            f"On {_SPLITS[split]} this {what} {result['verdict']} the {'untuned ' * (what == 'retriever')}{other}: "
            f"gain in reciprocal rank {low:+.3f} to {high:+.3f} (95%)."
        )
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else f"{value:g}"
