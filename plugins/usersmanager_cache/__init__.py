"""Cache profiles, in this process or in a store that processes share."""
