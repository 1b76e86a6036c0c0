"""What a persona knows: source texts -> passages -> Chroma and BM25 -> evidence."""
