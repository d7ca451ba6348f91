"""The strict cases: exact messages, and separate responses for users on reused connections.

Few HTTP libraries can pass them.
"""
