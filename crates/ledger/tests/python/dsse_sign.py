"""Signs a payload as a DSSE envelope with `securesystemslib`; reads {payload, seeds} from standard input."""

import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

document = json.load(sys.stdin)
envelope = Envelope(document["payload"].encode(), "application/vnd.in-toto+json", {})
for seed in document["seeds"]:
    private = Ed25519PrivateKey.from_private_bytes(bytes(seed))
    public = private.public_key().public_bytes_raw().hex()
    envelope.sign(CryptoSigner(private, SSlibKey(public, "ed25519", "ed25519", {"public": public})))
print(json.dumps(envelope.to_dict(), indent=1))
