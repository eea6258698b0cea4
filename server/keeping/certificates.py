"""A local authority for a field network: phones keep reports offline only on a secure origin, and no public authority certifies a laptop.

The root's key stays in the operator's folder; the root's certificate is installed on the phones once. It may certify servers of the
names it was made for and nothing else, so that whoever steals it cannot stand in for the rest of the web (RFC 5280, name constraints).
"""

import ipaddress
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.core.clock import now
from server.keeping.errors import NotKept

ROOT_DAYS, SERVER_DAYS = 730, 397  # phones refuse servers' certificates that live longer
ROOT, ROOT_KEY, SERVER, SERVER_KEY = "root.crt", "root.key", "server.crt", "server.key"


def certify(folder: Path, names: Sequence[str], *, response: str) -> None:
    """Write ``server.crt`` and ``server.key`` for ``names`` (host names or addresses), signed by the folder's root, made when missing.

    Raises NotKept when an existing root was made for other names.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / ROOT).exists():
        _make_root(folder, names, response=response)
    root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
    signer = serialization.load_pem_private_key((folder / ROOT_KEY).read_bytes(), password=None)
    allowed = root.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    if strangers := [name for name in names if _constraint(name) not in allowed]:
        raise NotKept(
            f"The root in {folder} was not made for {', '.join(strangers)}. Make another in an empty folder, and install it on the phones."
        )
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _begun(_called(names[0]), days=SERVER_DAYS)
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([_named(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)  # type: ignore[arg-type]
        .sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    )
    _write_key(folder / SERVER_KEY, key)
    (folder / SERVER).write_bytes(_pem(made) + _pem(root))


def _make_root(folder: Path, names: Sequence[str], *, response: str) -> None:
    key, called = ec.generate_private_key(ec.SECP256R1()), _called(f"{response}: local authority")
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )  # fmt: skip
    made = (
        _begun(called, days=ROOT_DAYS)
        .issuer_name(called)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(x509.NameConstraints([_constraint(name) for name in names], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / ROOT_KEY, key)
    (folder / ROOT).write_bytes(_pem(made))


def _begun(subject: x509.Name, *, days: int) -> x509.CertificateBuilder:
    """Valid since yesterday: the clocks of field phones are often late."""
    began = now() - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(subject).serial_number(x509.random_serial_number())
    return builder.not_valid_before(began).not_valid_after(began + timedelta(days=days))


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraint(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
