"""Removes one stage, and says what stays and how to remove that too."""
