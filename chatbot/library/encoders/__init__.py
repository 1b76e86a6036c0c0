"""Encoders: the embedder and the cross-encoder."""
