"""The two managers, their shared implementation, and callbacks."""
