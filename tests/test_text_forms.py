"""One form for every text: words of every script, words that a line end cut, marks of notes, what is compared."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from book_files import said, xhtml

from chatbot.evaluation.questions import Target
from chatbot.language import LANGUAGES, comparable, content_words, holds, normal, split_sentences, to_plain, words_of
from chatbot.library.index import Lexical
from chatbot.library.texts import TEXT, Section, cut
from chatbot.library.texts.line_ends import LineEnds
from chatbot.library.texts.readers import read_text_file

CASES = Path(__file__).parent / "cases"


# ---------------------------------------------------------------------- letters and words


def test_ligatures_soft_hyphens_and_zero_width_characters_do_not_hide_a_word() -> None:
    assert normal("the ﬁrst o\u00ad\u200bﬃce\ufeff") == "the first office"
    assert normal("Ｆｕｌｌ\u00a0width\u2009ｶﾞ") == "Full width ガ"
    assert words_of("sa\u00adff\u200bron ſhip") == ["saffron", "ship"]


def test_joiners_stay_where_a_script_or_an_emoji_needs_them() -> None:
    assert normal("می\u200cروم") == "می\u200cروم"
    assert normal("wo\u200crd 👩\u200d🚀") == "word 👩\u200d🚀"
    assert content_words("می\u200cروم") == content_words("میروم")


def test_powers_and_marks_of_notes_are_no_part_of_a_word() -> None:
    assert words_of("the lamp¹ of 10² m²") == ["the", "lamp", "1", "of", "10", "2", "m", "2"]


@pytest.mark.parametrize("mark", ["’", "ʼ", "´", "′", "`", "‛"])
def test_every_apostrophe_is_one(mark: str) -> None:
    assert words_of(f"o{mark}clock Holmes{mark}s") == ["o'clock", "holmes"]


@pytest.mark.parametrize("dash", ["\u2010", "\u2011", "\u2013", "\u2212"])
def test_every_hyphen_is_one(dash: str) -> None:
    assert words_of(f"well{dash}known") == ["well-known"]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Zoë Müller lit the lamp", "Who was Zoe Muller?"),
        (unicodedata.normalize("NFD", "Zoë lit the lamp"), "Zoë?"),
        ("白夫人住在杭州的雷峰塔下。", "雷峰塔在哪里？"),
        ("灯台守はランプを磨いた。", "ランプは誰が磨いたか"),
        ("คนเฝ้าประภาคารขัดตะเกียง", "ใครขัดตะเกียง"),
        ("Смотритель зажёг лампу", "кто зажег лампу?"),
        ("Ο φύλακας άναψε τη λάμπα", "ΛΑΜΠΑ"),
        ("أَشْعَلَ الحارس المصباح", "من اشعل المصباح"),
        ("रखवाले ने दीपक जलाया", "दीपक किसने जलाया"),
        ("등대지기는 램프를 닦았다", "등대지기가 누구"),
    ],
)
def test_a_text_of_every_script_is_found_and_its_words_are_not_strange(text: str, question: str) -> None:
    index = Lexical.build(["Nobody answered him; the sea was loud.", text, "한 번 더 그리고 另外一个"])
    assert index.search(question, 3)[0][0] == 1
    assert index.unknown(text) == ()


def test_a_word_of_a_script_without_spaces_is_strange_as_a_whole_or_not_at_all() -> None:
    index = Lexical.build(["白夫人住在杭州"])
    assert index.unknown("夫人在哪里") == ()
    assert index.unknown("電腦") == ("電腦",)


def test_sentences_end_in_every_script() -> None:
    sentences = ["他住在伦敦。", "他是侦探！", "「你好。」", "他说。"]
    assert split_sentences("".join(sentences)) == sentences
    assert split_sentences("यह घर है। वह चला गया।") == ["यह घर है।", "वह चला गया।"]


def test_a_text_without_spaces_is_cut_into_passages_that_fit() -> None:
    section = Section(TEXT, "a.txt", "灯", "", "甲", ("灯台守磨灯" * 40,))
    passages = list(cut(section, len, 60))
    assert "".join("".join(passage.text.split()) for passage in passages) == "灯台守磨灯" * 40
    assert all(len(passage.indexed()) <= 60 for passage in passages)


def test_what_is_compared_has_no_capitals_accents_or_curly_marks() -> None:
    assert comparable("“Zoë’s  Straße — Œuvre”") == '"zoe\'s strasse -- oeuvre"'
    assert holds("It was Zoë’s lamp.", "zoe's LAMP")
    assert not holds("It was a lamppost.", "lamp")
    assert holds("住在雷峰塔下", "雷峰塔")
    assert Target(work="x", answers=("Roylott's cane",)).answered_by("With Roylott’s cane.")


# ---------------------------------------------------------------------- ends of lines


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ("a man of re-\nmarkable patience", "a man of remarkable patience"),
        ("steeped in tur-  \n  pentine for a fort-\nnight", "steeped in turpentine for a fortnight"),
        ("the well-\nknown soloist", "the well-known soloist"),
        ("his mother-in-\nlaw", "his mother-in-law"),
        ("the Anglo-\nSaxon", "the Anglo-Saxon"),
        ("from 1914-\n1918", "from 1914-1918"),
        ("two-\nand three-storeyed", "two- and three-storeyed"),
        ("THE VIO-\nLIN", "THE VIOLIN"),
        ("nobody but his grand\u00ad\ndaughter", "nobody but his granddaughter"),
        ("he said -\nand left", "he said - and left"),
    ],
)
def test_a_word_that_a_line_end_cut_is_put_together_and_a_real_hyphen_stays(lines: str, joined: str) -> None:
    assert LineEnds(lines).joined(lines) == joined


def test_the_text_itself_says_how_a_word_is_written() -> None:
    assert LineEnds("They met to-day.\nAnd again to-\nday").joined("again to-\nday") == "again to-day"
    assert LineEnds("The redheaded man. A red-\nheaded man").joined("A red-\nheaded man") == "A redheaded man"


def test_a_german_compound_has_no_hyphen_of_its_own() -> None:
    lines = "der Leuchtturm-\nwärter und die Haupt-\nund Nebentür"
    assert LineEnds(lines, LANGUAGES["de"]).joined(lines) == "der Leuchtturmwärter und die Haupt- und Nebentür"


BROKEN = "It was saf-\nfron, steeped in tur-\npentine by the well-\nknown maker."
WHOLE = "It was saffron, steeped in turpentine by the well-known maker."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", BROKEN),
        ("a.md", BROKEN),
        ("a.html", f"<html><body><p>{BROKEN}</p></body></html>"),
        ("b.html", f"<html><body><p>{BROKEN.replace(chr(10), '<br/>')}</p></body></html>"),
        ("c.html", f"<html><body><pre>{BROKEN}</pre></body></html>"),
    ],
)
def test_words_are_put_together_in_every_format(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    assert said(read_text_file(file)) == [WHOLE]


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("hyphens.txt", ("saffron", "turpentine", "fortnight", "well-known soloist", "remarkable", "sovereigns")),
        ("soft.txt", ("powdered antimony", "four thousand pounds", "granddaughter", "nobody")),
    ],
)
def test_a_text_with_broken_words_says_what_it_says(name: str, held: tuple[str, ...]) -> None:
    text = " ".join(said(read_text_file(CASES / "broken-words" / name)))
    assert [phrase for phrase in held if phrase not in text] == []


# ---------------------------------------------------------------------- notes and readings


def test_marks_of_notes_and_readings_of_signs_are_not_glued_to_words(tmp_path: Path) -> None:
    body = (
        "<p>The lamp<sup>1</sup> burned<sup><a href='#n2'>[2]</a></sup> on.<a href='#n3'>*</a> He slept.[12]</p>"
        "<p><ruby>灯台<rp>(</rp><rt>とうだい</rt><rp>)</rp></ruby>へ <ruby>海<rt>うみ</ruby>を</p>"
        "<p>On the 1<sup>st</sup>, 10<sup>2</sup> men and 5 m<sup>2</sup>. See <a href='#x'>the tower</a>.</p>"
        "<p><code>lamps[12]</code></p>"
    )
    wanted = [
        "The lamp burned on. He slept.",
        "灯台へ 海を",
        "On the 1st, 10² men and 5 m². See the tower.",
        "lamps[12]",
    ]
    (tmp_path / "a.html").write_text(xhtml(body), encoding="utf-8")
    assert said(read_text_file(tmp_path / "a.html")) == wanted


def test_a_persons_file_and_a_replay_are_read_in_the_normal_form() -> None:
    from chatbot.replay.format import Step
    from personas.schema import Example

    assert Example(user="ﬁnd Zoe\u0308", assistant="so\u00adft").user == "find Zoë"
    assert Step(user="the ofﬁce\u200b").user == "the office"
    assert to_plain("‘a’ — “b”") == "'a' -- \"b\""
