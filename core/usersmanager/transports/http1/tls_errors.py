"""Map TLS errors to reasons, and describe them in OpenSSL's words.

OpenSSL's texts are fixed. A peer can choose one of them, but not change it.
"""

from __future__ import annotations

import re
import ssl
from typing import TypeGuard

from ...errors import Reason

__all__ = ["CertificateRequiredError", "do_handshake", "is_tls_error", "tls_reason", "tls_words"]

_CONNECTION_ERRORS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

# OpenSSL's X509_V_ERR_... (x509_vfy.h), which Python has no names for.
_BY_VERIFY_CODE: dict[int, Reason] = {
    2: "unknown_authority",  # UNABLE_TO_GET_ISSUER_CERT
    9: "certificate_not_yet_valid",  # CERT_NOT_YET_VALID
    10: "certificate_expired",  # CERT_HAS_EXPIRED
    18: "self_signed",  # DEPTH_ZERO_SELF_SIGNED_CERT
    19: "unknown_authority",  # SELF_SIGNED_CERT_IN_CHAIN
    20: "unknown_authority",  # UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: "unknown_authority",  # UNABLE_TO_VERIFY_LEAF_SIGNATURE
    62: "wrong_host",  # HOSTNAME_MISMATCH
    64: "wrong_host",  # IP_ADDRESS_MISMATCH
}
# OpenSSL's SSL_R_... (sslerr.h). An alert about a certificate is about that of the client.
_VERSION = re.compile(
    r"UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW|WRONG_SSL_VERSION"
    r"|\w*ALERT_PROTOCOL_VERSION"
)
_CLIENT_CERTIFICATE = re.compile(
    r"\w*ALERT_(?:(?:BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)"
)
_HANDSHAKE_FAILURE = "SSLV3_ALERT_HANDSHAKE_FAILURE"
_HINTS = {"WRONG_VERSION_NUMBER": " (does the server speak plain http?)"}


class CertificateRequiredError(ssl.SSLError):
    """A TLS 1.2 server failed the handshake because it requires a client certificate."""


def do_handshake(tls: ssl.SSLObject | ssl.SSLSocket) -> None:
    """Continue a handshake.

    Raises:
        CertificateRequiredError: the server requires a client certificate.
        ssl.SSLError: the handshake failed otherwise, or needs more data.
    """
    try:
        tls.do_handshake()
    except ssl.SSLError as error:
        # Unlike TLS 1.3 (RFC 8446, section 6.2), TLS 1.2 has no alert for a missing certificate.
        # Once the server has chosen a cipher, no other cause of this alert remains.
        if _name(error) == _HANDSHAKE_FAILURE and tls.cipher() is not None:
            raise CertificateRequiredError(*error.args) from error
        raise


def is_tls_error(error: BaseException) -> TypeGuard[ssl.SSLError]:
    """Return whether TLS itself failed, not the underlying connection."""
    return isinstance(error, ssl.SSLError) and not isinstance(error, _CONNECTION_ERRORS)


def tls_reason(error: ssl.SSLError) -> Reason:
    """Return the reason of a TLS error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_VERIFY_CODE.get(getattr(error, "verify_code", 0), "tls")
    name = _name(error)
    if isinstance(error, CertificateRequiredError) or _CLIENT_CERTIFICATE.fullmatch(name):
        return "client_certificate"
    return "tls_version" if _VERSION.fullmatch(name) else "tls"


def tls_words(error: ssl.SSLError) -> str:
    """Return OpenSSL's description of a TLS error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = getattr(error, "verify_message", "") or "the certificate is not valid"
        return str(words).rstrip(".")
    if isinstance(error, CertificateRequiredError):
        return "the server requires a client certificate"
    name = _name(error)
    return name.lower().replace("_", " ") + _HINTS.get(name, "") if name else type(error).__name__


def _name(error: ssl.SSLError) -> str:
    """Return OpenSSL's name of an error, or "" if it has none."""
    return getattr(error, "reason", None) or ""
