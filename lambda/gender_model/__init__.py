"""The endpoint that knows which gender a first name suggests."""
