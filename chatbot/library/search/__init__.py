"""Search: plans of modules over an index, and the evidence that they leave."""
