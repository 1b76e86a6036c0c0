"""Views of conversations as they are stored: the path that is shown, and the panels of one of its turns."""

from __future__ import annotations

from dataclasses import replace

from chatbot.citations import citations_of
from chatbot.errors import PersonaError
from chatbot.language import ENGLISH, Language, language_of
from chatbot.library.search import Found
from chatbot.resources import Resources
from chatbot.trace import from_stored
from chatbot.visitors import Visitor
from chatbot.web.panels import evidence_html, search_html, timings_html
from chatbot.web.views import View, messages_of
from memory import OwnMemory, TracedTurn


class StoredViews:
    """Makes views from the memory, for one visitor at a time."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def memory(self, visitor: Visitor) -> OwnMemory:
        """The visitor's own part of the memory."""
        return OwnMemory(self._resources.memory, visitor.id)

    def name(self, persona: str) -> str:
        """The name of a persona; its id, where a stored conversation outlived it."""
        try:
            return self._resources.persona(persona).persona.name
        except PersonaError:
            return persona

    def opened(self, visitor: Visitor, conversation: str, turn: str | None = None) -> View:
        """A conversation as it was left, with the panels of `turn`; default: of the last one.

        Raises:
            MemoryStoreError: it does not exist, or belongs to another visitor.
        """
        memory = self.memory(visitor)
        summary = memory.conversation(conversation)
        path = memory.path(summary.id)
        view = View(
            summary.persona,
            path[-1].mode if path else "",
            summary.id,
            messages_of(summary.greeting, path),
            tuple(stored.id for stored in path),
        )
        if not path:
            return view
        evidence, language = memory.evidence(summary.id), self.language(view.persona)
        cited = (citations_of(stored.reply, evidence.get(stored.id, ()), language) for stored in path)
        view = replace(view, citations=tuple(cited), ratings=memory.ratings(summary.id))
        shown = turn if turn in view.turns else path[-1].id
        further = memory.continued(path[-1].id)
        return self.panels(replace(self.with_versions(visitor, view), further=further), memory.turn(shown))

    def with_versions(self, visitor: Visitor, view: View) -> View:
        """The view with the turns that stand beside each of its own."""
        if view.conversation is None:
            return view
        versions = self.memory(visitor).versions(view.conversation)
        return replace(view, versions=tuple(versions.get(turn) for turn in view.turns))

    def with_last_cited(self, visitor: Visitor, view: View) -> View:
        """The view with the citations of its last turn, which has just ended."""
        last = self.memory(visitor).turn(view.turns[-1])
        before = (*view.citations, *[()] * len(view.turns))[: len(view.turns) - 1]
        return replace(view, citations=(*before, citations_of(last.reply, last.evidence, self.language(view.persona))))

    def panels(self, view: View, stored: TracedTurn) -> View:
        """The view with the evidence of a stored turn."""
        trace = from_stored(stored.evidence, stored.trace)
        timings = timings_html(trace) if trace else ""
        shown = replace(view, turn=stored.id, about=stored.question, timings=timings)
        return self.found(shown, stored.question, trace.search if trace else None)

    def found(self, view: View, question: str, found: Found | None) -> View:
        """The view with what was found for a question."""
        evidence = evidence_html(question, found, self.language(view.persona), view.turn or "")
        return replace(view, evidence=evidence, search=search_html(found))

    def language(self, persona: str) -> Language:
        """The language of a persona."""
        try:
            return language_of(self._resources.persona(persona).persona)
        except PersonaError:  # a stored conversation may outlive its persona
            return ENGLISH
