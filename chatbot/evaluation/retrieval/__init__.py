"""How well the library is searched."""
