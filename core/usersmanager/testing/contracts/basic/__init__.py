"""The basic cases, which a careful adapter over any HTTP library can pass."""
