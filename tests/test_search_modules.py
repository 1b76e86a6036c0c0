"""What each module of a search does: to follow-ups and double questions, to lists, windows, order, text and trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kettles import BOOK, make_persona
from searching import KILLED, TWO, ScriptedLanguageModel, ScriptedScorer, bare, candidate, passage
from typer.testing import CliRunner, Result

from chatbot.cli import app
from chatbot.engines import Engine
from chatbot.errors import EngineError, MessageError, PlanError
from chatbot.library.encoders import Embedder
from chatbot.library.index import build_library
from chatbot.library.search import Found, Library, OpenModels, Plan, plan_of
from chatbot.library.search.inquiry import Candidate, Inquiry, Ranking
from chatbot.library.search.modules import (
    MODULES,
    Bm25Search,
    Compress,
    CrossEncode,
    DenseSearch,
    FilterThenRerank,
    Focus,
    Fuse,
    Hyde,
    MaximalMarginalRelevance,
    Module,
    MultiQuery,
    NamePersona,
    Perplexity,
    Reorder,
    SentenceWindow,
    run,
)
from chatbot.library.search.modules.compress import estimated_tokens
from chatbot.library.search.modules.rewriting import in_third_person
from chatbot.library.search.plans import ADVANCED, MODULAR, NAIVE, PLANS
from chatbot.trace import Trace, as_json

STONE = (("Who stole the blue stone?", "James Ryder."),)
ADDER = ((KILLED, "A swamp adder, by order of Dr. Roylott of Stoke Moran."),)


@pytest.fixture(scope="module")
def books(casebook: Callable[..., Library]) -> Library:
    """The casebook without models."""
    return casebook()


def works(library: Library, question: str, **more: Any) -> list[str]:
    return [piece.passage.work for piece in library.search(question, **more).evidence]


def texts(inquiry: Inquiry) -> list[str]:
    return [one.text for one in inquiry.candidates]


# ---------------------------------------------------------------------- every module


@pytest.mark.parametrize("name", list(MODULES))
def test_a_module_does_nothing_with_an_empty_inquiry_and_leaves_an_ended_one_alone(books: Library, name: str) -> None:
    done = MODULES[name]()(Inquiry(""), books.tools)
    assert (done.candidates, done.dropped) == ((), ())
    assert [step.module for step in done.steps] == ([name] if name != "decompose" else [])
    ended = Inquiry(KILLED, ended=True)
    assert MODULES[name]()(ended, books.tools) is ended


@pytest.mark.parametrize("name", [name for name, module in MODULES.items() if not module.finds])
def test_a_module_that_finds_nothing_makes_nothing_up_without_candidates(books: Library, name: str) -> None:
    done = MODULES[name]()(Inquiry(KILLED), books.tools)
    assert (done.candidates, done.rankings, done.dropped) == ((), (), ())


def test_every_piece_says_what_each_module_made_of_it_in_the_order_of_the_plan(books: Library) -> None:
    found = books.search(KILLED, ADVANCED)
    order = ADVANCED.modules
    for piece in found.evidence:
        named = [reason.module for reason in piece.reasons]
        assert named == sorted(named, key=order.index)
        assert {"fuse", "focus"} <= set(named) and {"dense", "bm25"} & set(named)
        assert all(reason.rank >= 1 for reason in piece.reasons)
    notes = {reason.module: reason.note for reason in found.evidence[0].reasons}
    assert notes["focus"].endswith(f"of {len(found.evidence[0].passage.text.split())} words")
    assert notes["sentence-window"].endswith("words around it")
    assert found.dropped and all(piece.reasons[-1].note for piece in found.dropped)
    assert [step.module for step in found.steps] == [name for name in order if name != "decompose"]
    assert next(step for step in found.steps if step.module == "cross-encoder").note == "no cross-encoder"


# ---------------------------------------------------------------------- before the search


def test_a_follow_up_finds_the_story_of_the_exchange_before(books: Library) -> None:
    question = "Which of her servants told him?"
    assert works(books, question, history=STONE)[0] == "The Blue Carbuncle"
    assert "The Blue Carbuncle" not in works(books, question)


@pytest.mark.parametrize("question", ["Who was the owner of Silver Blaze?", "What animals did Dr. Roylott keep?"])
def test_a_question_that_stands_alone_finds_the_same_with_any_history(books: Library, question: str) -> None:
    assert books.search(question, history=STONE).evidence == books.search(question).evidence


def test_a_short_question_that_names_somebody_is_not_dragged_along(books: Library) -> None:
    assert set(works(books, "Who was Irene Adler?", history=ADDER)) <= {"A Scandal in Bohemia", "Irene Adler"}


def test_a_question_about_two_works_gets_pieces_of_both(books: Library) -> None:
    found = books.search(TWO)
    assert {"The Blue Carbuncle", "The Six Napoleons"} <= {piece.passage.work for piece in found.evidence}
    assert found.steps[-1].note == "Who hid a stolen gem inside a goose | who hid one inside a plaster bust?"
    assert len({piece.text for piece in found.evidence}) == len(found.evidence) == 4


def test_you_is_searched_by_the_persona_s_name() -> None:
    assert in_third_person("Did you keep your bees yourself?", "Holmes") == "Did Holmes keep Holmes's bees Holmes?"
    done = NamePersona()(Inquiry("Where did you live?"), bare(persona="Holmes"))
    assert done.main.text == "Where did Holmes live?"
    assert NamePersona()(Inquiry("Who did it?"), bare(persona="Holmes")).phrasings == ()
    assert NamePersona()(Inquiry("Where did you live?"), bare()).phrasings == ()


# ---------------------------------------------------------------------- in the search


def test_where_vectors_are_missing_the_dense_list_is_left_out_and_the_search_answers(
    tmp_path: Path, embedder: Embedder
) -> None:
    build_library(make_persona(tmp_path / "personas"), tmp_path / "quill", embedder, texts=BOOK, behind=True)
    library = Library(tmp_path / "quill", OpenModels(embedder))
    for plan in (ADVANCED, NAIVE):
        found = library.search("Where did Barnaby Quill keep his copper kettle?", plan)
        assert any("third stair" in piece.text for piece in found.evidence)
        notes = {step.module: step.note for step in found.steps}
        assert notes["dense"] == "left out: the passages are still being embedded"
        assert "dense" not in {reason.module for piece in found.evidence for reason in piece.reasons}


def test_a_search_in_some_works_finds_nothing_else(books: Library) -> None:
    asked = Inquiry(KILLED, works=frozenset(("Silver Blaze", "The Blue Carbuncle")))
    for module in (DenseSearch(), Bm25Search()):
        (ranking,) = module(asked, books.tools).rankings
        assert ranking.items and {books.passages[at].work for at, _ in ranking.items} <= asked.works


def test_without_fusing_the_lists_are_taken_in_turn(books: Library) -> None:
    found = books.search(KILLED, plan_of("two", ["dense", "bm25"]), pieces=6)
    firsts = [(piece.reasons[0].module, piece.reasons[0].rank) for piece in found.evidence]
    assert firsts[0] == ("dense", 1)
    assert [rank for _, rank in firsts] == sorted(rank for _, rank in firsts)
    assert {name for name, _ in firsts} == {"dense", "bm25"}


def test_fusing_without_lists_leaves_the_candidates(books: Library) -> None:
    held = Inquiry("Who?", candidates=(candidate("He did.", 0.5),))
    assert Fuse()(held, books.tools).candidates == held.candidates


def test_fusing_keeps_the_best_and_says_what_had_no_room(books: Library) -> None:
    lists = (Ranking("dense", 1.0, tuple((at, 1 - at / 10) for at in range(6))),)
    done = Fuse(passages=2)(Inquiry("Who?", rankings=lists), books.tools)
    assert [one.position for one in done.candidates] == [0, 1]
    assert [one.position for one in done.dropped] == [2, 3, 4]
    assert {one.reasons[-1].note for one in done.dropped} == {"not among the first 2"}
    assert done.signals["considered"] == 6


def test_focus_cuts_to_the_windows_that_hold_the_question(books: Library) -> None:
    done = run((DenseSearch(), Bm25Search(), Fuse(), Focus(words=40)), Inquiry(KILLED), books.tools)
    assert any("killed Julia Stoner with the snake" in one.key for one in done.candidates[:3])
    assert max(len(one.text.split()) for one in done.candidates) <= 40
    for one in done.candidates:
        assert one.key in one.text and one.last >= one.first
        assert one.text in " ".join(one.passage.text.split())
    spans = [(one.position, at) for one in done.candidates for at in range(one.first, one.last + 1)]
    assert len(spans) == len(set(spans)), "windows of one passage do not overlap"


# ---------------------------------------------------------------------- the order


THREE = (
    candidate("It rained all day.", 0.50, 0),
    candidate("A cat slept.", 0.48, 1),
    candidate("The snake did it.", 0.46, 2),
)


def test_a_cross_encoder_reorders_what_it_reads_and_says_from_where() -> None:
    scorer = ScriptedScorer("snake")
    done = CrossEncode()(Inquiry("Who?", candidates=THREE), bare(scorer=scorer))
    assert texts(done)[0] == "The snake did it."
    reason = done.candidates[0].reasons[-1]
    assert (reason.module, reason.rank, reason.note) == ("cross-encoder", 1, "from place 3")
    assert reason.score == pytest.approx(0.46 + 0.03 * 5)
    assert scorer.asked[0] == ("Who?", [f"A Tale. {one.text}" for one in THREE])
    assert done.signals["cross"] == 5


def test_what_a_reranker_did_not_read_stays_behind_what_it_read() -> None:
    asked, none = Inquiry("Who?", candidates=THREE), ScriptedScorer(low=-10.0)
    done = CrossEncode(number=2)(asked, bare(scorer=none))
    assert texts(MaximalMarginalRelevance()(done, bare())) == texts(asked)
    # The cat is found likely and the rain is not; the snake was not read, and gains nothing by that.
    reader = ScriptedLanguageModel("cat")
    read = Perplexity(number=2, weight=0.5)(asked, bare(small=reader))
    order = ["A cat slept.", "It rained all day.", "The snake did it."]
    assert texts(MaximalMarginalRelevance()(read, bare())) == order


def test_perplexity_reorders_by_how_likely_the_question_is_behind_each_piece() -> None:
    reader = ScriptedLanguageModel("snake")
    done = Perplexity()(Inquiry("Who did it?", candidates=THREE), bare(small=reader))
    assert texts(done) == ["The snake did it.", "It rained all day.", "A cat slept."]
    assert [context for context, _ in reader.read] == [f"A Tale. {one.text}" for one in THREE]
    asked = " Who did it? The answer to this question stands in the passage above."
    assert {question for _, question in reader.read} == {asked}
    assert done.candidates[0].reasons[-1].note == "from place 3"


@pytest.mark.parametrize("error", [EngineError("The engine is out of tea."), MessageError("It is out of tea.")])
@pytest.mark.parametrize("module", [Perplexity, FilterThenRerank])
def test_a_language_model_that_fails_leaves_the_order_and_says_so(module: type[Any], error: Exception) -> None:
    reader = ScriptedLanguageModel(error=error)
    done = module()(Inquiry("Who?", candidates=THREE), bare(small=reader))
    assert done.candidates == THREE
    assert "left as it was" in done.steps[-1].note and "out of tea" in done.steps[-1].note


@pytest.mark.parametrize(
    ("module", "note"),
    [
        (CrossEncode(), "no cross-encoder"),
        (Perplexity(), "no language model"),
        (FilterThenRerank(), "hard, and no language model to ask"),
    ],
)
def test_without_its_model_a_module_leaves_the_order_and_says_so(module: Module, note: str) -> None:
    done, said = module.apply(Inquiry("Who?", candidates=THREE), bare())
    assert (texts(done), said) == ([one.text for one in THREE], note)


def test_a_case_with_a_large_lead_is_settled_and_nobody_is_asked() -> None:
    small, strong = ScriptedLanguageModel("cat"), ScriptedLanguageModel("cat")
    clear = (candidate("The snake did it.", 0.8), *THREE[1:])
    done = FilterThenRerank()(Inquiry("Who?", candidates=clear), bare(small=small, strong=strong))
    assert (small.read, strong.read, done.candidates) == ([], [], clear)
    assert done.steps[-1].note == "settled: 0.32 ahead"


def test_a_hard_case_goes_to_the_strong_model_and_to_the_small_one_only_where_there_is_none() -> None:
    small, strong = ScriptedLanguageModel("cat"), ScriptedLanguageModel("snake")
    asked = Inquiry("Who?", candidates=THREE)
    both = FilterThenRerank()(asked, bare(small=small, strong=strong))
    assert (texts(both)[0], small.read, len(strong.read)) == ("The snake did it.", [], 3)
    assert both.steps[-1].note == "hard (0.02 ahead): 3 read by the stronger model"
    alone = FilterThenRerank()(asked, bare(small=small))
    assert (texts(alone)[0], len(small.read)) == ("A cat slept.", 3)
    assert both.signals["lead"] == pytest.approx(0.02)


def test_the_plans_with_a_language_model_let_it_decide_among_the_first(casebook: Callable[..., Library]) -> None:
    reader = ScriptedLanguageModel("with the snake and called it back")
    library = casebook(models={"small": reader})
    for plan in (PLANS["rag + perplexity"], PLANS["rag + filter-then-rerank"]):
        first = library.search(KILLED, plan).evidence[0]
        assert "with the snake and called it back" in first.text
        assert {"perplexity", "filter-then-rerank"} & {reason.module for reason in first.reasons}


def test_a_written_passage_is_searched_for_beside_the_question(casebook: Callable[..., Library]) -> None:
    reader = ScriptedLanguageModel(writes="Silver Blaze was found at Mapleton with his forehead painted.")
    library = casebook(models={"small": reader})
    done = Hyde()(Inquiry(KILLED), library.tools)
    question, written = done.phrasings
    assert (question.text, written.text, written.weight) == (KILLED, reader.writes, 0.5)
    assert KILLED in reader.prompts[0]
    assert sum(value * value for value in written.vector) == pytest.approx(1.0, abs=1e-4)
    plan = plan_of("written", ["hyde", "bm25", "fuse"])
    assert "Silver Blaze" in {piece.passage.work for piece in library.search(KILLED, plan, pieces=10).evidence}
    bare_plan = plan.without("hyde")
    assert "Silver Blaze" not in {piece.passage.work for piece in library.search(KILLED, bare_plan, pieces=10).evidence}


@pytest.mark.parametrize(
    ("reader", "note"),
    [
        (None, "no language model"),
        (ScriptedLanguageModel(writes="  "), "nothing was written"),
        (ScriptedLanguageModel(error=EngineError("It is out of tea.")), "left out: It is out of tea."),
    ],
)
def test_where_nothing_is_written_the_question_is_searched_alone(
    reader: ScriptedLanguageModel | None, note: str
) -> None:
    done = Hyde()(Inquiry(KILLED), bare(small=reader))
    assert (done.phrasings, done.steps[-1].note) == ((), note)


# ---------------------------------------------------------------------- at the end


def test_a_near_duplicate_is_dropped_and_says_why() -> None:
    same = candidate("The copper kettle stood beneath the third stair of Thistle Lodge.", 0.7, 1, work="Editions")
    first = candidate("The copper kettle stood beneath the third stair of the Lodge, Thistle Lodge.", 0.8)
    other = candidate("A sailor bought the iron one for nine shillings.", 0.2, 2)
    done = MaximalMarginalRelevance()(Inquiry("Where?", candidates=(first, same, other)), bare())
    assert texts(done) == [first.text, other.text]
    (gone,) = done.dropped
    assert (gone.text, gone.reasons[-1].note) == (same.text, "says what a better one says")
    assert done.candidates[1].reasons[-1].note == "from place 3"
    assert done.steps[-1].note == "1 said the same"


def test_a_piece_that_repeats_half_of_a_better_one_gives_way_to_a_new_one() -> None:
    first = candidate("Barnaby Quill polished his copper kettle on Sunday.", 0.80)
    half = candidate("Barnaby Quill polished some boots, rather seldom.", 0.60, 1)
    new = candidate("Mistress Wren sold iron to sailors.", 0.58, 2)
    done = MaximalMarginalRelevance(relevance=0.7)(Inquiry("Who?", candidates=(first, half, new)), bare())
    assert texts(done) == [first.text, new.text, half.text]
    assert done.dropped == ()


BEFORE = passage("One came before. Two came just before.", place=1)
HERE = passage("Three is here. Four holds the answer. Five is here.", place=2)
AFTER = passage("Six follows. Seven comes later.", place=3)


def widened(before: Any, after: Any, words: int = 110) -> str:
    """The window of the middle passage, with its surroundings."""
    window = Candidate(HERE, 1, 0.5, first=1, last=1, text="Four holds the answer.")
    done = SentenceWindow(words=words)(Inquiry("Who?", candidates=(window,)), bare([before, HERE, after]))
    return done.candidates[0].text


def test_surroundings_reach_into_the_passages_beside_it_in_the_same_chapter() -> None:
    whole = "Two came just before. Three is here. Four holds the answer. Five is here. Six follows."
    assert widened(BEFORE, AFTER) == whole
    assert widened(BEFORE, AFTER, words=8) == "Four holds the answer. Five is here."


@pytest.mark.parametrize(
    "elsewhere",
    [{"work": "Another Tale"}, {"chapter": "II"}, {"kind": "casebook"}],
    ids=lambda value: next(iter(value)),
)
def test_surroundings_never_come_from_another_work_chapter_or_kind(elsewhere: dict[str, str]) -> None:
    before, after = (passage(text, **elsewhere) for text in (BEFORE.text, AFTER.text))
    assert widened(before, after) == "Three is here. Four holds the answer. Five is here."


def test_only_windows_that_will_be_handed_over_are_widened(books: Library) -> None:
    found = books.search(KILLED, ADVANCED, pieces=2)
    notes = [{reason.module for reason in piece.reasons} for piece in (*found.evidence, *found.dropped)]
    assert all("sentence-window" in named for named in notes[:2])
    assert not any("sentence-window" in named for named in notes[2:])


LONG = (
    "The rain fell on the roofs of the lane. Nobody had anything to say of it. "
    '"I sold the kettle to a sailor. He took it aboard the Sea Mew," said Mistress Wren. '
    "The cat slept in the coal box. The clock struck nine. It was late."
)


def compressed(text: str, question: str, budget: int, key: str = "") -> Inquiry:
    piece = candidate(text, 0.5, key=key)
    return Compress()(Inquiry(question, candidates=(piece,), pieces=1, budget=budget), bare())


def test_compression_meets_its_budget_and_says_what_was_cut() -> None:
    done = compressed(LONG, "Who bought the kettle?", 32, key='"I sold the kettle to a sailor.')
    text = done.candidates[0].text
    assert estimated_tokens(text) <= 32 < estimated_tokens(LONG)
    assert text in LONG
    assert done.candidates[0].reasons[-1].note == f"cut from {len(LONG.split())} to {len(text.split())} words"
    assert done.steps[-1].note == f"{estimated_tokens(LONG)} to {estimated_tokens(text)} tokens"


def test_compression_keeps_a_quotation_whole_even_over_budget_and_drops_what_bears_least_on_the_question() -> None:
    quotation = '"I sold the kettle to a sailor. He took it aboard the Sea Mew," said Mistress Wren.'
    assert texts(compressed(LONG, "Who?", 5, key="He took it aboard the Sea Mew,")) == [quotation]
    story = "A kettle stood there. It rained. A cat slept. The clock struck."
    assert texts(compressed(story, "What of the kettle?", 10)) == ["A kettle stood there. It rained."]


def test_within_the_budget_nothing_is_cut_and_what_one_piece_leaves_is_for_the_next() -> None:
    short, long = candidate("It rained.", 0.6), candidate(LONG, 0.5, 1)
    asked = Inquiry("Who?", candidates=(short, long), pieces=2, budget=estimated_tokens(LONG) + 4)
    assert Compress().apply(asked, bare()) == (asked, "")


@pytest.mark.parametrize("question", [KILLED, TWO, "Who led the mutiny on the Gloria Scott?"])
def test_real_evidence_meets_a_budget_with_its_key_sentences_whole(books: Library, question: str) -> None:
    free = books.search(question, ADVANCED, budget=10_000)
    for budget in (120, 200, 300):
        found = books.search(question, ADVANCED, budget=budget)
        assert sum(estimated_tokens(piece.text) for piece in found.evidence) <= budget
        assert sum(estimated_tokens(piece.text) for piece in free.evidence) > budget
        assert all(piece.key and piece.key in piece.text for piece in found.evidence)
        assert [piece.key for piece in found.evidence] == [piece.key for piece in free.evidence]


def test_the_best_piece_stands_first_and_the_second_best_last() -> None:
    four = tuple(candidate(name, 1 - at / 10, at) for at, name in enumerate(("one", "two", "three", "four", "five")))
    done = Reorder()(Inquiry("Who?", candidates=four, pieces=4), bare())
    assert texts(done) == ["one", "three", "four", "two", "five"]
    assert done.candidates[3].reasons[-1].note == "from place 2"
    assert not done.candidates[0].reasons and not done.candidates[4].reasons
    assert texts(Reorder()(Inquiry("Who?", candidates=four, pieces=10), bare())) == texts(done)
    assert texts(Reorder()(Inquiry("Who?", candidates=four, pieces=2), bare()))[:2] == ["one", "two"]


# ---------------------------------------------------------------------- the budget


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_the_evidence_of_every_plan_fits_the_budget_as_the_generator_counts_it(
    casebook: Callable[..., Library], engine: Engine, plan: Plan
) -> None:
    library = casebook(models={"tokens": engine.count})
    for question, budget in ((KILLED, 60), (TWO, 220)):
        free, found = (library.search(question, plan, pieces=3, budget=tokens) for tokens in (100_000, budget))
        assert found.evidence
        if len(found.evidence) > 1:
            assert sum(engine.count(piece.text) for piece in found.evidence) <= budget
        no_room = [piece for piece in found.dropped if piece.reasons[-1].module == "budget"]
        assert len(found.evidence) + len(no_room) == len(free.evidence) == 3
        assert {piece.reasons[-1].note for piece in no_room} <= {"no room for it"}


def test_the_best_pieces_that_fit_stay_in_the_order_of_the_search(casebook: Callable[..., Library]) -> None:
    def search(budget: int) -> Found:
        return casebook(models={"tokens": lambda text: 10}).search(KILLED, MODULAR, budget=budget)

    free = search(40).evidence
    best = sorted(free, key=lambda piece: -piece.score)
    assert [piece.text for piece in free] != [piece.text for piece in best], "the plan puts the second best last"
    assert search(30).evidence == tuple(piece for piece in free if piece in best[:3])
    assert search(1).evidence == (best[0],)
    assert [piece.text for piece in search(20).dropped[:2]] == [piece.text for piece in free if piece in best[2:]]


def test_without_a_budget_no_token_is_counted(casebook: Callable[..., Library]) -> None:
    def never(text: str) -> int:
        raise AssertionError("nobody asked")

    assert casebook(models={"tokens": never}).search(KILLED).evidence


# ---------------------------------------------------------------------- as traces and commands show it


def test_the_line_of_a_turn_holds_what_every_module_did(books: Library) -> None:
    found = books.search(KILLED, ADVANCED)
    trace = Trace(mode="rag", persona="sherlock", search=found)
    line = json.loads(json.dumps(as_json(KILLED, "A snake.", trace)))
    first, dense = line["evidence"][0]["reasons"][0], found.evidence[0].reasons[0]
    assert first == {"module": "dense", "rank": dense.rank, "score": dense.score}
    assert line["evidence"][0]["reasons"][3]["note"].endswith("words")
    assert [step["module"] for step in line["search"]["steps"]] == [step.module for step in found.steps]
    assert "not among the first 4" in {piece["reasons"][-1]["note"] for piece in line["search"]["dropped"]}
    assert (line["search"]["plan"], line["search"]["confidence"]) == ("rag", found.confidence)
    assert Trace.model_validate_json(trace.model_dump_json()) == trace
    assert as_json("Good evening.", "Good evening.", Trace(mode="ft", persona="sherlock"))["search"] is None


def searched(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["library", "search", *arguments])


@pytest.mark.usefixtures("at_home")
def test_the_command_prints_modules_ranks_scores_notes_and_what_was_dropped() -> None:
    result = searched(KILLED, "--plan", "fused", "-k", "2", "--json")
    assert result.exit_code == 0, result.exception
    line = json.loads(result.stdout)
    assert len(line["evidence"]) == 2
    reasons = line["evidence"][0]["reasons"]
    assert [reason["module"] for reason in reasons] == ["dense", "bm25", "fuse", "focus"]
    assert all(reason["rank"] >= 1 and isinstance(reason["score"], float) for reason in reasons)
    assert line["search"]["plan"] == "fused"
    last = line["search"]["dropped"][0]["reasons"][-1]
    assert last == {"module": "number", "rank": 3, "score": last["score"], "note": "not among the first 2"}


@pytest.mark.usefixtures("at_home")
def test_the_command_says_why_in_words() -> None:
    result = searched(KILLED, "--modules", "dense, bm25,fuse,focus", "--why")
    assert result.exit_code == 0, result.exception
    assert "1. The Speckled Band, " in result.stdout
    assert "     dense put it in place 1 (" in result.stdout
    assert "  focus " in result.stdout and "windows of 24 passages" in result.stdout
    assert "dropped (number: not among the first 4): " in result.stdout
    nested = "decompose: [dense, bm25, fuse, focus: {words: 20}]"
    twice = searched(TWO, "--modules", nested, "--why")
    assert twice.stdout.count("  dense  ") == 2 and "  decompose  " in twice.stdout
    quiet = searched(KILLED, "--modules", "dense")
    assert "put it in place" not in quiet.stdout and "dropped" not in quiet.stdout


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plan", "fussed"], "There is no plan 'fussed'. There are: naive, fused, rag"),
        (["--modules", "dense,focsu"], "There is no module 'focsu'. Did you mean 'focus'?"),
        (["--modules", "fuse"], "The plan 'by hand' finds nothing"),
        (["--modules", "decompose: [dense, focsu]"], "There is no module 'focsu'"),
        (["--modules", "dense, focus: {words"], "The modules 'dense, focus: {words' cannot be read"),
        (["--modules", "dense,,fuse"], "The modules 'dense,,fuse' cannot be read"),
    ],
)
def test_a_plan_or_module_that_does_not_exist_is_named(arguments: list[str], message: str) -> None:
    result = searched(KILLED, *arguments)
    assert isinstance(result.exception, PlanError)
    assert message in str(result.exception)


def test_a_question_is_searched_in_other_words_too() -> None:
    question = "Tell me where the blue carbuncle was found"
    plain, note = MultiQuery().apply(Inquiry(question), bare())
    asked = [phrasing.text for phrasing in plain.phrasings]
    assert asked == [question, "blue carbuncle found", "where the blue carbuncle was found"]
    assert plain.phrasings[0].weight > plain.phrasings[1].weight
    assert "blue carbuncle found" in note


def test_a_question_of_nothing_but_its_own_words_gets_no_phrasing_twice() -> None:
    done, _ = MultiQuery().apply(Inquiry("blue carbuncle goose"), bare())
    assert [phrasing.text for phrasing in done.phrasings] == ["blue carbuncle goose"]
