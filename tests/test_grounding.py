"""A reply held against its evidence: what is quoted, what is invented, what is owned not to be known."""

from __future__ import annotations

import pytest

from chatbot import grounding
from chatbot.language import LANGUAGES, declines, language_of, numbers_in
from chatbot.trace import Check
from personas import load_persona

LANGUAGE = language_of(load_persona("sherlock").persona)
LAMP = "Ada Pike lit the red lamp at dusk in 1887. The boat of Captain Ness struck the rock, and 14 men were saved."
LOG = "It rained for three days. Nobody came up the stair of the old tower by night."


def check_reply(reply: str, evidence: list[str], allowed: list[str]) -> Check:
    return grounding.check_reply(reply, evidence, allowed, LANGUAGE)


def unsupported_terms(reply: str, sources: list[str]) -> list[str]:
    return grounding.unsupported_terms(reply, sources, LANGUAGE)


def best_sentence(question: str, evidence: list[str]) -> str:
    return grounding.best_sentence(question, evidence, LANGUAGE)


def test_a_reply_that_quotes_its_evidence_is_grounded_and_the_piece_is_named() -> None:
    reply = 'I have it here: "Nobody came up the stair of the old tower by night."'
    assert check_reply(reply, [LAMP, LOG], []) == Check(verdict="grounded", quoted=(2,))


def test_a_reply_that_only_uses_what_the_evidence_says_is_grounded_and_quotes_nothing() -> None:
    assert check_reply("It was Captain Ness, in 1887, with 14 men.", [LAMP], []) == Check(verdict="grounded")


@pytest.mark.parametrize(
    ("reply", "invented"),
    [
        ("It was Ada Moran, I believe.", "Moran"),
        ("She lit it in 1889, as I recall.", "1889"),
        ("Captain Ness saved 15 men.", "15"),
        ('The log says: "the lamp fell into the sea that winter".', '"the lamp fell into the sea that winter"'),
        ('He said: "Colonel Moran lit it"; no more.', "Moran"),
    ],
)
def test_an_invented_name_number_or_quotation_is_found_and_the_reply_withheld(reply: str, invented: str) -> None:
    check = check_reply(reply, [LAMP, LOG], [])
    assert check.verdict == "withheld"
    assert invented in check.unsupported


def test_only_what_is_invented_is_named() -> None:
    assert unsupported_terms("Ada Pike and Mr. Moran saw 14 men and 99 boats in London.", [LAMP]) == ["Moran", "99"]


def test_a_thing_is_named_once_however_often_it_is_said() -> None:
    assert unsupported_terms("It was Moran. I say Moran; yes, Moran.", [LAMP]) == ["Moran"]


def test_the_first_word_of_a_sentence_is_no_name() -> None:
    assert unsupported_terms("Certainly. Observe the lamp. Nothing else mattered.", [LAMP]) == []


def test_names_of_the_question_and_the_conversation_may_be_used() -> None:
    reply = "Of Colonel Moran the lamp tells us nothing new."
    assert check_reply(reply, [LAMP], []).unsupported == ("Colonel", "Moran")
    assert check_reply(reply, [LAMP], ["Did Colonel Moran see the lamp?"]).unsupported == ()


def test_possessives_plurals_and_typographers_marks_do_not_make_a_name_unknown() -> None:
    assert unsupported_terms("It was Ada’s lamp, and the Pikes’ boat—Ness had none.", [LAMP]) == []


def test_a_quotation_that_leaves_out_a_word_or_two_still_counts() -> None:
    reply = '"Nobody came up the stair of the tower by night", you see.'
    assert check_reply(reply, [LAMP, LOG], []) == Check(verdict="grounded", quoted=(2,))


def test_a_quotation_with_one_other_word_counts_and_one_with_many_does_not() -> None:
    reply = '"Nobody came up the stair of the tall tower by night", you see.'
    assert check_reply(reply, [LOG], []) == Check(verdict="grounded", quoted=(1,))
    reply = '"Nobody came up the ladder with a small candle by night", you see.'
    assert check_reply(reply, [LOG], []).verdict == "withheld"


def test_words_picked_singly_from_the_evidence_are_no_quotation() -> None:
    assert check_reply('"Nobody up stair old by", you see.', [LOG], []).verdict == "withheld"


def test_a_quotation_in_another_order_does_not_count() -> None:
    reply = '"By night the tower of the stair nobody old up came", you see.'
    check = check_reply(reply, [LOG], [])
    assert check.verdict == "withheld"
    assert check.quoted == ()


