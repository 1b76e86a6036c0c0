"""The kinds of the persona's lines, by what they answer and what a reply of each takes up of what was said."""

from __future__ import annotations

LEFT_TO_THE_BOOKS = frozenset({"fact", "yes-no", "premise", "why", "how", "unread"})
ABOUT_HIM, STORY, PUZZLE = "about-him", "story", "puzzle"
# Lines that answer whatever does the same, in whatever words: any farewell fits any other.
ACTS = frozenset({"farewell", "greeting", "how-are-you", "thanks", "apology"})  # told by patterns of the language
MOODS = frozenset({"introduction", "grief", "loneliness", "worry", "low-spirits", "joy", "anger", "boredom"})
REACTIONS = frozenset({"compliment", "reaction", "doubt", "agreement", "refusal"})
GENERAL = ACTS | MOODS | REACTIONS
OF_THE_BOOKS = frozenset({"opinion", "list"})  # what is asked for must stand in these, unless they are very near
OF_THE_VISITOR = frozenset({"visitor", "advice", "small-talk"})  # replies to these need not take up a name he gives
OF_PARTICULARS = frozenset({"visitor", "deduction", "silent"})  # a reply of these is to just what the visitor named
OF_WHAT_IS_SAID = ACTS | {"introduction"}  # replies to these take up nothing but what was said
OF_JUST_THAT = frozenset({"deduction", "silent"})  # of these nothing else will do
