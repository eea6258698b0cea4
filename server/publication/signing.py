"""The signature under a dated data set: Ed25519, by a key that follows from the installation's own secret.

Whoever kept the public key can tell for ever whether a file is as it was published (``verify_release.py``).
"""

from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.core.settings import settings


def sign(data: bytes) -> str:
    """The signature of some bytes, in hex."""
    return _key(settings().secret_key).sign(data).hex()


def public_key() -> str:
    """The public key, 32 bytes in hex."""
    return _key(settings().secret_key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def public_key_pem() -> str:
    """The public key as other tools (openssl) read it."""
    made = _key(settings().secret_key).public_key()
    return made.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def _key(secret: str) -> Ed25519PrivateKey:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"tessera dated data sets").derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(derived)
