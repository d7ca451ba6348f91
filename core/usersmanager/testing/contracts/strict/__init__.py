"""The cases that the strict contracts add: what keeps the responses of users apart, and exactness.

They hold for a transport that uses a connection again. Few HTTP libraries can pass them.
"""
