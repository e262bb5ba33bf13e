"""Connections of a probe, within the time it has: to a host's port, and with TLS on top."""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache
from pathlib import Path

import certifi

from collectors.links.answer import Certificate, Reason, Talk, UnableToAsk, Unanswered
from opscentre import outbound
from opscentre.domain.moments import local, moment

#: OpenSSL's reasons not to trust a certificate, by its numbers.
_PROBLEMS: dict[int, Reason] = {
    9: "tls_not_yet_valid", 10: "tls_expired", 62: "tls_wrong_name", 64: "tls_wrong_name",
}  # fmt: skip
#: Names of a certificate that are kept, and characters of each text.
_NAMES, _LONGEST = 8, 100


def connect(host: str, port: int, talk: Talk) -> socket.socket:
    """A connection to the first of a host's addresses that takes one. Raises ``OSError`` and ``TimeoutError``."""
    found = outbound.resolve(host, port)
    talk.mark("resolved")
    last: OSError | None = None
    for family, kind, protocol, _, (at, *rest) in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(talk.left())
            connection.connect((at, *rest))
        except OSError as error:
            connection.close()
            last = error
            continue
        talk.transcript.address = f"{at!s}:{port}"
        talk.mark("connected")
        return connection
    raise last or OSError(f"{host} has no address")


def shake_hands(connection: socket.socket, host: str, ca_file: str, talk: Talk) -> ssl.SSLSocket:
    """TLS on a connection, its certificate read and checked.

    Raises ``Unanswered`` with what is wrong with it, ``UnableToAsk`` where ``ca_file`` cannot be used.
    """
    context = _trust(ca_file)
    address = connection.getpeername()
    connection.settimeout(talk.left())
    try:
        shaken = context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        shown = talk.transcript.certificate = _look(address, host, talk)
        reason = _PROBLEMS.get(error.verify_code, "tls_untrusted")
        raise Unanswered(reason, _sentence(reason, shown, host, error.verify_message)) from None
    except ssl.SSLError as error:
        raise Unanswered("tls_failed", f"no TLS can be agreed on: {error.reason or error}") from None
    cipher = shaken.cipher()
    talk.transcript.tls = f"{shaken.version()}, {cipher[0] if cipher else 'no cipher'}"
    talk.transcript.certificate = read_certificate(shaken.getpeercert(binary_form=True) or b"")
    talk.mark("tls")
    return shaken


def read_certificate(der: bytes) -> Certificate | None:
    """The facts of a certificate; None where it is written in a way that only TLS itself puts up with."""
    # Loaded where there is a certificate: ten megabytes that links without TLS do without.
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(der)
        extensions = {extension.oid: extension.value for extension in found.extensions}
        alternatives = extensions.get(x509.SubjectAlternativeName.oid, ())
        return Certificate(
            subject=found.subject.rfc4514_string()[:_LONGEST],
            issuer=found.issuer.rfc4514_string()[:_LONGEST],
            names=[str(name.value)[:_LONGEST] for name in alternatives][:_NAMES],
            begins_at=moment(found.not_valid_before_utc),
            expires_at=moment(found.not_valid_after_utc),
        )
    except ValueError:
        return None


def _look(address: tuple[str, int], host: str, talk: Talk) -> Certificate | None:
    """The certificate that was not trusted, read on another connection over which nothing is said; None: not shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(address[:2], timeout=talk.left()) as connection,
            context.wrap_socket(connection, server_hostname=host) as shaken,
        ):
            return read_certificate(shaken.getpeercert(binary_form=True) or b"")
    except OSError:
        return None


def _sentence(reason: Reason, shown: Certificate | None, host: str, told: str) -> str:
    if shown is None:
        return f"its certificate is not trusted: {told}"
    if reason == "tls_expired":
        return f"its certificate ended on {local(shown.expires_at):%d/%m/%Y}"
    if reason == "tls_not_yet_valid":
        return f"its certificate holds only from {local(shown.begins_at):%d/%m/%Y} on"
    if reason == "tls_wrong_name":
        return f"its certificate is for {', '.join(shown.names) or shown.subject}, not for {host}"
    if shown.issuer == shown.subject:
        return f"its certificate is vouched for by itself only ({shown.subject}); name it in ca_file if that is meant"
    return f"nobody known vouches for its certificate ({told}; issued by {shown.issuer}); name the authority in ca_file"


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        # Read again when it was written anew.
        return _loaded(ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0)
    except OSError as error:
        told = error.strerror or "no certificate in it"
        raise UnableToAsk("not_probed", f"ca_file {ca_file} cannot be used ({told}); want a PEM file") from None


@lru_cache(maxsize=16)
def _loaded(ca_file: str, _written: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or certifi.where())
