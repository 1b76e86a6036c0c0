"""Language: words, stems and sentences, what kind of message was written, and all that differs between languages.

A language is data (`en`, `de`); `language_of` gives that of a persona. Functions on text take English where no
language is named, as a persona file does.
"""

from chatbot.language.accepted import gives
from chatbot.language.altering import Altering
from chatbot.language.chatting import act_of, asked_for, spelled_out, stands_alone, unaddressed
from chatbot.language.en import ENGLISH
from chatbot.language.fields import Maybe, Text
from chatbot.language.intents import (
    IN_CONTEXT,
    WITHOUT_BOOKS,
    Kind,
    is_about_persona,
    is_about_visitor,
    is_follow_up,
    is_own_matter,
    is_perhaps_about_visitor,
    is_question,
    is_small_talk,
    kind_of,
    last_matter,
    points_back,
    sentences_of_message,
    statements,
    tells_of_self,
    told_statements,
)
from chatbot.language.language import Language
from chatbot.language.messages import MIN_QUOTE_WORDS, QUOTED, as_written, declines, in_second_person
from chatbot.language.normal import comparable, normal, to_plain
from chatbot.language.numbers import Number, numbers_in
from chatbot.language.ordinary import RARE, distance, is_later, is_ordinary, zipf
from chatbot.language.packs import LANGUAGES, language_of
from chatbot.language.questions import sub_questions
from chatbot.language.relations import alike, persons_in, relations_told, spoken_of
from chatbot.language.text import (
    clean_message,
    content_words,
    holds,
    meaning_words,
    names_in,
    split_sentences,
    stem,
    words_of,
    written_words,
)
from chatbot.language.told import (
    OTHER,
    SUBJECT,
    Correction,
    Told,
    Wish,
    asked_about,
    asked_name_of,
    asked_topics,
    correction_in,
    is_idle,
    is_of_change,
    is_of_his,
    lasting_topics,
    told_in,
    topic_of,
    topics_told,
    wish_to_forget,
)
from chatbot.language.wishes import form_wishes

__all__ = [
    "ENGLISH",
    "IN_CONTEXT",
    "LANGUAGES",
    "MIN_QUOTE_WORDS",
    "OTHER",
    "QUOTED",
    "RARE",
    "SUBJECT",
    "WITHOUT_BOOKS",
    "Altering",
    "Correction",
    "Kind",
    "Language",
    "Maybe",
    "Number",
    "Text",
    "Told",
    "Wish",
    "act_of",
    "alike",
    "as_written",
    "asked_about",
    "asked_for",
    "asked_name_of",
    "asked_topics",
    "clean_message",
    "comparable",
    "content_words",
    "correction_in",
    "declines",
    "distance",
    "form_wishes",
    "gives",
    "holds",
    "in_second_person",
    "is_about_persona",
    "is_about_visitor",
    "is_follow_up",
    "is_idle",
    "is_later",
    "is_of_change",
    "is_of_his",
    "is_ordinary",
    "is_own_matter",
    "is_perhaps_about_visitor",
    "is_question",
    "is_small_talk",
    "kind_of",
    "language_of",
    "last_matter",
    "lasting_topics",
    "meaning_words",
    "names_in",
    "normal",
    "numbers_in",
    "persons_in",
    "points_back",
    "relations_told",
    "sentences_of_message",
    "spelled_out",
    "split_sentences",
    "spoken_of",
    "stands_alone",
    "statements",
    "stem",
    "sub_questions",
    "tells_of_self",
    "to_plain",
    "told_in",
    "told_statements",
    "topic_of",
    "topics_told",
    "unaddressed",
    "wish_to_forget",
    "words_of",
    "written_words",
    "zipf",
]
