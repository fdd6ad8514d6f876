"""GET /insights: tells whether women and men feel differently about the service."""
