"""Language: sentences, words and stems, and what kind of message was written."""

from chatbot.language.small_talk import as_written, is_about_visitor, is_small_talk
from chatbot.language.text import clean_message, content_words, meaning_words, split_sentences, stem, to_plain, words_of

__all__ = [
    "as_written",
    "clean_message",
    "content_words",
    "is_about_visitor",
    "is_small_talk",
    "meaning_words",
    "split_sentences",
    "stem",
    "to_plain",
    "words_of",
]
