"""The command that measures synthetic libraries."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import MessageError
from chatbot.evaluation.retrieval.scale import (
    Scale,
    Speed,
    SyntheticEmbedder,
    run_size,
    synthetic_passages,
    word,
)
from chatbot.evaluation.retrieval.scale_report import verdict
from chatbot.library.index import terms


def test_synthetic_passages_are_the_same_in_every_run_and_words_are_their_own_stems() -> None:
    first = list(synthetic_passages(0, 3000))
    assert first == list(synthetic_passages(0, 3000))
    assert len({passage.id for passage in first}) == 3000
    assert {passage.work for passage in first} == {f"work {number}" for number in range(15)}
    assert terms(" ".join(map(word, range(0, 200_000, 997)))) == [word(number) for number in range(0, 200_000, 997)]


def test_a_text_has_one_vector_and_neighbours_are_near() -> None:
    embedder = SyntheticEmbedder(5)
    one = embedder.vectors([f"text {number}" for number in range(200)])
    assert np.allclose(one, embedder.vectors([f"text {number}" for number in range(200)]))
    assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    near = np.sort(one @ one.T, axis=1)[:, -10:-1]
    assert 0.5 < near.mean() < 0.75


def test_the_command_measures_and_writes_both_files(tmp_path: Path) -> None:
    files = ["--json", str(tmp_path / "s.json"), "--out", str(tmp_path / "s.md"), "--work", str(tmp_path / "work")]
    result = CliRunner().invoke(app, ["library", "scale", "--passages", "1000", *files])
    assert result.exit_code == 0, result.output
    (size,) = json.loads((tmp_path / "s.json").read_text())["sizes"]
    measured = Scale.model_validate(size)
    assert measured.passages == 1000 and measured.recall > 0.9 and measured.index_mb > 0 and measured.added_mb > 0
    report = (tmp_path / "s.md").read_text()
    assert "not made by a model" in report and "| passages | 1,000 |" in report
    assert not (tmp_path / "work" / "synthetic-1000").exists()


def test_a_size_that_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(scale_of(1000, 5.0).model_dump_json())
    assert run_size(tmp_path, 1000, print).fused.p95 == 5.0


def test_sizes_that_are_none_are_refused() -> None:
    result = CliRunner().invoke(app, ["library", "scale", "--passages", "many"])
    assert isinstance(result.exception, MessageError) and "'many' is not a list of sizes" in str(result.exception)


def scale_of(passages: int, p95: float) -> Scale:
    """Figures that are all 1 but for the fused search."""
    one = Speed(p50=1.0, p95=1.0, slowest=1.0)
    values = dict.fromkeys(Scale.model_fields, 1.0) | dict.fromkeys(["dense", "lexical", "lexical_in_work"], one)
    return Scale(**(values | {"passages": passages, "fused": Speed(p50=1.0, p95=p95, slowest=200.0)}))


def test_the_verdict_says_by_how_much_the_limit_is_missed() -> None:
    assert verdict([scale_of(1_000_000, 130.0)]).endswith("is not held: it is 130 ms, 30 too many.")
    assert verdict([scale_of(1_000_000, 2.0)]).endswith("is held (2 ms).")
