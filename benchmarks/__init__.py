"""Whole calls over loopback, compared with the bare HTTP libraries and with other clients."""
