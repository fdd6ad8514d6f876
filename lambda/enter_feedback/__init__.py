"""GET /enterfeedback and POST /feedback: store one feedback."""
