"""The engine that runs transformers and PEFT in this process."""
