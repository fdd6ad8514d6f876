"""Says in plain words what a deploy would miss, before anything is created."""
