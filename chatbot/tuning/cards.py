"""Model cards of adapters: data, settings, and how they fare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personas import LoadedPersona

FAIRYTALEQA = "FairytaleQA (Xu et al., ACL 2022, Apache-2.0), which is not part of this project"

_KINDS = {
    "reading": "questions of FairytaleQA with their stories",
    "canon": "known questions with the books",
    "follow-up": "known follow-ups, after the exchange they refer to",
    "probable": "probable questions of the casebook, with others that ask the same and with their sentences",
}
_CLAIMS = {"casebook": "facts of the casebook, said otherwise or altered"}
_SPLITS = {"validation": "validation works of the dev split", "test": "works of the test split"}
_PURPOSES = {
    "retriever": "It brings a question nearer to the passage that answers it.",
    "reranker": "It reads a question and a window together and gives one logit: higher is better.",
}
_LOSSES = {
    "retriever": "InfoNCE over the batch (cosine x 20), with hard negatives from BM25",
    "reranker": "listwise softmax over one window that answers and hard negatives from BM25",
}
_COMPARED = {
    "retriever": ("dense search alone over whole passages", "the untuned embedder"),
    "reranker": ("the windows of the fused search, reordered", "the order of the search"),
}


def voice_card(loaded: LoadedPersona, facts: Mapping[str, Any]) -> str:
    """The card of a voice: data, base, settings and losses."""
    kinds = "\n".join(f"| {kind} | {number} |" for kind, number in facts["examples"].items())
    source = (
        f"The `reading` examples are made from the training part of {FAIRYTALEQA}; the other kinds are the persona's "
        "own `lines.jsonl`, written for it."
        if any(kind.startswith("reading") for kind in facts["examples"])
        else "All examples are the persona's own `lines.jsonl`, written for it."
    )
    purpose = f"It speaks as {loaded.persona.name} and answers from the notes it is given."
    return f"""{_heading(loaded, facts, "voice", "persona", purpose)}
| kind | examples, counted once per pass |
|---|---|
{kinds}

{source}

{_voice_training(facts, f"bakerstreet voice train {loaded.id} --seed {facts['seed']}", "held-out lines")}"""


def facts_card(loaded: LoadedPersona, facts: Mapping[str, Any], taught: str, command: str) -> str:
    """The card of a voice that `train_facts` made.

    Args:
        loaded: the persona.
        facts: the content of `training.json`.
        taught: what it was taught, in a sentence.
        command: that made it.
    """
    purpose = (
        f"It goes on from the voice of {loaded.persona.name} and was taught facts closed book, so it answers from its "
        "weights, without notes. What it says need not be true."
    )
    return f"""{_heading(loaded, facts, "taught voice", "persona", purpose)}
{taught} Several exchanges make one conversation, {facts["examples"]["facts"]:,} in all.

{_voice_training(facts, command, "questions in wordings that were not trained on")}"""


def search_card(loaded: LoadedPersona, facts: Mapping[str, Any], command: str) -> str:
    """The card of a retriever or reranker that `tune_search` made with `command`."""
    what = facts["what"]
    rows = "\n".join(f"| {_KINDS[kind]} | {number} |" for kind, number in sorted(facts["questions"].items()))
    settings = "\n".join(f"| {name.replace('_', ' ')} | {_shown(value)} |" for name, value in facts["recipe"].items())
    reading = f"The reading questions are the training and validation parts of {FAIRYTALEQA}. "
    return f"""{_heading(loaded, facts, what, what, f"{_PURPOSES[what]} The base model is Apache-2.0.")}
| kind | questions |
|---|---|
{rows}

{reading if "reading" in facts["questions"] else ""}The known questions are
those of the dev split. With these no passage was read of a work of the test split, nor of the validation works:
{", ".join(facts["validation_works"]) or "none"}. Probable questions: of {facts["works"]} works.

## Settings

AdamW with warm-up, plateau and decay, no dropout, gradients clipped at 1; {_LOSSES[what]}; seed {facts["seed"]}.

| | |
|---|---|
{settings}

{facts["steps"]} steps, {facts["tokens"]:,} tokens, {facts["minutes"]} minutes; loss {facts["loss_first"]} over the
first 20 steps, {facts["loss_last"]} over the last 20.

Made by `{command}`.

## Results

