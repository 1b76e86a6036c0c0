"""The index: a library on disk, built, opened and changed."""
