"""The masked sum once more, from docs/protocol/03-secure-aggregation.md alone: reads the vectors on standard input and recomputes them."""

import json
import struct
import sys

from blake3 import blake3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def u8(n):
    return struct.pack("<B", n)


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def digest(domain, *parts):
    h = blake3(derive_key_context=domain)
    for part in parts:
        h.update(u64(len(part)) + part)
    return h.digest()


def stream(key, context, length):
    return blake3(context, key=key).digest(length=length)


def verify(domain, key, text, signature):
    Ed25519PublicKey.from_public_bytes(key).verify(signature, domain.encode() + b"\0" + text)


def committee(m, t):
    return [a for a in range(1, 1 << m) if bin(a).count("1") == m - t + 1]


def assignment(subsets, m, responders):
    work, assigned = [0] * m, [None] * len(subsets)
    for k in sorted(range(len(subsets)), key=lambda k: bin(subsets[k] & responders).count("1")):
        g = min((g for g in range(m) if (subsets[k] & responders) >> g & 1), key=lambda g: work[g])
        assigned[k] = g
        work[g] += 1
    return assigned


def check(v):
    r = v["roster"]
    m, t, f = r["committee"]
    width, size = r["word_bits"], r["word_bits"] // 8
    mask = (1 << width) - 1
    agents = [bytes.fromhex(a) for a in r["agents"]]
    guardians = [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in r["guardians"]]
    facilitators = [bytes.fromhex(a) for a in r["facilitators"]]
    text = u8(1) + bytes.fromhex(r["mission"]) + u64(r["epoch"]) + u8(m) + u8(t) + u8(f)
    text += u32(r["contributors_min"]) + u32(r["churn_min"]) + u8(width) + u8(r["bits_per_word"]) + u32(r["words_max"])
    text += u32(len(agents)) + b"".join(agents) + b"".join(a + b for a, b in guardians)
    text += u32(len(facilitators)) + b"".join(facilitators)
    roster = digest("cosmosmesh/mask/roster/1", text)
    assert roster.hex() == r["hash"], "roster"
    assert 2 * len(agents) * ((1 << r["bits_per_word"]) - 1) < 1 << (width - 1), "no sum wraps"

    subsets = committee(m, t)
    held = [[k for k, a in enumerate(subsets) if a >> g & 1] for g in range(m)]
    keys = []
    for i, bundle in enumerate(map(bytes.fromhex, v["bundles"])):
        assert bundle[:2] == b"\x31\x01" and bundle[2:34] == roster and bundle[34:38] == u32(i), "bundle"
        public, at = bundle[38:70], 70
        commitments = [bundle[at + 32 * k : at + 32 * k + 32] for k in range(len(subsets))]
        at += 32 * len(subsets)
        own = {}
        for g in range(m):
            length = 32 * len(held[g]) + 16
            secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(v["guardian_secrets"][g]))
            shared = secret.exchange(X25519PublicKey.from_public_bytes(public))
            info = b"cosmosmesh/mask/box/1\0" + u32(i) + u8(g) + public + guardians[g][1]
            key = HKDF(hashes.SHA256(), 32, roster, info).derive(shared)
            opened = ChaCha20Poly1305(key).decrypt(bytes(12), bundle[at : at + length], roster + u32(i) + u8(g))
            at += length
            for n, k in enumerate(held[g]):
                own.setdefault(k, opened[32 * n : 32 * n + 32])
                assert own[k] == opened[32 * n : 32 * n + 32], "two guardians hold one key"
        for k, a in enumerate(subsets):
            assert commitments[k] == digest("cosmosmesh/mask/commitment/1", roster, u32(i), u8(a), own[k]), "commitment"
        verify("cosmosmesh/mask/bundle/1", agents[i], bundle[:at], bundle[at:])
        keys.append(own)

    signed = bytes.fromhex(v["header"])
    header, h = signed[:-64], digest("cosmosmesh/mask/header/1", signed[:-64])
    assert h.hex() == v["header_hash"], "header"
    verify("cosmosmesh/mask/header/1", header[-32:], header, signed[-64:])
    round_number = struct.unpack("<Q", header[74:82])[0]
    ahead = bool(header[82] & 2)
    assert ahead == ("last_nonces" in v), "mode"

    def ratcheted(key):
        for _ in range(round_number // 64):
            key = stream(key, b"cosmosmesh/mask/ratchet/1", 32)
        return key

    def words(data):
        return [int.from_bytes(data[n : n + size], "little") for n in range(0, len(data), size)]

    def mask_of(i, k, nonce, count):
        context = b"cosmosmesh/mask/words/1\0" + h + u32(i) + u8(subsets[k]) + nonce
        return words(stream(ratcheted(keys[i][k]), context, count * size))

    def add(*lists):
        return [sum(column) & mask for column in zip(*lists)]

    data = [[int(w, 16) for w in row] for row in v["data"]]
    d = len(data[0])
    coefficients = struct.unpack(f"<{2 * d}I", stream(h, b"cosmosmesh/mask/check/1", 8 * d))
    members = u32(len(v["online"]))
    totals, nonces = [], {}
    for n, (i, message) in enumerate(zip(v["online"], map(bytes.fromhex, v["masked_messages"]))):
        head, payload, signature = message[:54], message[54:-64], message[-64:]
        assert head[:38] == b"\x34\x01" + h + u32(i), "masked message"
        nonce = nonces[i] = head[38:54]
        if ahead:
            assert nonce == digest("cosmosmesh/mask/nonce/1", bytes.fromhex(v["last_nonces"][n]))[:16], "nonce"
        checks = [sum(c * q for c, q in zip(coefficients[n::2], data[i])) & mask for n in (0, 1)]
        plain = data[i] + [1] + checks
        masks = [mask_of(i, k, nonce, d + 3) for k in range(len(subsets))]
        assert words(payload) == add(plain, *masks), "masked words"
        named = digest("cosmosmesh/mask/payload/1", payload)
        verify("cosmosmesh/mask/words/1", agents[i], head + named, signature)
        members += u32(i) + nonce + (bytes(32) if ahead else named)
        totals.append(words(payload))
    u = digest("cosmosmesh/mask/online/1", h, members)
    assert u.hex() == v["online_set_hash"], "online set"

    request = bytes.fromhex(v["request"])
    body = b"\x35\x01" + struct.pack("<H", len(signed)) + signed + members + u8(v["responders"])
    assert request[:-64] == body, "request"
    verify("cosmosmesh/mask/request/1", header[-32:], body, request[-64:])

    assigned = assignment(subsets, m, v["responders"])
    assert assigned == v["assignment"], "assignment"
    answering = [g for g in range(m) if v["responders"] >> g & 1]
    openings = []
    first = b"\0" + roster
    chain = digest("cosmosmesh/mask/chain/1", bytes(32), first)
    record = b"\x01" + u64(round_number) + h + u + u32(len(v["online"])) + b"".join(map(u32, v["online"]))
    chain = digest("cosmosmesh/mask/chain/1", chain, record)
    for g, opening in zip(answering, map(bytes.fromhex, v["openings"])):
        head, payload, signature = opening[: -64 - size * (d + 3)], opening[-64 - size * (d + 3) : -64], opening[-64:]
        assert head == b"\x36\x01" + h + u + u8(v["responders"]) + u8(g) + u64(2) + chain, "opening"
        own = [mask_of(i, k, nonces[i], d + 3) for i in v["online"] for k in range(len(subsets)) if assigned[k] == g]
        assert words(payload) == add(*own), "opened masks"
        verify("cosmosmesh/mask/opening/1", guardians[g][0], head + digest("cosmosmesh/mask/payload/1", payload), signature)
        openings.append(words(payload))

    total = [(a - b) & mask for a, b in zip(add(*totals), add(*openings))]
    assert total[:d] == [int(w, 16) for w in v["sum"]] == add(*(data[i] for i in v["online"])), "sum"
    assert total[d] == len(v["online"]), "head count"
    assert total[d + 1 :] == [sum(c * q for c, q in zip(coefficients[n::2], total)) & mask for n in (0, 1)], "check words"

    closing = bytes.fromhex(v["closing"])
    body = b"\x37\x01" + h + u + b"\x01" + u32(len(v["online"])) + b"".join(map(u32, v["online"]))
    assert closing[:-64] == body, "closing"
    verify("cosmosmesh/mask/closing/1", header[-32:], body, closing[-64:])


vectors = json.load(sys.stdin)
for vector in vectors:
    check(vector)
print(f"{len(vectors)} rounds recomputed")