def test_a_quotation_in_curly_marks_is_a_quotation() -> None:
    assert check_reply("“It rained for three days.” So it did.", [LAMP, LOG], []).quoted == (2,)
    assert check_reply("“The lamp was never lit again.” So.", [LAMP, LOG], []).verdict == "withheld"


def test_a_word_or_two_in_quotation_marks_is_no_quotation() -> None:
    assert check_reply('They called it "sheer folly".', [LAMP], []) == Check(verdict="grounded")


def test_without_evidence_there_is_nothing_to_hold_a_reply_against() -> None:
    assert check_reply("Good evening. Pray sit down.", [], []).verdict == "unchecked"


@pytest.mark.parametrize(
    "reply",
    [
        "I find nothing upon that in my notes.",
        "My notes do not say, and I will not guess.",
        "My casebook is silent there.",
        "I do not know. It is a short answer.",
        "There is no record of the price.",
        "You have found a gap in my index.",
    ],
)
def test_owning_not_to_know_is_recognised(reply: str) -> None:
    assert declines(reply, LANGUAGE)
    assert check_reply(reply, [LAMP], []).verdict == "declined"
    assert check_reply(reply, [], []).verdict == "declined"


@pytest.mark.parametrize(
    "reply",
    [
        "It was Ada who lit the lamp.",
        'He cried "I do not know" and fled.',
        'The log is plain, and I will not guess further: "It rained for three days."',
    ],
)
def test_an_answer_is_not_taken_for_a_decline(reply: str) -> None:
    assert not declines(reply, LANGUAGE)


def test_the_best_sentence_is_the_one_that_shares_most_with_the_question() -> None:
    assert best_sentence("How many men were saved from the boat?", [LAMP, LOG]).startswith("The boat of Captain Ness")
    assert best_sentence("When was the lamp lit by Ada?", [LAMP, LOG]) == "Ada Pike lit the red lamp at dusk in 1887."


def test_the_best_sentence_is_taken_from_the_best_piece() -> None:
    assert best_sentence("How many days did it rain?", [LOG, LAMP]) == "It rained for three days."
    assert best_sentence("How many days did it rain?", [LAMP, LOG]) in LAMP


def test_without_evidence_there_is_no_best_sentence() -> None:
    assert best_sentence("Who?", []) == ""


def test_what_is_invented_is_named_whatever_the_verdict() -> None:
    assert check_reply("I do not know; ask Colonel Moran.", [LAMP], []).unsupported == ("Colonel", "Moran")
    assert check_reply("Good evening, Moran.", [], []).unsupported == ("Moran",)


def test_four_words_in_quotation_marks_are_a_quotation() -> None:
    assert check_reply('He wrote: "the lamp sank quickly".', [LAMP], []).unsupported == ('"the lamp sank quickly"',)
    assert check_reply('He wrote: "Nobody came up the".', [LOG], []) == Check(verdict="grounded", quoted=(1,))


def test_four_words_of_five_hold_a_quotation_and_three_of_four_do_not() -> None:
    assert check_reply('He wrote: "it rained for three weeks".', [LOG], []).quoted == (1,)
    assert check_reply('He wrote: "it rained for ages".', [LOG], []).quoted == ()


def test_two_words_together_count_in_a_quotation_and_one_alone_does_not() -> None:
    reply = '"Nobody came down the stair of the old tower by night", you see.'
    assert check_reply(reply, [LOG], []).quoted == (1,)
    reply = '"Nobody ran up that stair of the old tower by night", you see.'
    assert check_reply(reply, [LOG], []).quoted == ()


def test_a_quotation_holds_whole_words() -> None:
    assert check_reply('"body came up the", you see.', [LOG], []).verdict == "withheld"


def test_a_quotation_of_hundreds_of_words_is_held_like_a_short_one() -> None:
    long = "the red lamp burned all night " * 40
    # The source begins otherwise: from a common beginning difflib would find even words that it takes for junk.
    assert check_reply(f'"{long}"', [f"At dusk {long}"], []) == Check(verdict="grounded", quoted=(1,))


# ---------------------------------------------------------------------- names and numbers in every form

