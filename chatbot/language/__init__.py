"""Language: what the program knows of English text."""
