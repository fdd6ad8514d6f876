"""DELETE /feedback/{id}: forgets a person."""
