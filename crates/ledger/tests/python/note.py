"""Verifies the signatures of a C2SP signed note with the `cryptography` package; reads {note, keys} from standard input."""

import base64
import hashlib
import json
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

document = json.load(sys.stdin)
text, _, lines = document["note"].rpartition("\n\n")
text += "\n"
keys = {}
for encoded in document["keys"]:
    name, ident, key = encoded.split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == ident, "key id"
    keys[name, ident] = key
count = 0
for line in lines.splitlines():
    dash, name, signature = line.split(" ")
    assert dash == "\u2014", "dash"
    signature = base64.b64decode(signature, validate=True)
    key = keys[name, signature[:4].hex()]
    message, signature = text.encode(), signature[4:]
    if key[0] == 4:
        (time,) = struct.unpack(">Q", signature[:8])
        message, signature = f"cosignature/v1\ntime {time}\n".encode() + message, signature[8:]
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, message)
    count += 1
print(f"{count} signatures")
