"""How people write in a chat: its spelling, the question within a message, and what a message does."""

from __future__ import annotations

import pytest

from chatbot.language import ENGLISH, act_of, asked_for, language_of, spelled_out, stands_alone, unaddressed
from personas import LoadedPersona


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("whos the man u fought", "who's the man you fought"),
        ("Ur just guessing, r u not", "You're just guessing, are you not"),
        ("ur hat", "your hat"),
        ("U said so, idk why tho", "You said so, I don't know why though"),
        (
            "the letter U stands for uranium",
            "the letter You stands for uranium",
        ),  # a letter alone is taken for the word
        ("It cost 5 p at the museum", "It cost 5 p at the museum"),
        ("Whit age did ah say ah wis?", "What age did I say I was?"),
        ("Yer jist a computer. Yer hat!", "You're just a computer. Your hat!"),
        ("Does tha know me dog? Ma wife does.", "Does you know my dog? My wife does."),
        ("I'm gonnae tell ye. Gonnae tell me?", "I'm going to tell you. Will you tell me?"),
        *(  # these are words as well
            (text, text)
            for text in (
                "Ah, I see. Ma died, and my ma was wan. Ah do you mean it?",
                "They call me mate. He sold me dog food.",
                "O my God! Not a whit. The fae. Ye Olde Cheese.",
                "I have an MA, like Jack Ma and Mr Feller.",
            )
        ),
    ],
)
def test_the_spelling_of_chats_becomes_the_usual_one(written: str, usual: str) -> None:
    assert spelled_out(written, ENGLISH) == usual


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("She wants to know who owned the dog.", "Who owned the dog."),
        ("My daughter asks who the landlady was.", "Who the landlady was."),
        ("Can you tell me who killed Black Peter?", "Who killed Black Peter?"),
        ("Who owned Toby? We have a spaniel.", "Who owned Toby?"),
        ("I have read it twice now. Why did he do it?", "I have read it twice now. Why did he do it?"),
        ("I'm Anna from Leeds. Who was Irene Adler?", "Who was Irene Adler?"),
        ("Who was Ada? Where did she live?", "Who was Ada? Where did she live?"),  # each is looked up by itself
        ("My bicycle was stolen. What should I do?", "My bicycle was stolen. What should I do?"),
        ("It is our lad, since Easter. What would you do?", "It is our lad, since Easter. What would you do?"),
        ("Our Kevin says you're a machine. I laughed, but is he right?", "you're a machine."),
        ("You look tired. Moriarty is dead in Rome. Is that true?", "Moriarty is dead in Rome. Is that true?"),
        ("I'm Anna from Leeds. Who sent the orange pips?", "Who sent the orange pips?"),
        ("A fine morning.", "A fine morning."),
    ],
)
def test_the_question_is_found_within_what_stands_around_it(message: str, question: str) -> None:
    assert asked_for(message, ENGLISH) == question


def test_a_message_that_names_what_its_question_points_back_to_stands_alone() -> None:
    assert stands_alone("There was that Hatherley with the thumb. What had he lost?", ENGLISH)
    assert not stands_alone("I met Hatherley. What had he lost?", ENGLISH)
    assert not stands_alone("What had he lost?", ENGLISH)


@pytest.mark.parametrize(
    ("message", "act"),
    [
        ("Good evening, sir!", "greeting"),
        ("hey, what's up", "how-are-you"),
        ("Thank you, that was nice. Good night!", "farewell"),  # whoever thanks and leaves is leaving
        ("That's my bus. Thanks!", "farewell"),
        ("I just came off a night shift.", ""),
        ("Why did they need him out of his shop?", ""),
        ("cheers mate", "thanks"),
        ("sorry to bother you, I'm really sorry", "apology"),
    ],
)
def test_what_a_message_does_is_told_by_its_words(message: str, act: str) -> None:
    assert act_of(message, ENGLISH) == act


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("Hello, Mr Holmes!", "Hello!"),
        ("Good evening Mr Holmes! How are you tonight?", "Good evening! How are you tonight?"),
        ("Do you ever get lonely, Mr Holmes? Be honest", "Do you ever get lonely? Be honest"),
        ("Who is Mr Sherlock Holmes?", "Who is Mr Sherlock Holmes?"),
        ("Did you like Watson?", "Did you like Watson?"),
        ("Mr Holmes", "Mr Holmes"),
    ],
)
def test_an_address_is_left_out_and_a_name_that_is_asked_for_stays(
    sherlock: LoadedPersona, message: str, left: str
) -> None:
    assert unaddressed(message, language_of(sherlock.persona)) == left
