"""Immutable values: messages, headers, tokens, URLs and profiles; validation of arguments."""
