"""Which keys does a home hold? Two secrets in files outside the database: one for tokens, one that wraps data keys.

Token: HMAC-SHA256(key, one byte for the identifier type + UTF-8 of the normalised value), first 16 bytes
(spec/identity 5). Vault: AES-256-GCM under a data key per identifier or record, itself wrapped by the master key
(NIST SP 800-38D for GCM). Destroying a wrapped data key destroys what it encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from byname.terms import GroundBroken

NONCE = 12


class Keyring:
    """Makes tokens, makes and unwraps data keys. Holds secrets: never print or log one."""

    def __init__(self, token_key: bytes, master_key: bytes) -> None:
        self._hmac = hmac.new(token_key, digestmod=hashlib.sha256)
        self._master = AESGCM(master_key)

    def token(self, type_index: int, value: str) -> bytes:
        """The 16-byte keyed token of a normalised value; equal values of different types differ."""
        h = self._hmac.copy()
        h.update(bytes((type_index,)) + value.encode())
        return h.digest()[:16]

    def digest(self, purpose: str, value: bytes) -> bytes:
        """A keyed 32-byte digest for other secrets (write keys, session ids), kept apart by purpose."""
        h = self._hmac.copy()
        h.update(b"\xff" + purpose.encode() + b"\0" + value)
        return h.digest()

    def new_data_key(self) -> tuple[AESGCM, bytes]:
        """A fresh data key, ready to use and wrapped for storing."""
        key = secrets.token_bytes(32)
        nonce = os.urandom(NONCE)
        return AESGCM(key), nonce + self._master.encrypt(nonce, key, b"data key")

    def data_key(self, wrapped: bytes) -> AESGCM:
        """A stored data key, unwrapped."""
        try:
            return AESGCM(self._master.decrypt(wrapped[:NONCE], wrapped[NONCE:], b"data key"))
        except InvalidTag:
            raise GroundBroken(
                "The keys of this home do not fit its data", cure="Restore the keys/ folder that belongs to it"
            ) from None

    def __repr__(self) -> str:
        return "Keyring(...)"


def seal(key: AESGCM, plain: bytes, about: bytes = b"") -> bytes:
    """Encrypt under a data key; `about` is bound to it and must be given again to open."""
    nonce = os.urandom(NONCE)
    return nonce + key.encrypt(nonce, plain, about)


def unseal(key: AESGCM, sealed: bytes, about: bytes = b"") -> bytes:
    """Decrypt what `seal` made; a wrong key or changed bytes are an error."""
    return key.decrypt(sealed[:NONCE], sealed[NONCE:], about)


def open_keyring(folder: Path, *, create: bool) -> Keyring:
    """Read keys/token.key and keys/master.key, or make them (mode 0600) for a new home."""
    secret = []
    for name in ("token.key", "master.key"):
        path = folder / name
        if not path.exists():
            if not create:
                cure = "Restore the keys/ folder from your key backup; without it the data cannot be read"
                raise GroundBroken("A key of this home is missing", name, cure)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32).hex().encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        secret.append(bytes.fromhex(path.read_text("ascii").strip()))
    return Keyring(secret[0], secret[1])