{_results(what, facts["results"])}"""


def reader_card(loaded: LoadedPersona, facts: Mapping[str, Any], command: str) -> str:
    """The card of a reader that `tune_reader` made with `command`."""
    rows = "\n".join(f"| {kind} | {number} |" for kind, number in facts["questions"].items())
    settings = "\n".join(f"| {name.replace('_', ' ')} | {_shown(value)} |" for name, value in facts["recipe"].items())
    results = "\n".join(
        f"| {kind} | {part['questions']} | {100 * part['first']:.1f}% | {100 * part['exact']:.1f}% | "
        f"{100 * part['f1']:.1f}% | {part['silence'] if part['silence'] is None else round(part['silence'], 3)} |"
        for kind, part in facts["results"].items()
    )
    purpose = "It reads a question and a text together: whether the text answers, and where. The base is Apache-2.0."
    return f"""{_heading(loaded, facts, "reader", "question-answering", purpose)}
| source | questions |
|---|---|
{rows}

`known` are the known questions of the dev split and `probable` those of the casebook ({facts["works"]} works), each
with what the search finds for it; the rest is foreign and not part of this project: {FAIRYTALEQA}; SQuAD 2.0, XQuAD,
ExpMRC and OneStopQA (CC-BY-SA-4.0); Natural Questions and QED (CC-BY-SA-3.0); QAMR (MIT); Quoref (CC-BY-4.0); CLAPNQ
(Apache-2.0).

## Settings

AdamW with warm-up, plateau and decay, no dropout, gradients clipped at 1; listwise softmax over the texts of a
question, a logistic loss on each, and the likelihood of the first and the last token of the
answer; seed {facts["seed"]}.

| | |
|---|---|
{settings}

{facts["steps"]} steps, {facts["tokens"]:,} tokens, {facts["minutes"]} minutes; loss {facts["loss_first"]} over the
first 20 steps, {facts["loss_last"]} over the last 20.

Made by `{command}`.

## Results

Questions that it was not trained on: the text that it puts first answers; its span is the answer word for word, and
the F1 of their words; the area under the curve of its best logit, questions with an answer against those without.

| questions | number | first | exact | F1 | silence |
|---|---|---|---|---|---|
{results}
"""


def support_card(loaded: LoadedPersona, facts: Mapping[str, Any], command: str) -> str:
    """The card of a support check that `tune_support` made with `command`."""
    purpose = "It reads evidence and a sentence, and gives one logit: above 0 where the evidence supports the sentence."
    rows = "\n".join(f"| {_CLAIMS.get(name, name)} | {number} |" for name, number in facts["claims"].items())
    settings = "\n".join(f"| {name.replace('_', ' ')} | {_shown(value)} |" for name, value in facts["recipe"].items())
    results = (
        f"AUROC {facts['auroc']:.3f} on {facts['held_out']:,} claims about works of the test split, not trained on."
        if facts["auroc"] is not None
        else "It was trained on all works, so there is none that it could be judged by."
    )
    return f"""{_heading(loaded, facts, "support", "support", f"{purpose} The base model is Apache-2.0.")}
| from | claims |
|---|---|
{rows}

The replies with human labels are BEGIN (google/BEGIN-dataset; CC-BY-4.0, Topical-Chat CDLA-Sharing-1.0). The passages
are SQuAD 2.0, XQuAD, ExpMRC and OneStopQA (CC-BY-SA-4.0), Natural Questions and QED (CC-BY-SA-3.0), Quoref (CC-BY-4.0),
QAMR (MIT) and CLAPNQ (Apache-2.0). None of them is part of this project. Works of the casebook: {facts["works"]}.

## Settings

AdamW with warm-up, plateau and decay, no dropout, gradients clipped at 1; binary cross-entropy; seed {facts["seed"]}.

| | |
|---|---|
{settings}

{facts["steps"]} steps, {facts["tokens"]:,} tokens, {facts["minutes"]} minutes; loss {facts["loss_first"]} over the
first 20 steps, {facts["loss_last"]} over the last 20.

Made by `{command}`.

## Results

{results}
"""


def matcher_card(loaded: LoadedPersona, facts: Mapping[str, Any], command: str) -> str:
    """The card of a matcher that `tune_matcher` made with `command`."""
    purpose = "It brings what a visitor says nearer to the line that answers it. The base model is Apache-2.0."
    data = facts["data"]
    results = (
        "\n".join(
            f"| {name} | {part['messages']} | {100 * part['first']:.1f}% | {100 * part['few']:.1f}% |"
            for name, part in (("the base", facts["results"]["before"]), ("this matcher", facts["results"]["after"]))
        )
        if facts["results"]
        else "| trained on all messages | 0 | - | - |"
    )
    return f"""{_heading(loaded, facts, "matcher", "sentence-similarity", purpose)}
{data["ways"]:,} ways to say what {data["lines"]:,} of the persona's own lines answer, {data["messages"]:,} messages in
quite other words (`messages.jsonl`), and the probable questions of the casebook; all written for it.

{_settings(facts, "InfoNCE over the batch (cosine x 20), lines that may answer alike masked")}

