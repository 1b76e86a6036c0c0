"""What he knows: source texts -> passages -> Chroma and BM25 -> evidence."""
