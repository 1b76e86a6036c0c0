"""Making a voice: examples from the persona's lines and from reading practice, and LoRA training on them."""
