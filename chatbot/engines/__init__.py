"""How words come out: what an engine is, and the one that runs transformers and PEFT in this process."""
