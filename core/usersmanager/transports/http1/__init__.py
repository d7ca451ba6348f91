"""HTTP/1.1: what transports share. It imports no third-party HTTP library."""
