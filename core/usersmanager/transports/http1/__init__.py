"""HTTP/1.1: the engine under the transports. It imports no third-party HTTP library."""
