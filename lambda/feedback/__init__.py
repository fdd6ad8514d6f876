"""What customers said: its form, its limits and the table that holds it."""
