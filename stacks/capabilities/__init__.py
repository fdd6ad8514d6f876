"""One construct per capability; the stacks wire them together."""
