"""PUT /feedback/{id}/gender: stores what the person said about themselves."""
