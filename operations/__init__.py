"""Programs for whoever operates and releases the application."""
