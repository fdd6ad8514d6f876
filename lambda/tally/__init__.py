"""Sums over all feedbacks, kept up to date by every write: what `insights` is computed from."""
