"""The two managers, and what they share."""