NOTE = (
    "Zoë Müller of Baker-street met Saint-Clair on the 4th of March 1883 with three dogs and twenty-two men of "
    "Henry VIII."
)
GERMAN = LANGUAGES["de"]
BLATT = "Gisela traf am dritten Mai 1247 zweiundzwanzig Mönche und drei Nonnen aus Köln bei Heinrich IV."


@pytest.mark.parametrize(
    ("reply", "invented"),
    [
        ("Moran lit the lamp.", ["Moran"]),
        ("Moran's lamp was red.", ["Moran's"]),
        ("Moran.", ["Moran"]),
        ("Moran, who knew it, fled.", ["Moran"]),
        ("Moran and Zoë fled.", ["Moran"]),
        ("It was the lamp of Moran’s.", ["Moran's"]),
        ("It was Trépoff.", ["Trépoff"]),
        ("It was Nguyễn, and Łukasz.", ["Nguyễn", "Łukasz"]),
        ("It was Smith-Mortimer.", ["Smith-Mortimer"]),
        ("It was Saint-Simon.", ["Saint-Simon"]),
        ("It was MORAN himself.", ["MORAN"]),
        ("It was McGinty and O'Brien.", ["McGinty", "O'Brien"]),
        ("There were five dogs.", ["five"]),
        ("There were 5 dogs.", ["5"]),
        ("There were twenty-three men.", ["twenty-three"]),
        ("There were two hundred and six of them.", ["two hundred and six"]),
        ("It was Henry VII who came.", ["VII"]),
        ("It was the 5th of March.", ["5"]),
        ("It was the fifth of March.", ["fifth"]),
        ("It was on March 4, 1884.", ["1884"]),
        ("It was on the 4th of April.", ["April"]),
        ("It was a Tuesday.", ["Tuesday"]),
        ("They live at 221B.", ["221"]),
    ],
)
def test_an_invented_name_or_number_is_found_in_every_form(reply: str, invented: list[str]) -> None:
    assert unsupported_terms(reply, [NOTE]) == invented


@pytest.mark.parametrize(
    "reply",
    [
        "Zoe lit it, and Zoë’s lamp was red.",
        "Müller's. MÜLLER. It was Müller.",
        "She lived in Baker Street, by Saint Clair.",
        "There were 3 dogs and 22 men.",
        "There were three dogs and twenty two men.",
        "It was the fourth of March 1883: March 4, 1883.",
        "It was Henry VIII, or Henry the Eighth.",
        "One of the two may have been first.",
        "Nothing was known. Perhaps he had one. Here is the note. Others came.",
        "Certainly. Indeed. However, he who waits is well. Elementary.",
        "Hundreds came, by the dozen.",
    ],
)
def test_what_is_in_the_evidence_in_another_form_is_supported(reply: str) -> None:
    assert [term for term in unsupported_terms(reply, [NOTE]) if term not in ("two", "dozen")] == []


@pytest.mark.parametrize(
    ("reply", "invented"),
    [
        ("Emicho traf sie dort.", []),  # what follows may begin anything
        ("Emicho ging fort.", ["Emicho"]),
        ("Emicho war es.", ["Emicho"]),
        ("Es waren dreiundzwanzig Mönche.", ["dreiundzwanzig"]),
        ("Es waren 22 Mönche und 3 Nonnen.", []),
        ("Es war am 3. Mai.", []),
        ("Es war am fünften Mai.", ["fünften"]),
        ("Es war im Jahr zwölfhundert.", ["zwölfhundert"]),
        ("Es war bei Heinrich V.", ["V"]),
        ("Gestern kam niemand. Niemand war da. Gewiss.", []),
    ],
)
def test_in_german_too(reply: str, invented: list[str]) -> None:
    assert grounding.unsupported_terms(reply, [BLATT], GERMAN) == invented


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,200 men, 2.5 miles, 30,000 pounds", ["1200", "2.5", "30000"]),
        ("seven hundred and eighty thousand", ["780000"]),
        ("two or three, nineteen eighty", ["2", "3", "19", "80"]),
        ("a dozen, two dozen, hundreds", ["12", "24"]),
        ("the twenty-first; the third, the second", ["21", "3"]),
        ("XIV and LX; George V, but I and MIX and DIM", ["14", "60", "5"]),
        ("WHO WAS VICTOR? A CIVIL, ILL, VIVID MAN; IIX", []),
    ],
)
def test_a_number_has_one_value_however_it_is_written(text: str, values: list[str]) -> None:
    assert sorted(number.value for number in numbers_in(text, LANGUAGE)) == sorted(values)
