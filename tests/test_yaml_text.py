"""YAML that people write: whatever is wrong with it is named with its line, at once, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import PersonaError, PlanError, ReplayError, SourceError
from chatbot.library.texts.casebook import casebook_sections
from chatbot.replay import read_replay
from chatbot.settings import load_settings
from chatbot.yaml_text import MAX_BYTES, MAX_DEPTH, MAX_VALUES, YamlError, parse_yaml, read_yaml
from personas import check_persona, load_persona

CASES = Path(__file__).parent / "cases" / "yaml"


def wrong(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(YamlError) as caught:
        parse_yaml(text)
    return [(mistake.line, mistake.field, mistake.message) for mistake in caught.value.mistakes]


def test_every_repeated_key_is_named_with_both_its_lines() -> None:
    assert wrong("a: 1\nb: {x: 1, x: 2, x: 3}\nc:\n  - {y: 1,\n     'y': 2}\na: 2\n") == [
        (2, "b.x", "stands here and in line 2 already; keep one of them"),
        (2, "b.x", "stands here and in line 2 already; keep one of them"),
        (5, "c.0.y", "stands here and in line 4 already; keep one of them"),
        (6, "a", "stands here and in line 1 already; keep one of them"),
    ]


def test_keys_that_only_look_alike_are_not_repeated() -> None:
    assert parse_yaml("a: 1\nA: 2\n1: 3\n'1': 4\n").data == {"a": 1, "A": 2, 1: 3, "1": 4}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: &b [*b]\n", 2), ("a: &a\n  b:\n    c: *a\n", 3), ("--- &a\nb:\n- *a\n", 2), ("a: &a {<<: *a}", 1)],
)
def test_a_part_that_holds_itself_is_named(text: str, line: int) -> None:
    ((found, _, message),) = wrong(text)
    assert found == line
    assert "alias" in message


@pytest.mark.parametrize(
    "link", ["[{0},{0},{0},{0},{0},{0},{0},{0},{0}]", "{{x: {0}, y: {0}}}", "{{<<: [{0},{0}], z: {0}}}"]
)
def test_aliases_that_stand_for_too_much_are_named_before_anything_is_made_of_them(link: str) -> None:
    rows = ["x0: &a0 {k: [1, 2, 3]}", *(f"x{n}: &a{n} " + link.format(f"*a{n - 1}") for n in range(1, 30))]
    ((line, _, message),) = wrong("\n".join(rows))
    assert 1 < line <= 30
    assert f"{MAX_VALUES:,}" in message


def test_a_chain_of_aliases_may_be_as_deep_as_what_is_written_out() -> None:
    def chain(links: int) -> str:
        return "\n".join(["x0: &a0 [1]", *(f"x{n}: &a{n} [*a{n - 1}]" for n in range(1, links))])

    assert parse_yaml(chain(MAX_DEPTH - 3)).data
    assert wrong(chain(MAX_DEPTH + 1))[0][0] <= MAX_DEPTH + 1


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{b: " * 50_000, "- " * 50_000, "? " * 5_000 + "a"])
def test_deep_nesting_is_named_and_costs_no_stack(text: str) -> None:
    assert wrong(text)[0][2] == f"is nested more than {MAX_DEPTH} deep"


def test_aliases_and_merged_keys_in_reason_are_read() -> None:
    data = parse_yaml("base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\nlist: [*base, *base]\n").data
    assert data == {"base": {"a": 1, "b": 2}, "more": {"a": 1, "b": 3}, "list": [{"a": 1, "b": 2}] * 2}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\n\tb: 2", 2, "tab"),
        ("a:\n\t- 1", 2, "tab"),
        ("a: [1,\nb: 2", 2, ""),
        ("a: b: c", 1, "mapping values"),
        ("a: 1\nb: \x07", 2, "U+0007"),
        ("a: 1\n--- \nb: 2", 2, "document"),
        ("a: *b", 1, "undefined alias"),
        ("[1]: 2\n? {a: 1}\n: 3", 1, "key"),
        ("a: 2001-02-31", 1, "not a valid timestamp"),
        ("a: 1\nb: !!int seven", 2, "not a valid int"),
        ("a: !!bool perhaps", 1, "not a valid bool"),
        ("a: !!timestamp soon", 1, "not a valid timestamp"),
        ("a: " + "9" * 5000, 1, "not a valid int"),
        ('a: "\\ud800"', 1, "not a valid str"),
        ("a: !!python/object/apply:os.system [ls]", 1, "could not determine a constructor"),
    ],
)
def test_what_is_no_yaml_and_what_no_type_can_hold_is_named_with_its_line(text: str, line: int, word: str) -> None:
    found = wrong(text)
    assert found[0][0] == line
    assert word in found[0][2]


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"a: 1\nb: \xe9t\xe9", 2, "not UTF-8"),
        ("a: 1".encode("utf-16"), 1, "not UTF-8"),
        (b"a: 1\n" * MAX_BYTES, 1, "larger than 256 kB"),
    ],
)
def test_a_file_of_another_encoding_or_without_measure_is_named(
    tmp_path: Path, data: bytes, line: int, word: str
) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(data)
    with pytest.raises(YamlError) as caught:
        read_yaml(file)
    assert (caught.value.mistakes[0].line, word in str(caught.value)) == (line, True)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_yaml(file).data == {"a": 1, "b": 2}


def replay(folder: Path, text: str) -> None:
    file = folder / "talk.yaml"
    file.write_text(text, encoding="utf-8")
    read_replay(file)


def persona(folder: Path, text: str) -> None:
    (folder / "ada").mkdir()
    (folder / "ada" / "persona.yaml").write_text(text, encoding="utf-8")
    load_persona("ada", folder)


def casebook(folder: Path, text: str) -> None:
    (folder / "note.md").write_text(f"---\n{text}\n---\n\nA note.\n", encoding="utf-8")
    casebook_sections(folder, "Ada")


def modules(folder: Path, text: str) -> None:
    from chatbot.cli.library_search import _plan_by_hand

    _plan_by_hand(f"focus: {{words: 40, words: 50}}, {text}")


@pytest.mark.parametrize(
    ("read", "error"),
    [(replay, ReplayError), (persona, PersonaError), (casebook, SourceError), (modules, PlanError)],
)
@pytest.mark.parametrize("text", ["title: 1\ntitle: 2", "title: &a [*a]", "title: " + "[" * 5000, "title: 2001-02-31"])
def test_all_files_are_read_by_the_one_loader(
    tmp_path: Path, read: Callable[[Path, str], None], error: type[Exception], text: str
) -> None:
    with pytest.raises(error):
        read(tmp_path, text)


def test_mistakes_beyond_counting_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "persona.yaml").write_text("\n".join(f"x{n}: 1" for n in range(500)), encoding="utf-8")
    mistakes = check_persona(folder)
    assert len(mistakes) < 30
    assert "more mistakes" in mistakes[-1].message


def test_a_bomb_a_loop_and_repeated_keys_in_persona_files_are_named_by_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatbot.settings.get_settings", lambda: load_settings(personas=CASES))
    outputs = {}
    for name in ("bomb", "loop", "twice"):
        checked = CliRunner().invoke(app, ["personas", "check", name])
        assert (checked.exit_code, type(checked.exception)) == (1, SystemExit)
        outputs[name] = checked.output
    assert "bomb/persona.yaml:16: yaml: there are more than" in outputs["bomb"].replace("\\", "/")
    assert "loop/persona.yaml:12: yaml: an alias stands for a part that it is in itself" in outputs["loop"]
    assert "persona.yaml:12: greeting: stands here and in line 5 already" in outputs["twice"]
    assert "persona.yaml:13: generation.temperature: stands here and in line 13 already" in outputs["twice"]
