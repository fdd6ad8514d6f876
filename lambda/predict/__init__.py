"""POST /predict: infers genders of names and stores nothing."""
