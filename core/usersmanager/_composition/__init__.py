"""Find plugins and transports, check them, and put them in order around a call."""
