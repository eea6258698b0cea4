"""The envelope in which a phone seals a report or a photo to the server's public key, so that the phone cannot read it again.

HPKE in base mode (RFC 9180), one message to one key: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The bytes are
``TSR1``, the number of the key (8 bytes), the sender's point (65 bytes) and the ciphertext. The envelope is bound to the
number of the report or photo: it opens for no other. Pure.
"""

import hashlib
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MAGIC = b"TSR1"
INFO = b"tessera report"
KEY_ID_BYTES, POINT_BYTES, TAG_BYTES = 8, 65, 16
HEADER_BYTES = len(MAGIC) + KEY_ID_BYTES
OVERHEAD_BYTES = HEADER_BYTES + POINT_BYTES + TAG_BYTES
SMALLEST_PAD = 1_024
_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Unopened(ValueError):
    """This is no envelope, or it was not made for this key and this number, or a bit of it has changed."""


def new_pair() -> ec.EllipticCurvePrivateKey:
    """A fresh key pair."""
    return ec.generate_private_key(ec.SECP256R1())


def private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The private half as 32 bytes."""
    return key.private_numbers().private_value.to_bytes(32, "big")


def private_key(data: bytes) -> ec.EllipticCurvePrivateKey:
    """The key pair again, from the private half."""
    return ec.derive_private_key(int.from_bytes(data, "big"), ec.SECP256R1())


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as an uncompressed point, 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_id_of(public: bytes) -> bytes:
    """The number by which an envelope names its key: the first 8 bytes of the public half's SHA-256."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


def seal(data: bytes, *, public: bytes, bound_to: UUID) -> bytes:
    """``data`` in an envelope, as a phone makes it (for tests, and for other clients to read)."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    return MAGIC + key_id_of(public) + _SUITE.encrypt(data, point, info=_info(bound_to))


def key_named(envelope: bytes) -> bytes:
    """The number of the key an envelope is sealed to; Unopened when it is no envelope."""
    if not envelope.startswith(MAGIC) or len(envelope) < OVERHEAD_BYTES:
        raise Unopened
    return envelope[len(MAGIC) : HEADER_BYTES]


def unseal(envelope: bytes, *, key: ec.EllipticCurvePrivateKey, bound_to: UUID) -> bytes:
    """What is in an envelope; Unopened for anything that was not sealed to this key for this number."""
    key_named(envelope)
    try:
        return _SUITE.decrypt(envelope[HEADER_BYTES:], key, info=_info(bound_to))
    except (InvalidTag, ValueError):
        raise Unopened from None


def _info(bound_to: UUID) -> bytes:
    return b"%s %s" % (INFO, str(bound_to).encode())


def pad(data: bytes) -> bytes:
    """``data`` with spaces after it, up to the next of 1, 2, 4, 8 … KB, so that its size tells nothing."""
    size = SMALLEST_PAD
    while size < len(data):
        size *= 2
    return data.ljust(size)