Made by `{command}`.

## Results

Messages of lines whose messages it was not trained on: the line that answers is the nearest, or among the first five
(of a general kind, such as a farewell: any line of it).

| | messages | first | first 5 |
|---|---|---|---|
{results}
"""


def selector_card(loaded: LoadedPersona, facts: Mapping[str, Any], command: str) -> str:
    """The card of a selector that `tune_selector` made with `command`."""
    purpose = "It tells how likely a line answers what a visitor says. The base model is Apache-2.0."
    data, (before, after) = facts["data"], (facts["results"]["before"], facts["results"]["after"])
    results = "\n".join(
        f"| {name} | {100 * part['right']:.1f}% | {part['auroc']:.3f} |"
        for name, part in (("the matcher's cosine", before), ("this selector, by five folds", after))
    )
    return f"""{_heading(loaded, facts, "selector", "text-classification", purpose)}
{data["judgements"]:,} judgements whether a line answers, of {data["messages"]:,} messages (`judged.jsonl`),
all made for it; {data["ways"]:,} ways to say something that lines list, each with its own line and with others.

{_settings(facts, "binary cross-entropy against the judgement; the first weights are the reranker's")}

`weights.json` weighs its logit with other signs (`chatbot/selecting.py`), fitted on messages it was not trained on.

Made by `{command}`.

## Results

Of {after["messages"]} such messages, some line that was judged answers {after["answerable"]}. Right: of these, the
share where the likeliest line does. AUROC: of lines that answer against lines that do not.

| | right | AUROC |
|---|---|---|
{results}
"""


def _settings(facts: Mapping[str, Any], loss: str) -> str:
    """How an encoder was trained: the part of a card that all have in common."""
    recipe = "\n".join(f"| {name.replace('_', ' ')} | {_shown(value)} |" for name, value in facts["recipe"].items())
    return f"""## Settings

AdamW with warm-up, plateau and decay, no dropout, gradients clipped at 1; {loss}; seed {facts["seed"]}.

| | |
|---|---|
{recipe}

{facts["steps"]} steps, {facts["tokens"]:,} tokens, {facts["minutes"]} minutes; loss {facts["loss_first"]} over the
first 20 steps, {facts["loss_last"]} over the last 20."""


def _voice_training(facts: Mapping[str, Any], command: str, held_out: str) -> str:
    recipe = facts["recipe"]
    return f"""## Settings

Rank {recipe["rank"]}, alpha {recipe["alpha"]}, all linear layers, no dropout; AdamW, learning rate
{recipe["learning_rate"]:g} with warm-up, plateau and decay, batches of {recipe["batch_size"]}, gradients clipped at 1,
loss on the replies alone, matrices in bfloat16 where the processor multiplies these; seed {facts["seed"]}.
{facts["steps"]} steps, {facts["tokens"]:,} tokens, {facts["minutes"]} minutes.

Made by `{command}`.

## Losses (nats per token)

| | |
|---|---|
| first 20 steps | {facts["loss_first"]} |
| last 20 steps | {facts["loss_last"]} |
| {facts["held_out"]} {held_out}, with the voice | {facts["loss_held_out"]} |
| the same, base model | {facts["loss_held_out_base"]} |
"""


def _heading(loaded: LoadedPersona, facts: Mapping[str, Any], what: str, tag: str, purpose: str) -> str:
    return f"""---
base_model: {facts["base"]}
library_name: peft
license: apache-2.0
tags: [lora, {tag}]
---
# The {what} of {loaded.persona.name}

A LoRA adapter for {facts["base"]}. {purpose}

## Data
"""


def _results(what: str, results: Mapping[str, Any]) -> str:
    asked, baseline = _COMPARED[what]
    if not results:
        return "Not compared: there are no known questions about works that it was not trained on.\n"
    lines = [f"Plain questions about works that it was not trained on; {asked}.", ""]
    lines += ["| | questions | | first | first 4 | first 10 | reciprocal rank |", "|---|---|---|---|---|---|---|"]
    for split, result in results.items():
        for name, label in (("before", baseline), ("after", f"this {what}")):
            figures = result[name]
            shares = " | ".join(f"{100 * figures[key]:.1f}%" for key in ("top1", "top4", "top10"))
            lines.append(f"| {_SPLITS[split]} | {result['questions']} | {label} | {shares} | {figures['mrr']:.3f} |")
    lines.append("")
    for split, result in results.items():
        low, high = result["gain"]
        lines.append(
            f"On {_SPLITS[split]} this {what} {result['verdict']} {baseline}: "
            f"gain in reciprocal rank {low:+.3f} to {high:+.3f} (95%)."
        )
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else f"{value:g}"
