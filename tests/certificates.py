"""Server contexts that `usersmanager.testing.certificates` does not have."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from usersmanager.testing.certificates import authority, server_context

__all__ = ["requiring_client_certificates", "self_signed_context"]


def requiring_client_certificates(version: ssl.TLSVersion, *hosts: str) -> ssl.SSLContext:
    """Return a new context for a TLS server that refuses a client without a certificate."""
    context = server_context(*hosts, version=version)
    authority().configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def self_signed_context(host: str) -> ssl.SSLContext:
    """Return a new context for a TLS server whose certificate is signed with its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "certificate.pem")
        path.write_bytes(private_key + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(path)
    return context
