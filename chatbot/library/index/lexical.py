"""Lexical search: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) by tantivy.

Tantivy scores as Lucene does (k1 = 1.2, b = 0.75, lengths rounded to one byte) and skips what cannot reach the best
results (block-max WAND; Ding and Suel, "Faster top-k document retrieval using block-max indexes", 2011). It indexes
our own stems and not its own, because other modules compare stems of questions and sentences with `terms` too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import cast

import tantivy
from tantivy import Occur, Query

from chatbot.language import ENGLISH, Language, meaning_words, written_words

# The fields of the index. Those that are only filtered by are indexed whole ("raw").
STEMS = "stems"  # the stems of a passage with blanks between them
POSITION = "position"  # a number, also as a column
ID = "id"  # as a column too, so that ids are read without the passages
SOURCE = "source"  # as the manifest names it
WORK = "work"
STORED = "stored"  # the passage as JSON

WRITER_MEMORY = 128_000_000  # bytes of postings held before a segment is written


def terms(text: str, language: Language = ENGLISH) -> list[str]:
    """The stems of the words that carry meaning, in order, with repetitions."""
    return [language.stem(word) for word in meaning_words(text, language)]


def schema() -> tantivy.Schema:
    """The fields of the index of a library."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(STEMS, tokenizer_name=STEMS, index_option="freq")
    builder.add_unsigned_field(POSITION, indexed=True, fast=True)
    builder.add_text_field(ID, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field(SOURCE, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(WORK, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(STORED, stored=True)
    return builder.build()


def with_stems(index: tantivy.Index) -> tantivy.Index:
    """The index with the analyzer of its stems, which only have to be split."""
    index.register_tokenizer(STEMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def document(position: int, text: str, language: Language) -> tantivy.Document:
    """A document that is found by the words of a text."""
    made = tantivy.Document()
    made.add_unsigned(POSITION, position)
    made.add_text(STEMS, " ".join(terms(text, language)))
    return made


def positions_at(searcher: tantivy.Searcher, addresses: Sequence[tantivy.DocAddress]) -> list[int]:
    """The positions of documents; every document has one."""
    return cast("list[int]", searcher.fast_field_values(POSITION, list(addresses)))


class Lexical:
    """BM25 over texts that are known by their positions.

    Args:
        index: as it is now; what is written to it later is not seen.
        language: of the texts.
    """

    def __init__(self, index: tantivy.Index, language: Language = ENGLISH) -> None:
        self._language = language
        self._schema = index.schema
        self._searcher = index.searcher()

    @classmethod
    def build(cls, texts: Sequence[str], language: Language = ENGLISH) -> Lexical:
        """Index texts in memory."""
        index = with_stems(tantivy.Index(schema()))
        writer = index.writer(WRITER_MEMORY, 1)
        for position, text in enumerate(texts):
            writer.add_document(document(position, text, language))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return cls(index, language)

    def __len__(self) -> int:
        return self._searcher.num_docs

    def knows(self, term: str) -> bool:
        """Whether a stem occurs anywhere in the texts."""
        # Not `doc_freq`, which counts deleted texts until their segment is merged.
        return bool(self._searcher.search(self._term(STEMS, term), 1, count=False).hits)

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a text that carry meaning and occur nowhere in the texts, in order, each once."""
        parts = {word: terms(word, self._language) for word in written_words(text)}
        return tuple(word for word, stems in parts.items() if stems and not any(map(self.knows, stems)))

    def near(self, word: str, letters: int, number: int) -> list[int]:
        """Positions of texts that hold a word whose stem is at most so many letters from that of another, 2 at most."""
        query = Query.fuzzy_term_query(self._schema, STEMS, self._language.stem(word), letters)
        hits = self._searcher.search(query, number, count=False).hits
        return positions_at(self._searcher, [address for _, address in hits])

    def search(self, question: str, number: int, works: Collection[str] | None = None) -> list[tuple[int, float]]:
        """Positions and scores of the best texts, best first; texts that share no term are left out.

        Args:
            question: in plain words; a word that occurs twice counts twice.
            number: how many at most.
            works: search these works only. Scores are the same as without.
        """
        wanted = [
            (Occur.Should, Query.boost_query(self._term(STEMS, term), float(times)))
            for term, times in Counter(terms(question, self._language)).items()
        ]
        if not wanted or number < 1:
            return []
        query = Query.boolean_query(wanted)
        if works is not None:
            within = Query.boolean_query([(Occur.Should, self._term(WORK, work)) for work in works])
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(within, 0.0))])
        hits = self._searcher.search(query, number, count=False).hits
        positions = positions_at(self._searcher, [address for _, address in hits])
        return [(position, float(score)) for position, (score, _) in zip(positions, hits, strict=True)]

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value, index_option="freq" if field == STEMS else "basic")
