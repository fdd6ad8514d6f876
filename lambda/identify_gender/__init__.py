"""GET and POST /identifygender: infer and store genders."""
