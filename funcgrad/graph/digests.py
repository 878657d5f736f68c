"""Digests of contents. The module loads with the first digest, as `hashlib` takes long."""

from hashlib import sha256


def digest(content: bytes) -> str:
    """The SHA-256 of `content`, in hexadecimal digits."""
    return sha256(content).hexdigest()
