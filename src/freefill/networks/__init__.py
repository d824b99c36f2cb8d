"""Networks as their papers have them, a paper a file, tensors in and out; `on_processor/` computes one faster."""
