"""Verifies a DSSE envelope with `securesystemslib`; reads {envelope, keys, threshold} from standard input."""

import json
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

document = json.load(sys.stdin)
envelope = Envelope.from_dict(json.loads(document["envelope"]))
keys = [SSlibKey(key, "ed25519", "ed25519", {"public": key}) for key in document["keys"]]
accepted = envelope.verify(keys, document["threshold"])
statement = json.loads(envelope.payload)
subject = statement["subject"][0]["digest"]["sha256"]
print(f"{len(accepted)} signatures over {statement['predicateType']} of {subject}")
