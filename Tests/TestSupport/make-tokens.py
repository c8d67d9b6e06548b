"""Makes tokens with authlib and joserfc, and prints them as JSON with the public keys.

    make-tokens.py

Needs what ops/setup.sh --test installs from PyPI.
"""
import json
import os
import pathlib
import sys
import time
import warnings

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
for packages in (CACHE / "flotilla/test-venv").glob("lib/python*/site-packages"):
    sys.path.insert(0, str(packages))
warnings.simplefilter("ignore")

import authlib.jose  # noqa: E402
import joserfc.jwk  # noqa: E402
import joserfc.jwt  # noqa: E402

secret = "a secret that both sides know, of 32 bytes at least"
now = int(time.time())
claims = {"iss": "https://auth.example.com", "aud": "flotilla", "sub": "42", "jti": "partner", "iat": now,
          "exp": now + 600, "scope": "read enqueue", "events": ["profile.*"]}
rsa = joserfc.jwk.RSAKey.generate_key(2048, {"kid": "rsa/1+x="}, private=True)
ed = joserfc.jwk.OKPKey.generate_key("Ed25519", {"kid": "ed-1"}, private=True)
oct = joserfc.jwk.OctKey.import_key(secret)
tokens = {}
for name, algorithm, key in [("HS256", "HS256", oct), ("RS256", "RS256", rsa), ("EdDSA", "EdDSA", ed)]:
    header = {"alg": algorithm, "typ": "JWT"}
    if name != "HS256":
        header["kid"] = key.kid
    access = dict(header, typ="at+jwt")
    tokens["joserfc " + name] = joserfc.jwt.encode(header, claims, key, algorithms=[algorithm])
    tokens["joserfc at+jwt " + name] = joserfc.jwt.encode(access, claims, key, algorithms=[algorithm])
    other = authlib.jose.JsonWebKey.import_key(key.as_dict(private=True) if name != "HS256" else secret, {
        "kty": {"HS256": "oct", "RS256": "RSA", "EdDSA": "OKP"}[name]})
    maker = authlib.jose.JsonWebToken([algorithm])
    tokens["authlib " + name] = maker.encode(header, claims, other).decode()
print(json.dumps({
    "secret": secret,
    "keys": {"keys": [rsa.as_dict(private=False), ed.as_dict(private=False)]},
    "rsa": rsa.as_pem(private=False).decode(),
    "ed": ed.as_pem(private=False).decode(),
    "tokens": tokens,
}))
