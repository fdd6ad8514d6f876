"""Amazon Comprehend, which knows the sentiment of a text."""
