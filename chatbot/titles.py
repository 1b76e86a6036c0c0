"""The name that a conversation gets from its first question, without a model."""

from __future__ import annotations

from chatbot.language import ENGLISH, Language, is_small_talk, meaning_words, split_sentences, words_of

LENGTH = 48  # characters of a name


def title_of(message: str, language: Language = ENGLISH) -> str:
    """The main words of a message: at most `LENGTH` characters on one line, cut at a word.

    The first sentence that is no courtesy names the conversation. One that is too long loses the words that carry no
    meaning, and what is still too long then ends with a mark.

    Args:
        message: the first question of a conversation.
        language: the persona's.

    Returns:
        Empty only where the message is.
    """
    line = " ".join(_sentence(" ".join(message.split()), language).split()).rstrip(" .,;:")
    if len(line) > LENGTH:
        main = [word for word in line.split(" ") if meaning_words(word, language) or not words_of(word)]
        line = " ".join(main) or line
    return _cut(line[:1].upper() + line[1:])


def _sentence(message: str, language: Language) -> str:
    sentences = split_sentences(message, language)
    telling = (each for each in sentences if meaning_words(each, language) and not is_small_talk(each, language))
    return next(telling, sentences[0] if sentences else "")


def _cut(line: str) -> str:
    if len(line) <= LENGTH:
        return line
    cut = line[: LENGTH - 1]
    whole = cut if line[LENGTH - 1] == " " else cut.rpartition(" ")[0] or cut
    return whole.rstrip(" .,;:?!") + "…"
