"""Texts: sources, casebook and files of the user's own, to sections and passages."""
