"""Describe operations: the arguments, the request, and how to read the response."""
