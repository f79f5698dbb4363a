"""The stacks: one module per scenario, and the context that configures them."""
