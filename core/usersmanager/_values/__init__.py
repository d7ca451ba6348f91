"""Immutable values: messages, headers, tokens, URLs, profiles, and the validation of arguments."""
