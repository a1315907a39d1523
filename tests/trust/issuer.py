"""A small real OpenID Connect issuer on localhost, for the test: it signs with its own key and checks PKCE."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar, Request, get, post
from litestar.response import Redirect


class Issuer:
    """Signs in whoever `person` is; `spoil` changes the claims of the next token."""

    def __init__(self, address: str, client_id: str, client_secret: str, now_s: int) -> None:
        self.address, self.client_id, self.now_s = address, client_id, now_s
        self.basic = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
        self.person: dict[str, Any] = {}
        self.spoil: dict[str, Any] = {}
        self.signs_with = self.key
        self.codes: dict[str, dict[str, str]] = {}

    def discovery(self) -> dict[str, str]:
        ends = {n: f"{self.address}/{n}" for n in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return {"issuer": self.address, **ends}

    def agree(self, query: dict[str, str]) -> str:
        """The person signed in: back to where she came from, with a code."""
        code = secrets.token_urlsafe()
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def token(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        began = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if began is None or authorization != self.basic or proof.decode() != began["code_challenge"]:
            return None
        claims = {
            "iss": self.address, "aud": self.client_id, "iat": self.now_s, "exp": self.now_s + 300,
            "nonce": began["nonce"], **self.person, **self.spoil,
        }  # fmt: skip
        header = {"alg": "RS256", "kid": "k1"}
        return {"id_token": jwt.encode(header, claims, self.signs_with), "token_type": "Bearer", "access_token": "a"}


@contextmanager
def serving(client_id: str, client_secret: str, now_s: int) -> Iterator[Issuer]:
    """An issuer that answers on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    issuer = Issuer(f"http://127.0.0.1:{listening.getsockname()[1]}", client_id, client_secret, now_s)

    @get("/.well-known/openid-configuration", sync_to_thread=False)
    def discovery() -> dict[str, str]:
        return issuer.discovery()

    @get("/jwks_uri", sync_to_thread=False)
    def keys() -> dict[str, Any]:
        return {"keys": [issuer.key.as_dict(private=False)]}

    @get("/authorization_endpoint", sync_to_thread=False)
    def authorize(request: Request[Any, Any, Any]) -> Redirect:
        return Redirect(issuer.agree(dict(request.query_params)))

    @post("/token_endpoint", status_code=200)
    async def token(request: Request[Any, Any, Any]) -> dict[str, str]:
        form = {k: str(v) for k, v in (await request.form()).items()}
        return issuer.token(form, request.headers.get("authorization", "")) or {"error": "invalid_grant"}

    app = Litestar([discovery, keys, authorize, token], openapi_config=None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
