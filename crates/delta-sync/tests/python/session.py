"""The sync session once more, from docs/protocol/02-sync-session.md alone.

`session.py vectors` prints docs/protocol/vectors/sync.json.
`session.py peer` is a replica on standard input and output: it writes entries of its own and reconciles with whoever is there.
"""

import json
import struct
import sys

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from zstandard import ZstdCompressor, ZstdDecompressor

MASK = (1 << 64) - 1
NONE = bytes(32)


# Values.


def H(domain, *parts):
    h = blake3(derive_key_context=domain)
    for part in parts:
        h.update(struct.pack("<Q", len(part)) + part)
    return h.digest()


def num(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def signed(v):
    return num(2 * v if v >= 0 else -2 * v - 1)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "the bytes end too early"
        self.at += n
        return self.data[self.at - n : self.at]

    def byte(self):
        return self.take(1)[0]

    def num(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                assert b or shift == 7, "an integer in more bytes than it needs"
                assert value <= MASK
                return value

    def signed(self):
        n = self.num()
        return -(n + 1) // 2 if n & 1 else n // 2

    def rest(self):
        return self.take(len(self.data) - self.at)

    def end(self):
        assert self.at == len(self.data), "something follows the end"


# Entries. A log is (author, epoch, topic); a name is (log, sequence number).

PRIORITIES = ["bulk", "normal", "expedited", "emergency"]


def log_bytes(log):
    return log[0] + num(log[1]) + num(log[2])


def read_log(r):
    return (r.take(32), r.num(), r.num())


class Entry:
    def __init__(self, mission, log, seq, previous, at, count, kind, priority, expiry, deps, body_len, body_hash):
        self.mission, self.log, self.seq, self.previous, self.at, self.count = mission, log, seq, previous, at, count
        self.kind, self.priority, self.expiry, self.deps = kind, priority, expiry, deps
        self.body_len, self.body_hash = body_len, body_hash
        self.signature = self.body = None

    def header(self):
        out = bytes([1, 1]) + self.mission + log_bytes(self.log) + num(self.seq) + self.previous
        out += signed(self.at) + num(self.count) + num(self.kind) + bytes([self.priority])
        out += bytes([0]) if self.expiry is None else bytes([1]) + signed(self.expiry)
        out += num(len(self.deps)) + b"".join(log_bytes(log) + num(seq) for log, seq in self.deps)
        return out + num(self.body_len) + self.body_hash

    def text(self):
        return b"cosmosmesh/sync/entry/1" + self.header()

    def hash(self):
        return H("cosmosmesh/sync/entry/1", self.header(), self.signature)

    def stored(self, bare=False):
        there = self.body is not None and not bare
        return self.header() + self.signature + (b"\x01" + self.body if there else b"\x00")

    def check(self):
        Ed25519PublicKey.from_public_bytes(self.log[0]).verify(self.signature, self.text())
        assert self.body is None or H("cosmosmesh/sync/body/1", self.body) == self.body_hash


def write(secret, mission, log, seq, previous, at, body, count=0, kind=0, priority=1, expiry=None, deps=()):
    body_hash = H("cosmosmesh/sync/body/1", body)
    deps = sorted(deps)
    e = Entry(mission, log, seq, previous, at, count, kind, priority, expiry, deps, len(body), body_hash)
    e.body, e.signature = body, secret.sign(e.text())
    return e


def read_entry(data):
    r = Reader(data)
    assert r.byte() == 1 and r.byte() == 1
    mission, log, seq, previous = r.take(16), read_log(r), r.num(), r.take(32)
    at, count, kind, priority = r.signed(), r.num(), r.num(), r.byte()
    expiry = r.signed() if r.byte() else None
    deps = [(read_log(r), r.num()) for _ in range(r.num())]
    e = Entry(mission, log, seq, previous, at, count, kind, priority, expiry, deps, r.num(), r.take(32))
    e.signature = r.take(64)
    e.body = r.take(e.body_len) if r.byte() else None
    r.end()
    return e


# Ranges: rising (first, after the last).


def ranges_of(numbers):
    out = []
    for n in sorted(numbers):
        if out and out[-1][1] == n:
            out[-1][1] = n + 1
        else:
            out.append([n, n + 1])
    return out


def put_ranges(ranges):
    out, at = num(len(ranges)), 0
    for k, (start, end) in enumerate(ranges):
        gap, usual = start - at, 1 if k else 0
        out += num(2 * (end - start) + (gap != usual))
        if gap != usual:
            out += num(gap)
        at = end
    return out


def read_ranges(r):
    out, at = [], 0
    for k in range(r.num()):
        length = r.num()
        gap = r.num() if length & 1 else (1 if k else 0)
        out.append([at + gap, at + gap + length // 2])
        at = out[-1][1]
    return out


# Frames.


def start(kind, mission):
    return bytes([0xD5, 1, kind]) + mission[:8]


def put_interest(interest):
    if interest is None:
        return b"\x00"
    return num(len(interest) + 1) + b"".join(num(t) for t in sorted(interest))


def read_interest(r):
    n = r.num()
    return None if n == 0 else [r.num() for _ in range(n - 1)]


def scope_of(interest):
    if interest is None:
        return bytes(4)
    tag = bytearray(H("cosmosmesh/sync/interest/1", put_interest(interest))[:4])
    tag[0] |= 1
    return bytes(tag)


def root_of(logs, forks, interest=None):
    """`logs` maps a log to its entries by number, `forks` a log to the number from which on it does not count."""
    out = b""
    for log in sorted(set(logs) | set(forks)):
        if interest is not None and log[2] not in interest:
            continue
        fork = forks.get(log)
        entries = {n: e for n, e in logs.get(log, {}).items() if fork is None or n < fork}
        if not entries and fork is None:
            continue
        ranges = ranges_of(entries)
        out += log_bytes(log) + num(0 if fork is None else fork + 1) + num(len(ranges))
        for first, after in ranges:
            out += num(first) + num(after) + entries[after - 1].hash()
    return H("cosmosmesh/sync/root/1", out)[:16]


def beacon(mission, reply, scope, root, clock, room):
    return start(1, mission) + bytes([reply]) + scope + root + signed(clock) + num(room)


def summary(mission, reply, hashes, interest, scope, root, clock, room, lines, number=0):
    """`lines`: rising (log, fork or None, ranges); `number`: of the checkpoint in force."""
    authors = {}
    for log, fork, ranges in lines:
        authors.setdefault(log[0], []).append((log, fork, ranges))
    short = [author[:8] for author in authors]
    wide = len(set(short)) < len(short)
    out = start(2, mission) + bytes([reply | 2 * wide | 4 * hashes]) + put_interest(interest)
    out += scope + root + signed(clock) + num(room) + num(number) + num(len(authors))
    for author in sorted(authors):
        out += (author if wide else author[:8]) + num(len(authors[author]))
        for log, fork, ranges in authors[author]:
            out += num(log[1]) + num(log[2]) + num(0 if fork is None else fork + 1) + put_ranges(ranges)
    return out


def read_summary(data):
    r = Reader(data)
    r.take(11)
    flags = r.byte()
    s = {"reply": flags & 1, "wide": flags >> 1 & 1, "hashes": flags >> 2 & 1, "interest": read_interest(r)}
    s |= {"scope": r.take(4), "root": r.take(16), "clock": r.signed(), "room": r.num(), "number": r.num(), "logs": []}
    for _ in range(r.num()):
        author = r.take(32 if s["wide"] else 8)
        for _ in range(r.num()):
            epoch, topic, fork = r.num(), r.num(), r.num()
            s["logs"].append((author, epoch, topic, fork - 1 if fork else None, read_ranges(r)))
    r.end()
    return s


def rows_of(rows):
    """`rows`: rising entries, each with whether the hash before it and whether its body go along."""
    groups, bodies, signatures, k = [], b"", b"", 0
    while k < len(rows):
        log, first = rows[k][0].log, rows[k][0]
        out, count, seq, at, kind, length = b"", 0, first.seq, first.at, 0, 0
        while k < len(rows) and rows[k][0].log == log:
            e, with_previous, with_body = rows[k]
            flags = e.priority | 4 * with_previous | 8 * (e.expiry is not None) | 16 * bool(e.deps)
            flags |= 32 * (not with_body) | 64 * (e.kind != kind) | 128 * (e.body_len != length)
            skipped = e.seq - seq - 1 if count else 0
            out += bytes([flags]) + num(2 * skipped + (e.count > 0)) + signed(e.at - at)
            out += num(e.count) if e.count else b""
            out += num(e.kind) if e.kind != kind else b""
            out += num(e.body_len) if e.body_len != length else b""
            out += e.previous if with_previous else b""
            out += signed(e.expiry - e.at) if e.expiry is not None else b""
            if e.deps:
                out += num(len(e.deps)) + b"".join(log_bytes(d) + num(n) for d, n in e.deps)
            if with_body:
                bodies += e.body
            else:
                out += e.body_hash
            signatures += e.signature
            seq, at, kind, length = e.seq, e.at, e.kind, e.body_len
            count, k = count + 1, k + 1
        groups.append(log_bytes(log) + num(first.seq) + signed(first.at) + num(count) + out)
    part = num(len(groups)) + b"".join(groups)
    return num(len(part)) + part + bodies, signatures


def batch(mission, last, flight, index, scope, root, rows, packed=False):
    raw, signatures = rows_of(rows)
    out = start(3, mission) + bytes([last | 2 * packed]) + num(flight) + num(index) + scope + root + num(len(raw))
    if packed:
        squeezed = ZstdCompressor(level=3, write_checksum=False).compress(raw)
        out += num(len(squeezed)) + squeezed
    else:
        out += raw
    return out + signatures


def read_batch(data, mission, before):
    """Gives head and entries. `before(log, seq)` is the hash of an entry that is held here, or nothing."""
    r = Reader(data)
    r.take(11)
    flags = r.byte()
    head = {"last": flags & 1, "flight": r.num(), "index": r.num(), "scope": r.take(4), "root": r.take(16)}
    length = r.num()
    raw = ZstdDecompressor().decompress(r.take(r.num()), max_output_size=length) if flags & 2 else r.take(length)
    assert len(raw) == length
    signatures, rows = r, Reader(raw)
    part = Reader(rows.take(rows.num()))
    entries = []
    for _ in range(part.num()):
        log, seq, at, count = read_log(part), part.num(), part.signed(), part.num()
        kind = body_len = 0
        for k in range(count):
            flags, step = part.byte(), part.num()
            seq = seq + (step >> 1) + (1 if k else 0)
            at += part.signed()
            within = part.num() if step & 1 else 0
            kind = part.num() if flags & 64 else kind
            body_len = part.num() if flags & 128 else body_len
            if flags & 4:
                previous = part.take(32)
            elif seq == 0:
                previous = NONE
            elif k and not step >> 1:
                previous = entries[-1].hash()
            else:
                previous = before(log, seq - 1)
            expiry = at + part.signed() if flags & 8 else None
            deps = [(read_log(part), part.num()) for _ in range(part.num())] if flags & 16 else []
            if flags & 32:
                body, body_hash = None, part.take(32)
            else:
                body = rows.take(body_len)
                body_hash = H("cosmosmesh/sync/body/1", body)
            e = Entry(mission, log, seq, previous, at, within, kind, flags & 3, expiry, deps, body_len, body_hash)
            e.body, e.signature = body, signatures.take(64)
            entries.append(e)
    for reader in (part, rows, signatures):
        reader.end()
    return head, entries


def evidence(mission, a, b):
    pair = sorted([a, b], key=lambda e: (e.log, e.seq, e.hash()))
    return start(4, mission) + b"".join(num(len(e.stored(True))) + e.stored(True) for e in pair)


def mix(z):
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def sketch(mission, scope, root, salt, reply, third, hashes):
    cells = [[0, 0, 0] for _ in range(3 * third)]
    for h in hashes:
        name = int.from_bytes(H("cosmosmesh/sync/name/1", salt, h)[:8], "big")
        for j in (1, 2, 3):
            cell = cells[(j - 1) * third + mix(name ^ j) % third]
            cell[0] += 1
            cell[1] ^= name
            cell[2] ^= mix(name ^ 0xC0DE) >> 32
    out = start(5, mission) + scope + root + salt + bytes([reply]) + num(third)
    return out + b"".join(signed(c) + struct.pack(">QI", n, k) for c, n, k in cells)


def receipt(at, sender, link, numbers):
    return signed(at) + sender + num(len(link.encode())) + link.encode() + b"".join(map(num, numbers))


# Checkpoints.


def checkpoint(mission, number, at, before, logs, forks, state):
    """`logs`: of each log the entries of the cut by number."""
    out = b"\x01" + mission + num(number) + signed(at) + before + num(len(logs))
    for log in sorted(logs):
        ranges = ranges_of(logs[log])
        out += log_bytes(log) + num(forks[log] + 1 if log in forks else 0) + put_ranges(ranges)
        out += b"".join(logs[log][after - 1].hash() for _, after in ranges)
    return out + num(len(state)) + H("cosmosmesh/sync/state/1", state)


def checkpoint_hash(c):
    return H("cosmosmesh/sync/checkpoint/1", c)


def put_votes(votes):
    votes = sorted(votes, key=lambda e: e.log[0])
    return num(len(votes)) + b"".join(num(len(e.stored())) + e.stored() for e in votes)


def state_of(registers, sets, counters, accounts, commands, forecasts, carried):
    """Each map from key to member, in the member's bytes."""

    def name(log, seq):
        return log_bytes(log) + num(seq)

    out = b""
    for members in (registers, sets, counters, accounts):
        out += num(len(members)) + b"".join(num(len(k)) + k + v for k, v in sorted(members.items()))
    out += num(len(commands)) + b"".join(name(*k) + v for k, v in sorted(commands.items()))
    out += num(len(forecasts)) + b"".join(num(len(k)) + k + v for k, v in sorted(forecasts.items()))
    return out + num(len(carried)) + b"".join(name(*k) for k in sorted(carried))


# A replica that plays by "What is said when"; forks and sketches are left to others.


class Replica:
    def __init__(self, mission):
        self.mission, self.logs, self.told, self.inbox, self.flight = mission, {}, None, {}, 0

    def take(self, e):
        e.check()
        entries = self.logs.setdefault(e.log, {})
        for held in (entries.get(e.seq),):
            assert held is None or held.hash() == e.hash(), "a fork"
        if e.seq - 1 in entries:
            assert entries[e.seq - 1].hash() == e.previous, "a fork"
        if e.seq + 1 in entries:
            assert entries[e.seq + 1].previous == e.hash(), "a fork"
        entries[e.seq] = e

    def root(self):
        return root_of(self.logs, {})

    def beacon(self, reply=0):
        return beacon(self.mission, reply, bytes(4), self.root(), 0, 1 << 16)

    def summary(self):
        self.told = self.root()
        lines = [(log, None, ranges_of(self.logs[log])) for log in sorted(self.logs) if self.logs[log]]
        return summary(self.mission, 0, 0, None, bytes(4), self.root(), 0, 1 << 16, lines)

    def hear(self, frame):
        """What is answered to a frame."""
        assert frame[:2] == b"\xd5\x01" and frame[3:11] == self.mission[:8]
        return {1: self.hear_beacon, 2: self.hear_summary, 3: self.hear_batch}[frame[2]](frame)

    def hear_beacon(self, frame):
        reply, scope, root = frame[11], frame[12:16], frame[16:32]
        assert scope == bytes(4)
        if root == self.root():
            return [self.beacon()] if reply else []
        return [self.summary()]

    def hear_summary(self, frame):
        s = read_summary(frame)
        assert s["interest"] is None, "this replica knows no topics"
        if s["root"] == self.root():
            return [self.beacon()] if s["reply"] else []
        theirs, more = {}, False
        for author, epoch, topic, fork, ranges in s["logs"]:
            known = [log for log in self.logs if log[0].startswith(author) and log[1:] == (epoch, topic)]
            held = {n for a, b in ranges for n in range(a, b)}
            more |= not known or bool(held - set(self.logs[known[0]]))
            if known:
                theirs[known[0]] = held
        out, rows = [], []
        for priority in (3, 2, 1, 0):
            for log in sorted(self.logs):
                for n, e in sorted(self.logs[log].items()):
                    if e.priority == priority and n not in theirs.get(log, ()):
                        follows = rows and rows[-1][0].log == log and rows[-1][0].seq == n - 1
                        known = n == 0 or follows or n - 1 in theirs.get(log, ())
                        rows.append((e, not known or (s["hashes"] and n > 0 and not follows), True))
        # Logs rise within a batch; where they do not, the next begins.
        pieces = []
        for row in rows:
            if not pieces or (pieces[-1][-1][0].log, pieces[-1][-1][0].seq) >= (row[0].log, row[0].seq) or len(pieces[-1]) >= 40:
                if pieces and not row[1] and row[0].seq > 0 and row[0].seq - 1 not in theirs.get(row[0].log, ()):
                    row = (row[0], True, True)
                pieces.append([])
            pieces[-1].append(row)
        if s["reply"] or more and self.told != self.root():
            out.append(self.summary())
        self.flight += bool(pieces)
        for k, piece in enumerate(pieces):
            out.append(batch(self.mission, k + 1 == len(pieces), self.flight, k, bytes(4), self.root(), piece))
        return out

    def hear_batch(self, frame):
        held = lambda log, seq: self.logs[log][seq].hash()
        head, entries = read_batch(frame, self.mission, held)
        for e in entries:
            self.take(e)
        seen = self.inbox.setdefault(head["flight"], [set(), None])
        seen[0].add(head["index"])
        seen[1] = head["index"] if head["last"] else seen[1]
        whole = seen[1] is not None and len(seen[0]) == seen[1] + 1
        return [self.beacon()] if whole else []


def peer():
    """Each turn: a count of frames, then each after its length; as many back. A count of 2^32 - 1 ends it and is answered by the root."""
    secret = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
    author = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    mission = b"second opinion ."
    replica = Replica(mission)
    for topic, count in ((0, 90), (3, 5)):
        log, previous = (author, 0, topic), NONE
        for n in range(count):
            body = b"from the other implementation, number %d" % n
            e = write(secret, mission, log, n, previous, 1000 * n, body, kind=n % 3, priority=(1, 1, 1, 3)[n % 4])
            replica.take(e)
            previous = e.hash()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    out = [replica.summary()]
    while True:
        stdout.write(struct.pack(">I", len(out)) + b"".join(struct.pack(">I", len(f)) + f for f in out))
        stdout.flush()
        (count,) = struct.unpack(">I", stdin.read(4))
        if count == 0xFFFFFFFF:
            stdout.write(replica.root())
            return
        frames = [stdin.read(struct.unpack(">I", stdin.read(4))[0]) for _ in range(count)]
        out = [answer for frame in frames for answer in replica.hear(frame)]


def vectors():
    mission = b"vectors mission!"
    secrets = [Ed25519PrivateKey.from_private_bytes(bytes([k] * 32)) for k in (1, 2)]
    keys = [s.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for s in secrets]
    logs = {}

    def put(who, epoch, topic, at, body, **more):
        log = (keys[who], epoch, topic)
        entries = logs.setdefault(log, {})
        n = len(entries)
        previous = entries[n - 1].hash() if n else NONE
        entries[n] = write(secrets[who], mission, log, n, previous, at, body, **more)
        return entries[n]

    a0 = put(0, 0, 0, -5, b"")
    a1 = put(0, 0, 0, -5, b"charge 52 %", count=1, kind=300, priority=3)
    a2 = put(0, 0, 0, 86_400_000, b"charge 51 %", kind=300, expiry=90_000_000)
    put(0, 0, 0, 86_400_700, b"charge 50 %", kind=301, priority=0)
    b0 = put(1, 0, 0, 1_000, bytes(range(200)), kind=65_532, deps=[(a1.log, 1), (a0.log, 0)])
    b1 = put(1, 0, 0, 2_000, b"x" * 200, kind=65_532, expiry=1_999, priority=2)
    c0 = put(1, 1_700_000_000, 7, 3_000, b"after a restore", count=(1 << 32) - 1)
    fork = write(secrets[0], mission, a2.log, 2, a1.hash(), 86_400_001, b"charge 99 %", kind=300)
    every = [e for log in sorted(logs) for _, e in sorted(logs[log].items())]

    def log_json(log):
        return {"author": log[0].hex(), "epoch": log[1], "topic": log[2]}

    def entry_json(e):
        return log_json(e.log) | {
            "sequence": e.seq,
            "previous": e.previous.hex(),
            "at_ms": e.at,
            "count": e.count,
            "kind": e.kind,
            "priority": PRIORITIES[e.priority],
            "expiry_ms": e.expiry,
            "dependencies": [log_json(log) | {"sequence": n} for log, n in e.deps],
            "body": e.body.hex(),
            "header": e.header().hex(),
            "signature": e.signature.hex(),
            "hash": e.hash().hex(),
            "stored": e.stored().hex(),
        }

    root, only = root_of(logs, {}), [7, 9]
    holes = {log: {n: e for n, e in entries.items() if n != 1} for log, entries in logs.items()}
    forks = {a2.log: 2}
    roots = [
        {"what": "nothing", "entries": [], "interest": None, "fork": None, "root": root_of({}, {}).hex()},
        {"what": "everything", "entries": list(range(len(every))), "interest": None, "fork": None, "root": root.hex()},
        {
            "what": "of two topics",
            "entries": list(range(len(every))),
            "interest": only,
            "fork": None,
            "root": root_of(logs, {}, only).hex(),
        },
        {
            "what": "without the second of each log",
            "entries": [k for k, e in enumerate(every) if e.seq != 1],
            "interest": None,
            "fork": None,
            "root": root_of(holes, {}).hex(),
        },
        {
            "what": "one log forks",
            "entries": list(range(len(every))),
            "interest": None,
            "fork": 0,
            "root": root_of(logs, forks).hex(),
        },
    ]

    frames = []

    def frame(what, data, **fields):
        frames.append({"what": what, "frame": data.hex(), "fields": fields})

    def said(scope=bytes(4), root=root, **fields):
        return {"scope": scope.hex(), "root": root.hex()} | fields

    zero = bytes(4)
    frame(
        "beacon", beacon(mission, 0, zero, root, 3_600_000, 65_536), type="beacon",
        **said(reply=False, clock_ms=3_600_000, room_kib=65_536),
    )
    frame(
        "beacon before the epoch that asks for a reply and has no room", beacon(mission, 1, scope_of(only), root_of(logs, {}, only), -1, 0),
        type="beacon", **said(scope_of(only), root_of(logs, {}, only), reply=True, clock_ms=-1, room_kib=0),
    )

    def lines(of):
        return [(log, None, ranges_of(of[log])) for log in sorted(of)]

    def lines_json(of, width=8, fork=None):
        return [
            {"author": log[0][:width].hex(), "epoch": log[1], "topic": log[2], "fork": f, "ranges": r}
            for log, f, r in of
        ]

    frame(
        "summary of everything", summary(mission, 0, 0, None, zero, root, 5, 64, lines(logs)), type="summary",
        **said(reply=False, hashes=False, interest=None, clock_ms=5, room_kib=64, number=0, logs=lines_json(lines(logs))),
    )
    hole_root = root_of(holes, {})
    frame(
        "summary with holes that asks for a reply and for hashes",
        summary(mission, 1, 1, None, zero, hole_root, 5, 64, lines(holes)), type="summary",
        **said(root=hole_root, reply=True, hashes=True, interest=None, clock_ms=5, room_kib=64, number=0, logs=lines_json(lines(holes))),
    )
    some = [line for line in lines(logs) if line[0][2] in only]
    frame(
        "summary of two topics", summary(mission, 0, 0, only, scope_of(only), root_of(logs, {}, only), 5, 64, some),
        type="summary",
        **said(scope_of(only), root_of(logs, {}, only), reply=False, hashes=False, interest=only, clock_ms=5, room_kib=64, number=0, logs=lines_json(some)),
    )
    twin = keys[0][:31] + bytes([keys[0][31] ^ 1])
    odd = [((min(twin, keys[0]), 0, 0), 5, [[3, 9], [10, 11], [1 << 40, (1 << 62)]]), ((max(twin, keys[0]), 0, 0), None, [[0, 1]])]
    frame(
        "wide summary with a fork, a usual gap and the largest number",
        summary(mission, 0, 0, None, zero, bytes(range(16)), 5, 64, odd, 300), type="summary",
        **said(root=bytes(range(16)), reply=False, hashes=False, interest=None, clock_ms=5, room_kib=64, number=300, logs=lines_json(odd, 32)),
    )
    frame("summary of nothing", summary(mission, 0, 0, None, zero, root_of({}, {}), 5, 64, []), type="summary",
        **said(root=root_of({}, {}), reply=False, hashes=False, interest=None, clock_ms=5, room_kib=64, number=0, logs=[]))

    def batch_case(what, rows, last, flight, index, packed=False):
        rows = sorted(rows, key=lambda row: (row[0].log, row[0].seq))
        rows_json = [{"entry": every.index(e), "previous": bool(p), "body": bool(b)} for e, p, b in rows]
        data = batch(mission, last, flight, index, zero, root, rows, packed)
        frame(what, data, type="batch", **said(last=bool(last), flight=flight, index=index, packed=packed, rows=rows_json))

    every_row = [(e, False, True) for e in every]
    batch_case("batch of everything", every_row, 1, 1, 0)
    batch_case("batch of everything, packed", every_row, 1, 1, 0, True)
    batch_case("batch with gaps and hashes before", [(a0, 0, True), (a2, 1, True), (b1, 1, True)], 0, 4_000_000_000, 300)
    batch_case("batch with gaps, hashes left out", [(a0, 0, True), (a2, 0, True), (b1, 0, True)], 0, 2, 1)
    batch_case("batch without bodies", [(a0, 0, False), (a1, 0, False), (a2, 0, True), (c0, 0, False)], 1, 2, 2)
    batch_case("batch of one entry with dependencies", [(b0, 0, True)], 1, 3, 0)

    frame("evidence of two entries in one place", evidence(mission, a2, fork), type="evidence",
        entries=[e.stored(True).hex() for e in sorted([a2, fork], key=lambda e: e.hash())], at=2)
    third = [e for e in every if e.log == a2.log][3]
    frame("evidence of an entry that another does not follow", evidence(mission, third, fork), type="evidence",
        entries=[fork.stored(True).hex(), third.stored(True).hex()], at=2)
    salt = bytes(range(100, 116))
    frame("sketch", sketch(mission, zero, root, salt, 1, 42, [e.hash() for e in every]), type="sketch",
        **said(salt=salt.hex(), reply=True, cells=126, entries=list(range(len(every)))))
    frame("sketch of nothing in three cells", sketch(mission, zero, root_of({}, {}), bytes(16), 0, 1, []), type="sketch",
        **said(root=root_of({}, {}), salt=bytes(16).hex(), reply=False, cells=3, entries=[]))

    # A checkpoint over the first two entries of the first log and all of the second, its state, its votes, what carries a late entry.
    def place(e):
        return log_bytes(e.log) + num(e.seq)

    state = state_of(
        {b"mode": place(a1) + num(4) + b"safe", b"night": place(b0) + num(0)},
        {b"rovers": num(1) + num(3) + b"one" + num(2) + place(min(a0, b1, key=lambda e: e.log)) + place(max(a0, b1, key=lambda e: e.log))},
        {b"": (-3).to_bytes(16, "big", signed=True)},
        {b"energy": (9).to_bytes(16, "big") + (2).to_bytes(16, "big") + num(1) + keys[0] + num(7)},
        {(b0.log, 0): bytes([1]) + signed(2_000) + num(0) + place(b1) + bytes([1]) + signed(9_000)},
        {b"dust": num(1) + place(b1) + signed(-5) + signed(70) + num(2) + b"no"},
        [(a1.log, 1)],
    )
    closed = {a0.log: {0: a0, 1: a1}, b0.log: logs[b0.log]}
    before = bytes(range(7, 39))
    checkpoints = [checkpoint(mission, 1, -5, NONE, {}, {}, state_of({}, {}, {}, {}, {}, {}, []))]
    checkpoints.append(checkpoint(mission, 300, 5_000, before, closed, {a0.log: 2}, state))
    votes = []
    for who in (0, 1):
        body = num(300) + num(2) + b"\x01" + checkpoint_hash(checkpoints[1])
        votes.append(write(secrets[who], mission, (keys[who], 0, 65_535), 0, NONE, 6_000, body, kind=65_533, priority=2))
    front = num(len(checkpoints[1])) + checkpoints[1] + state
    carrier = write(secrets[1], mission, (keys[1], 1_700_000_001, 0), 0, NONE, 7_000, a2.stored(), kind=65_535, expiry=a2.expiry)
    cut_json = [log_json(log) | {"fork": 2 if log == a0.log else None, "ranges": ranges_of(closed[log]),
        "lasts": [closed[log][after - 1].hash().hex() for _, after in ranges_of(closed[log])]} for log in sorted(closed)]
    closing = {
        "checkpoints": [
            {"bytes": checkpoints[0].hex(), "hash": checkpoint_hash(checkpoints[0]).hex(), "number": 1, "at_ms": -5, "before": NONE.hex(), "cut": []},
            {"bytes": checkpoints[1].hex(), "hash": checkpoint_hash(checkpoints[1]).hex(), "number": 300, "at_ms": 5_000, "before": before.hex(), "cut": cut_json},
        ],
        "state": state.hex(),
        "snapshot": (front + put_votes(votes)).hex(),
        "carrier": {"stored": carrier.stored().hex(), "carries": log_json(a2.log) | {"sequence": a2.seq}},
    }
    hash_300 = checkpoint_hash(checkpoints[1])
    frame("votes", start(6, mission) + num(300) + hash_300 + b"\x01" + put_votes(votes), type="votes", number=300,
        checkpoint=hash_300.hex(), pieces_follow=True, votes=[e.stored().hex() for e in sorted(votes, key=lambda e: e.log[0])])
    frame("piece", start(7, mission) + num(300) + hash_300 + num(len(front)) + num(130) + front[130:200], type="piece", number=300,
        checkpoint=hash_300.hex(), length=len(front), offset=130, bytes=front[130:200].hex())
    frame("wanted", start(8, mission) + hash_300 + put_ranges([[0, 130], [200, 1 << 26]]), type="wanted",
        checkpoint=hash_300.hex(), missing=[[0, 130], [200, 1 << 26]])

    receipts = []
    for at, link, numbers in ((-1, "", [0] * 8), (86_400_000, "relay-a \u2192 habitat", [61_000, 200, 3, 1, 1, 2, 7_200_000, 1_200_000])):
        names = ["bytes", "new", "duplicate", "quarantined", "forks", "refused", "latency_sum_ms", "latency_ms_max"]
        receipts.append({"record": receipt(at, keys[1], link, numbers).hex(),
            "fields": {"at_ms": at, "from": keys[1].hex(), "link": link} | dict(zip(names, numbers))})
    # Late ones are written only where there are any, so that records without them are as they were.
    numbers = [900, 0, 4, 0, 0, 3, 0, 0, 2]
    receipts.append({"record": receipt(90_000_000, keys[1], "dsn", numbers).hex(),
        "fields": {"at_ms": 90_000_000, "from": keys[1].hex(), "link": "dsn"} | dict(zip(names + ["late"], numbers))})

    good = beacon(mission, 0, zero, root, 5, 64)
    plain = batch(mission, 1, 1, 0, zero, root, every_row)
    said_summary = summary(mission, 0, 0, None, zero, root, 5, 64, lines(logs))
    refused = [
        ("no frame", b"\xd4" + good[1:], "this is no frame"),
        ("another version", b"\xd5\x02" + good[2:], "format version 2"),
        ("no such type", good[:2] + b"\x09" + good[3:], "this is no frame"),
        ("cut short", good[:-1], "the bytes end too early"),
        ("something behind", good + b"\x00", "1 bytes follow"),
        ("an integer in more bytes than it needs", good[:-1] + b"\xc0\x00", "an integer"),
        ("a reply of two", good[:11] + b"\x02" + good[12:], "a variant is unknown"),
        ("a summary whose flags say too much", said_summary[:11] + b"\x08" + said_summary[12:], "a variant is unknown"),
        ("a summary with a usual gap written out", summary(mission, 0, 0, None, zero, root, 5, 64, [])[:-1] + num(1) + keys[0][:8] + num(1) + num(0) + num(0) + num(0) + num(2) + num(2) + num(3) + num(1), "elements are out of order"),
        ("a summary with a stretch of nothing", summary(mission, 0, 0, None, zero, root, 5, 64, [])[:-1] + num(1) + keys[0][:8] + num(1) + num(0) + num(0) + num(0) + num(1) + num(0), "elements are out of order"),
        ("a batch whose logs fall", batch(mission, 1, 1, 0, zero, root, [(e, False, True) for log in sorted(logs, reverse=True) for _, e in sorted(logs[log].items())]), "elements are out of order"),
        ("a batch that writes the hash before a row that follows", batch(mission, 1, 1, 0, zero, root, [(a0, 0, True), (a1, 1, True)]), "two fields contradict"),
        ("a batch without its last signature", plain[:-64], "the bytes end too early"),
        ("evidence that proves nothing", evidence(mission, a1, a2), "two fields contradict"),
        ("evidence in the other order", start(4, mission) + b"".join(num(len(e.stored(True))) + e.stored(True) for e in (third, fork)), "two fields contradict"),
        ("a piece without bytes", start(7, mission) + num(1) + hash_300 + num(9) + num(9), "an integer is out of range"),
        ("a piece beyond the end", start(7, mission) + num(1) + hash_300 + num(9) + num(8) + b"ab", "an integer is out of range"),
        ("a wish beyond the longest snapshot", start(8, mission) + hash_300 + put_ranges([[0, (1 << 26) + 1]]), "an integer is out of range"),
        ("votes that fall", start(6, mission) + num(300) + hash_300 + b"\x00" + num(2) + b"".join(num(len(e.stored())) + e.stored() for e in sorted(votes, key=lambda e: e.log[0], reverse=True)), "elements are out of order"),
        ("a sketch without cells", start(5, mission) + zero + root + salt + b"\x00" + num(0), "0 bytes are more"),
    ]
    doc = {
        "mission": mission.hex(),
        "secrets": [bytes([k] * 32).hex() for k in (1, 2)],
        "keys": [k.hex() for k in keys],
        "scopes": [{"interest": i, "scope": scope_of(i).hex()} for i in (None, [], [0], only)],
        "entries": [entry_json(e) for e in every],
        "forked": [entry_json(fork)],
        "roots": roots,
        "frames": frames,
        "receipts": receipts,
        "closing": closing,
        "refused": [{"what": w, "frame": f.hex(), "error": e} for w, f, e in refused],
    }
    print(json.dumps(doc, indent=1, ensure_ascii=False))


{"vectors": vectors, "peer": peer}[sys.argv[1]]()
