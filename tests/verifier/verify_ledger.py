#!/usr/bin/env python3
"""A stranger's check of a published ledger.

Written from docs/ledger-format.md alone, in another language than the ledger's own code and sharing none of it, so
that a mistake in the one is not repeated in the other. Needs Python 3.9 or later and nothing besides.

    verify_ledger.py FOLDER --vkey FILE|TEXT [--since CHECKPOINT_FILE] [--sqlite DATABASE_FILE] [--json]
    verify_ledger.py [FOLDER] --vkey FILE|TEXT --proof FILE [--payload FILE] [--leaf FILE | --time MICROSECONDS]

Exit codes: 0 everything holds; 1 a fault was found, its place is named; 2 what was given cannot be judged.
"""

import argparse
import base64
import bisect
import datetime
import hashlib
import json
import os
import re
import sqlite3
import stat
import sys
import time
import urllib.parse

LARGEST = 2**53 - 1
WIDTH = 256
LEVELS = 7
HASH = 32
LATEST = 253402207200000000
LONGEST_PAYLOAD = 16 * 1024 * 1024
LONGEST_LINE = LONGEST_PAYLOAD + 256
LONGEST_TEXT = 1024 * 1024

LEAF_MARK = b"sumun-leaf/v1\n"
COMMITMENT_MARK = b"sumun-commitment/v1\0"
PROOF_MARK = "c2sp.org/tlog-proof@v1"

LEAF = re.compile(
    rb"sumun-leaf/v1\n([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)\n(0|[1-9][0-9]{0,17})\n([0-9a-f]{64})\n"
)
SALT = re.compile(rb"[0-9a-f]{64}")
DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")
BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
BUNDLE = re.compile(r"(tile/[0-6]|tile/entries|payload)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

MEMBERS = {"at", "class", "facts", "feed", "rows", "v"}


class Fault(Exception):
    """Something published is not as the document says."""

    def __init__(self, place, what, entry=None, byte=None):
        super().__init__(what)
        self.place, self.what, self.entry, self.byte = place, what, entry, byte

    def __str__(self):
        text = self.place
        if self.byte is not None:
            text += ", byte %d" % self.byte
        if self.entry is not None:
            text += ", entry %d" % self.entry
        return "%s: %s" % (text, self.what)


class Unusable(Exception):
    """What was given is no basis for a verdict."""


# ---------------------------------------------------------------------------------------------------------------------
# Ed25519 (RFC 8032). Checking only; nothing here is secret, so nothing needs constant time.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(n, p):
    sum_ = NEUTRAL
    while n:
        if n & 1:
            sum_ = point_add(sum_, p)
        p = point_add(p, p)
        n >>= 1
    return sum_


def point_bytes(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_from(data):
    """The point that 32 bytes spell, or None. Each point has one spelling only."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_from((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def has_small_order(p):
    eight = point_times(8, p)
    return eight[0] % P == 0 and (eight[1] - eight[2]) % P == 0


def signature_holds(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    key = point_from(public)
    s = int.from_bytes(signature[32:], "little")
    # A key of small order would let one signature fit many messages.
    if key is None or s >= ORDER or has_small_order(key):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus_key = (P - key[0], key[1], 1, P - key[3])
    return point_bytes(point_add(point_times(s, BASE), point_times(k, minus_key))) == signature[:32]


# ---------------------------------------------------------------------------------------------------------------------
# Tree


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def fold(data):
    """Root of a power of two of hashes that lie one behind another."""
    while len(data) > HASH:
        sha, half = hashlib.sha256, []
        for at in range(0, len(data), 2 * HASH):
            half.append(sha(b"\x01" + data[at:at + 2 * HASH]).digest())
        data = b"".join(half)
    return data


def peaks(data):
    """Roots of the complete subtrees over some hashes, widest first."""
    found, at, left = [], 0, len(data) // HASH
    while left:
        width = 1 << left.bit_length() - 1
        found.append(fold(data[at:at + width * HASH]))
        at += width * HASH
        left -= width
    return found


def join(subtrees):
    if not subtrees:
        return hashlib.sha256(b"").digest()
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node(left, root)
    return root


def climb(index, size, leaf, path):
    """The root that an inclusion proof leads to, or None if it has too few or too many hashes."""
    at, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node(sibling, root)
            while at & 1 == 0 and at != 0:
                at >>= 1
                last >>= 1
        else:
            root = node(root, sibling)
        at >>= 1
        last >>= 1
    return root if last == 0 else None


# ---------------------------------------------------------------------------------------------------------------------
# Keys, checkpoints, proofs


def from_base64(text):
    """The bytes that this spells, or None if it is not the one valid spelling of them."""
    try:
        raw = text.encode("ascii")
        data = base64.b64decode(raw, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data) == raw else None


class Key:
    def __init__(self, text):
        parts = text.split("+", 2)
        if len(parts) != 3 or not NAME.fullmatch(parts[0]):
            raise Unusable("the verifier key is not of the form origin+id+key")
        blob = from_base64(parts[2])
        if blob is None or len(blob) != 33 or blob[0] != 1:
            raise Unusable("the verifier key holds no Ed25519 key")
        self.text, self.origin, self.public = text, parts[0], blob[1:]
        self.id = hashlib.sha256(self.origin.encode() + b"\n" + blob).digest()[:4]
        if parts[1] != self.id.hex():
            raise Unusable("the verifier key's id does not belong to its name and key")


class Checkpoint:
    """An opened checkpoint: its signature holds under the key."""

    def __init__(self, data, key):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("the checkpoint is not UTF-8") from None
        lines = text.split("\n")
        if lines.pop() != "":
            raise ValueError("the checkpoint does not end with a line end")
        if len(lines) < 5 or lines[3] != "":
            raise ValueError("a checkpoint has three lines, an empty one, then signatures")
        if lines[0] != key.origin:
            raise ValueError("the checkpoint is of another log than the key")
        if not DECIMAL.fullmatch(lines[1]) or int(lines[1]) > LARGEST:
            raise ValueError("the checkpoint's size is not a valid number")
        root = from_base64(lines[2])
        if root is None or len(root) != HASH:
            raise ValueError("the checkpoint's root is not the base64 of 32 bytes")
        signed = "".join(line + "\n" for line in lines[:3]).encode()
        own = 0
        for number, line in enumerate(lines[4:], 5):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014" or not NAME.fullmatch(parts[1]):
                raise ValueError("line %d is not a signature line" % number)
            blob = from_base64(parts[2])
            if blob is None or len(blob) < 5:
                raise ValueError("line %d holds no signature" % number)
            if parts[1] == key.origin and blob[:4] == key.id:
                if not signature_holds(key.public, signed, blob[4:]):
                    raise ValueError("the signature in line %d does not hold" % number)
                own += 1
        if not own:
            raise ValueError("no signature by the log's key")
        self.data, self.size, self.root = data, int(lines[1]), root


def parse_proof(data, key):
    """Index, path and checkpoint of a proof's text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the proof is not UTF-8") from None
    head, gap, tail = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != PROOF_MARK:
        raise ValueError("not a proof of the form %s" % PROOF_MARK)
    del lines[0]
    if lines and lines[0].startswith("extra "):
        if from_base64(lines[0][6:]) is None:
            raise ValueError("the line of extra data is not base64")
        del lines[0]
    if not lines or not lines[0].startswith("index ") or not DECIMAL.fullmatch(lines[0][6:]):
        raise ValueError("the proof names no index")
    index, path = int(lines[0][6:]), [from_base64(line) for line in lines[1:]]
    if any(one is None or len(one) != HASH for one in path):
        raise ValueError("a line of the path is not the base64 of 32 bytes")
    checkpoint = Checkpoint(tail.encode(), key)
    if index >= checkpoint.size:
        raise ValueError("index %d is not below the checkpoint's size %d" % (index, checkpoint.size))
    return index, path, checkpoint


# ---------------------------------------------------------------------------------------------------------------------
# Leaves and payloads


def parse_leaf(leaf):
    """Class, time and commitment (in hexadecimal), the first and last as bytes."""
    match = LEAF.fullmatch(leaf)
    if not match:
        raise ValueError("the leaf is not spelled as a leaf is")
    class_, time_, commitment = match.groups()
    if len(class_) > 64:
        raise ValueError("the leaf's class is longer than 64 bytes")
    time_ = int(time_)
    if time_ > LATEST:
        raise ValueError("the leaf's time is too late")
    return class_, time_, commitment


def commit(salt, class_, payload):
    return hashlib.sha256(COMMITMENT_MARK + salt + class_ + b"\0" + payload).hexdigest().encode()


def whole(text):
    number = int(text) if len(text) < 18 else LARGEST + 1
    if not -LARGEST <= number <= LARGEST:
        raise ValueError("a number beyond 2^53 - 1")
    return number


def not_whole(text):
    raise ValueError("a number that is not whole: %.40s" % text)


def no_number(text):
    raise ValueError("%s is not JSON" % text)


decode_json = json.JSONDecoder(parse_int=whole, parse_float=not_whole, parse_constant=no_number).decode
encode_json = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False, allow_nan=False
).encode


def encode_slowly(value):
    """Canonical JSON where the order of names by code points is not the one by UTF-16 code units."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{%s}" % ",".join(encode_json(name) + ":" + encode_slowly(value[name]) for name in names)
    if isinstance(value, list):
        return "[%s]" % ",".join(map(encode_slowly, value))
    return encode_json(value)


def parse_payload(data, class_):
    """The payload's contents, once it is shown to be canonical and of the form that section 3 gives."""
    if len(data) > LONGEST_PAYLOAD:
        raise ValueError("the payload is longer than 16 MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the payload is not UTF-8") from None
    try:
        value = decode_json(text)
        # A name given twice is lost in decoding, so it shows as a difference here like any other spelling.
        encoded = encode_slowly(value) if BEYOND_BMP.search(text) else encode_json(value)
    except RecursionError:
        raise Unusable("a payload is nested deeper than this check follows") from None
    except ValueError as error:
        raise ValueError("the payload is not canonical JSON: %s" % error) from None
    if encoded != text:
        raise ValueError("the payload is JSON, but not its canonical spelling")
    if type(value) is not dict or value.keys() != MEMBERS:
        raise ValueError("the payload has not the six members of a payload")
    if type(value["v"]) is not int or value["v"] != 1:
        raise ValueError("the payload's v is not 1")
    if value["class"] != class_:
        raise ValueError("the payload's class is not the leaf's")
    at = value["at"]
    try:
        if not MOMENT.fullmatch(at):
            raise ValueError
        datetime.datetime.fromisoformat(at[:-1])
    except (ValueError, TypeError):
        raise ValueError("the payload's at is no time in UTC with six decimals") from None
    if type(value["facts"]) is not dict:
        raise ValueError("the payload's facts are no object")
    rows, feed = value["rows"], value["feed"]
    if type(rows) is not list or type(feed) is not list:
        raise ValueError("the payload's rows or feed are no list")
    for item in rows:
        if type(item) is not dict or len(item) != 2 or type(item.get("table")) is not str:
            raise ValueError("an item of the payload's rows is not a table and a row")
        row = item.get("row")
        if type(row) is not dict:
            raise ValueError("an item of the payload's rows holds no row")
        version = row.get("version")
        if type(version) is not int or version < 1:
            raise ValueError("a row has no version")
        if not any(type(member) is str for member in row.values()):
            raise ValueError("a row has no text that could be its key")
    for item in feed:
        if type(item) is not dict:
            raise ValueError("a record of the payload's feed is no object")
    return value


def parse_line(line, index):
    """Salt and payload of a payload bundle's line, or None twice if it says erased."""
    head = b'{"index":%d,' % index
    if not line.startswith(head):
        raise ValueError("the line is not that of entry %d" % index)
    if line == head + b'"erased":true}\n':
        return None, None
    at = len(head) + 8
    salt = line[at:at + 64]
    if line[len(head):at] != b'"salt":"' or not SALT.fullmatch(salt):
        raise ValueError("the line has no salt of 64 hexadecimal digits")
    if line[at + 64:at + 76] != b'","payload":' or not line.endswith(b"}\n"):
        raise ValueError("the line is not spelled as a payload's line is")
    return bytes.fromhex(salt.decode()), line[at + 76:-2]


# ---------------------------------------------------------------------------------------------------------------------
# The folder


def bundle_path(kind, number, width=WIDTH):
    groups = ["%03d" % (number % 1000)]
    while number >= 1000:
        number //= 1000
        groups.insert(0, "x%03d" % (number % 1000))
    return "%s/%s%s" % (kind, "/".join(groups), "" if width == WIDTH else ".p/%d" % width)


class Folder:
    """Opens plain files below one folder, and nothing that a link leads to."""

    FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)

    def __init__(self, root):
        self.root, self.held = root, {}

    def open(self, path):
        if path in self.held:
            descriptor = os.dup(self.held[path])
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            descriptor = self.descriptor(path)
        return os.fdopen(descriptor, "rb", 1 << 16)

    def descriptor(self, path):
        try:
            descriptor = os.open(os.path.join(self.root, path), self.FLAGS)
        except (FileNotFoundError, NotADirectoryError):
            raise Fault(path, "the file is missing") from None
        except OSError as error:
            if os.path.islink(os.path.join(self.root, path)):
                raise Fault(path, "not a plain file") from None
            raise Unusable("%s cannot be read: %s" % (path, error.strerror)) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Fault(path, "not a plain file")
        return descriptor

    def hold(self, path):
        """Keep a file as it is now, since a growing log removes it later."""
        self.held[path] = self.descriptor(path)

    def close(self):
        while self.held:
            os.close(self.held.popitem()[1])

    def read(self, path, limit):
        with self.open(path) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise Fault(path, "the file is longer than it can be", byte=limit)
        return data

    def listing(self):
        """Paths of everything below that is not a folder, and whether each is a plain file."""
        found, waiting = [], [""]
        while waiting:
            below = waiting.pop()
            try:
                with os.scandir(os.path.join(self.root, below)) as entries:
                    for entry in entries:
                        path = below + entry.name
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(path + "/")
                        else:
                            found.append((path, entry.is_file(follow_symlinks=False)))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unusable("%s cannot be read: %s" % (below or "the folder", error.strerror)) from None
        return sorted(found)


class Check:
    """One pass over a folder, from the signature downwards."""

    def __init__(self, folder, key, since=None, rebuild=None):
        self.folder, self.key, self.since, self.rebuild = folder, key, since, rebuild
        self.tiles, self.latest_full = {}, {}
        self.erased, self.erasure_entries, self.feeds = [], 0, 0
        self.first_time = self.last_time = None

    def run(self):
        self.opening()
        self.partial_tiles()
        self.full_tiles()
        self.older_root()
        self.entries()
        self.leftovers()
        if self.rebuild:
            self.rebuild.finish(self.erased)

    # Steps 1 and 2; and hold what growth would take away, before anything takes time.
    def opening(self):
        folder = self.folder
        data = folder.read("checkpoint", LONGEST_TEXT)
        self.raw_checkpoint = data
        if folder.read("vkey", LONGEST_TEXT) != self.key.text.encode() + b"\n":
            raise Fault("vkey", "this is not the verifier key that was given")
        try:
            self.checkpoint = Checkpoint(data, self.key)
        except ValueError as error:
            raise Fault("checkpoint", str(error)) from None
        self.size = self.checkpoint.size
        if self.since and self.since.size > self.size:
            raise Fault(
                "checkpoint",
                "rolled back: its size is %d, the older checkpoint's %d" % (self.size, self.since.size),
            )
        for path in self.partial_paths():
            folder.hold(path)
        self.listing = folder.listing()

    def count(self, level):
        return self.size >> 8 * level

    def partial_paths(self):
        for level in range(LEVELS):
            count = self.count(level)
            if count % WIDTH:
                yield bundle_path("tile/%d" % level, count // WIDTH, count % WIDTH)
        if self.size % WIDTH:
            for kind in ("tile/entries", "payload"):
                yield bundle_path(kind, self.size // WIDTH, self.size % WIDTH)

    def tile_path(self, level, number):
        return bundle_path("tile/%d" % level, number, min(WIDTH, self.count(level) - number * WIDTH))

    def raw_tile(self, level, number):
        path = self.tile_path(level, number)
        width = min(WIDTH, self.count(level) - number * WIDTH)
        data = self.folder.read(path, width * HASH)
        if len(data) < width * HASH:
            raise Fault(path, "the file is too short", byte=len(data))
        return data

    def tile(self, level, number):
        """A tile's hashes. A full one is held against the tile above it each time it is read."""
        if (level, number) in self.tiles:
            return self.tiles[level, number]
        if self.latest_full.get(level, (None,))[0] == number:
            return self.latest_full[level][1]
        data = self.raw_tile(level, number)
        if len(data) < WIDTH * HASH:
            self.tiles[level, number] = data
            return data
        above = self.tile(level + 1, number // WIDTH)
        at = number % WIDTH * HASH
        if fold(data) != above[at:at + HASH]:
            raise Fault(self.tile_path(level, number), "its root is not the hash in %s, byte %d" % (
                self.tile_path(level + 1, number // WIDTH), at))
        self.latest_full[level] = (number, data)
        return data

    def root_at(self, size):
        subtrees = []
        for level in reversed(range(LEVELS)):
            count = size >> 8 * level
            if count % WIDTH:
                subtrees += peaks(self.tile(level, count // WIDTH)[:count % WIDTH * HASH])
        return join(subtrees)

    # Step 3.
    def partial_tiles(self):
        if self.root_at(self.size) == self.checkpoint.root:
            return
        held = [(level, number) for level, number in sorted(self.tiles, reverse=True)]
        for level, number in held:
            was = self.tiles[level, number]
            try:
                self.tiles[level, number] = again = self.from_below(level, number)
                healed = again != was and self.root_at(self.size) == self.checkpoint.root
            except (Fault, Unusable):
                healed = False
            self.tiles[level, number] = was
            if healed:
                at = next(at for at in range(0, len(was), HASH) if was[at:at + HASH] != again[at:at + HASH])
                raise Fault(self.tile_path(level, number), "this hash is not what the signed root needs here", byte=at)
        if not held:
            raise Fault("checkpoint", "the signed root is not that of an empty log")
        raise Fault(
            " or ".join(self.tile_path(*one) for one in held),
            "the root of the partial tiles is not the signed one",
        )

    def from_below(self, level, number):
        """A partial tile's hashes made again from the files below it; only to tell which file was changed."""
        first, behind = number * WIDTH, self.count(level)
        if level:
            return b"".join(fold(self.raw_tile(level - 1, one)) for one in range(first, behind))
        path = bundle_path("tile/entries", number, behind - first)
        data, at, hashes = self.folder.read(path, 65537 * WIDTH), 0, []
        for _ in range(first, behind):
            length = int.from_bytes(data[at:at + 2], "big")
            hashes.append(leaf_hash(data[at + 2:at + 2 + length]))
            at += 2 + length
        return b"".join(hashes)

    # Step 4.
    def full_tiles(self):
        for level in reversed(range(LEVELS - 1)):
            for number in range(self.count(level + 1)):
                self.tile(level, number)

    # Step 5.
    def older_root(self):
        if self.since and self.root_at(self.since.size) != self.since.root:
            raise Fault(
                "checkpoint",
                "a fork: the log's root at size %d is not the older checkpoint's" % self.since.size,
            )

    # Step 6, and of step 7 that no bytes follow.
    def entries(self):
        sha, from_bytes = hashlib.sha256, int.from_bytes
        before = -1
        for number in range((self.size + WIDTH - 1) // WIDTH):
            first = number * WIDTH
            width = min(WIDTH, self.size - first)
            hashes = self.tile(0, number)
            path, lines_path = bundle_path("tile/entries", number, width), bundle_path("payload", number, width)
            leaves, at, line_at = self.folder.read(path, 65537 * width), 0, 0
            with self.folder.open(lines_path) as lines:
                for index in range(first, first + width):
                    end = at + 2 + from_bytes(leaves[at:at + 2], "big")
                    leaf = leaves[at + 2:end]
                    if end > len(leaves) or at + 2 > len(leaves):
                        raise Fault(path, "the bundle ends within this entry or before it", index, at)
                    place = (index - first) * HASH
                    if sha(b"\0" + leaf).digest() != hashes[place:place + HASH]:
                        raise Fault(path, "the leaf has not the hash in %s, byte %d" % (
                            self.tile_path(0, number), place), index, at)
                    try:
                        class_, time_, commitment = parse_leaf(leaf)
                        if time_ < before:
                            raise ValueError("the leaf's time is before that of the entry before it")
                    except ValueError as error:
                        raise Fault(path, str(error), index, at) from None
                    before = time_
                    if index == 0:
                        self.first_time = time_
                    at = end

                    line = lines.readline(LONGEST_LINE)
                    try:
                        if not line:
                            raise ValueError("the line is missing")
                        if not line.endswith(b"\n"):
                            raise ValueError("the line has no end, or is too long")
                        salt, payload = parse_line(line, index)
                        if salt is None:
                            self.erased.append(index)
                        else:
                            if commit(salt, class_, payload) != commitment:
                                raise ValueError("salt, class and payload do not give the leaf's commitment")
                            value = parse_payload(payload, class_.decode())
                            if value["feed"]:
                                self.feeds += 1
                            if self.rebuild and value["rows"]:
                                self.rebuild.write(index, value["rows"], self.erased)
                    except ValueError as error:
                        raise Fault(lines_path, str(error), index, line_at) from None
                    except Unusable as error:
                        raise Unusable("%s, entry %d: %s" % (lines_path, index, error)) from None
                    if b"eras" in class_:
                        self.erasure_entries += 1
                    line_at += len(line)
                if lines.read(1):
                    raise Fault(lines_path, "bytes follow the last entry", byte=line_at)
            if at != len(leaves):
                raise Fault(path, "bytes follow the last entry", byte=at)
        self.last_time = before if self.size else None

    # Step 7. That no file is missing has shown itself by now, since each was read.
    def leftovers(self):
        for path, plain in self.listing:
            if not plain:
                raise Fault(path, "not a plain file")
            if path not in ("vkey", "checkpoint"):
                self.known_or_prefix(path)

    def known_or_prefix(self, path):
        match = BUNDLE.fullmatch(path)
        if not match:
            raise Fault(path, "no such file belongs to a ledger")
        kind, groups, width = match.groups()
        number = int(groups.replace("x", "").replace("/", ""))
        width = int(width or WIDTH)
        level = int(kind[5:]) if kind[5:].isdigit() else 0
        there = min(WIDTH, self.count(level) - number * WIDTH)
        spelled = bundle_path(kind, number, width)
        if spelled != path or width > there or ".p/" in path and width == WIDTH:
            raise Fault(path, "no such file belongs to a ledger of %d entries" % self.size)
        if width == there:
            return
        # A smaller partial file that its removal missed. One that is gone by now needs no judging.
        larger = bundle_path(kind, number, there)
        try:
            descriptor = self.folder.descriptor(path)
        except Fault:
            return
        with os.fdopen(descriptor, "rb") as small, self.folder.open(larger) as large:
            if kind == "payload":
                expected = (large.readline(LONGEST_LINE) for _ in range(width))
            elif kind == "tile/entries":
                expected = self.leaves(large, width)
            else:
                expected = [large.read(width * HASH)]
            at = 0
            for piece in expected:
                if small.read(len(piece)) != piece:
                    raise Fault(path, "not the beginning of %s" % larger, byte=at)
                at += len(piece)
            if small.read(1):
                raise Fault(path, "bytes follow the last entry", byte=at)

    @staticmethod
    def leaves(file, count):
        for _ in range(count):
            length = file.read(2)
            yield length + file.read(int.from_bytes(length, "big"))


def check_folder(root, key, since=None, make_rebuild=None, patience=0.0, tries=5):
    """Check a folder, from the start again if it grew meanwhile; the finished Check, or the first Fault."""
    if not os.path.isdir(root):
        raise Unusable("%s is not a folder" % root)
    for _ in range(tries):
        folder = Folder(root)
        check = Check(folder, key, since, make_rebuild() if make_rebuild else None)
        try:
            check.run()
            return check
        except Fault:
            time.sleep(patience)
            before = getattr(check, "raw_checkpoint", None)
            try:
                same = before is None or folder.read("checkpoint", LONGEST_TEXT) == before
            except (Fault, Unusable):
                same = True
            if same:
                raise
        finally:
            folder.close()
    raise Unusable("the log grew each time while it was read; check a copy of it")


# ---------------------------------------------------------------------------------------------------------------------
# Rows


class Text(bytes):
    """Text of a database, as its bytes, so that it is told from raw bytes and need not be valid UTF-8."""


class Database:
    """A database's tables, read and never written."""

    def __init__(self, path):
        if not os.path.isfile(path):
            raise Unusable("%s is not a file" % path)
        place = "file:" + urllib.parse.quote(os.path.abspath(path)) + "?mode=ro"
        # In write-ahead mode even a reader makes files beside the database, unless told that nobody has it open.
        with open(path, "rb") as file:
            ahead = file.read(19)[18:] == b"\2"
        if ahead and not any(os.path.exists(path + suffix) for suffix in ("-wal", "-shm")):
            place += "&immutable=1"
        self.connection = sqlite3.connect(place, uri=True, isolation_level=None)
        try:
            self.connection.text_factory = Text
            self.connection.execute("PRAGMA query_only = 1")
            self.connection.execute("BEGIN")
            names = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            self.columns = {}
            for name, in names:
                name = name.decode("utf-8", "replace")
                columns = self.connection.execute("PRAGMA table_info(%s)" % self.quoted(name)).fetchall()
                self.columns[name] = [column[1].decode("utf-8", "replace") for column in columns]
        except sqlite3.Error as error:
            self.close()
            raise Unusable("%s cannot be read: %s" % (path, error)) from None

    def close(self):
        self.connection.close()

    @staticmethod
    def quoted(name):
        return '"%s"' % name.replace('"', '""')

    def rows(self, table):
        names = self.columns[table]
        query = "SELECT %s FROM %s" % (", ".join(map(self.quoted, names)), self.quoted(table))
        try:
            for values in self.connection.execute(query):
                yield dict(zip(names, values))
        except sqlite3.Error as error:
            raise Fault("database, table %s" % table, "cannot be read: %s" % error) from None


def same_value(member, value):
    """Whether a row's member and a database's value are the same thing."""
    if member is None:
        return value is None
    if isinstance(member, bool):
        return type(value) is int and value == int(member)
    if isinstance(member, int):
        return type(value) is int and value == member
    if isinstance(member, str):
        if type(value) is bytes:
            return value.hex() == member
        return type(value) is Text and value == member.encode()
    if type(value) is not Text:
        return False
    try:
        return encode_slowly(decode_json(value.decode("utf-8"))) == encode_slowly(member)
    except (ValueError, RecursionError):
        return False


class Rebuild:
    """The rows as the payloads leave them, and their comparison with a database."""

    def __init__(self, database, governed=()):
        self.database, self.governed = database, governed
        self.tables = {}
        self.compared = self.unjudged = 0
        self.other_tables = []

    def write(self, index, rows, erased):
        for item in rows:
            table, row = item["table"], item["row"]
            columns = self.database.columns.get(table)
            if not columns:
                raise ValueError("it writes table %s, which the database has not" % table)
            key = row.get(columns[0])
            if type(key) is not str:
                raise ValueError("a row of %s has no text member %s, the table's first column" % (table, columns[0]))
            held = self.tables.setdefault(table, {})
            before, version = held.get(key), row["version"]
            was = before[1]["version"] if before else 0
            missing = version - 1 - was
            if missing:
                since = bisect.bisect_left(erased, before[0]) if before else 0
                if missing < 0 or missing > len(erased) - since:
                    raise ValueError("it writes version %d of row %s in %s, where version %d stood" % (
                        version, key, table, was))
            held[key] = (index, row)

    def finish(self, erased):
        for table in sorted(set(self.tables) | set(self.governed)):
            if table not in self.database.columns:
                raise Fault("database, table %s" % table, "there is no such table")
            self.compare(table, dict(self.tables.get(table, {})), erased)
        for table, columns in sorted(self.database.columns.items()):
            if table not in self.tables and table not in self.governed and "version" in columns[1:]:
                if next(self.database.rows(table), None):
                    self.other_tables.append(table)

    def compare(self, table, expected, erased):
        first = self.database.columns[table][0]
        for values in self.database.rows(table):
            key = values[first]
            key = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
            place = "database, table %s, row %s" % (table, key)
            index, row = expected.pop(key, (-1, {"version": 0}))
            version = values.get("version")
            ahead = version - row["version"] if type(version) is int else 0
            if 0 < ahead <= len(erased) - bisect.bisect_right(erased, index):
                self.unjudged += 1
                continue
            if index < 0:
                raise Fault(place, "no entry wrote it")
            if ahead > 0:
                raise Fault(place, "its version is %d; the last entry that wrote it, %d, left %d" % (
                    version, index, row["version"]))
            for name, value in values.items():
                if not same_value(row.get(name), value):
                    raise Fault("%s, column %s" % (place, name), "not what entry %d wrote" % index)
            for name, member in row.items():
                if name not in values and member is not None:
                    raise Fault(place, "it has no column %s, which entry %d wrote" % (name, index))
            self.compared += 1
        for key, (index, _) in expected.items():
            raise Fault("database, table %s, row %s" % (table, key), "it is gone; entry %d wrote it" % index)


# ---------------------------------------------------------------------------------------------------------------------
# One proof


def entry_from_folder(root, index):
    """Leaf and payload line of one entry. Nothing of the folder is trusted; the proof binds both."""
    folder, number = Folder(root), index // WIDTH
    found = []
    for kind in ("tile/entries", "payload"):
        partial = os.path.dirname(os.path.join(root, bundle_path(kind, number, 1)))
        widths = [int(name) for name in os.listdir(partial) if name.isdigit()] if os.path.isdir(partial) else []
        widths = [width for width in widths if index % WIDTH < width < WIDTH]
        full = os.path.exists(os.path.join(root, bundle_path(kind, number)))
        path = bundle_path(kind, number, WIDTH if full or not widths else max(widths))
        with folder.open(path) as file:
            for _ in range(index % WIDTH + 1):
                piece = next(Check.leaves(file, 1))[2:] if kind != "payload" else file.readline(LONGEST_LINE)
        found.append(piece)
    return found


def read_given(path, limit=LONGEST_TEXT):
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise Unusable("%s cannot be read: %s" % (path, error.strerror)) from None
    if len(data) > limit:
        raise Unusable("%s is too long" % path)
    return data


def given_line(path, index):
    """The payload line of one entry out of a file of such lines."""
    head = b'{"index":%d,' % index
    try:
        with open(path, "rb") as file:
            for line in iter(lambda: file.readline(LONGEST_LINE), b""):
                if line.startswith(head):
                    return line if line.endswith(b"\n") else line + b"\n"
    except OSError as error:
        raise Unusable("%s cannot be read: %s" % (path, error.strerror)) from None
    raise Unusable("%s has no line of entry %d" % (path, index))


def check_proof(path, key, root=None, payload_path=None, leaf_path=None, at_time=None):
    """Check one proof; what it proves, as a dictionary."""
    try:
        index, hashes, checkpoint = parse_proof(read_given(path), key)
    except ValueError as error:
        raise Fault(path, str(error)) from None
    leaf = line = None
    if root is not None:
        if not os.path.isdir(root):
            raise Unusable("%s is not a folder" % root)
        leaf, line = entry_from_folder(root, index)
    if payload_path is not None:
        line = given_line(payload_path, index)
    if leaf_path is not None:
        leaf = read_given(leaf_path)
    salt = payload = value = None
    line_place = payload_path or "payload"
    if line is not None:
        try:
            salt, payload = parse_line(line, index)
        except ValueError as error:
            raise Fault(line_place, str(error), index) from None
    if leaf is None and at_time is not None and salt is not None:
        try:
            # The class stands in the payload too; the commitment binds it to the leaf's.
            class_ = decode_json(payload.decode("utf-8"))["class"].encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Fault(line_place, "the payload names no class", index) from None
        leaf = LEAF_MARK + b"%s\n%d\n%s\n" % (class_, at_time, commit(salt, class_, payload))
    if leaf is None:
        raise Unusable("a proof alone does not say what it proves: give the folder, or --leaf, or --payload and --time")
    if climb(index, checkpoint.size, leaf_hash(leaf), hashes) != checkpoint.root:
        raise Fault(path, "the path does not lead from this leaf to the signed root", index)
    try:
        class_, time_, commitment = parse_leaf(leaf)
    except ValueError as error:
        raise Fault(leaf_path or "leaf", str(error), index) from None
    if salt is not None:
        try:
            if commit(salt, class_, payload) != commitment:
                raise ValueError("salt, class and payload do not give the leaf's commitment")
            value = parse_payload(payload, class_.decode())
        except ValueError as error:
            raise Fault(line_place, str(error), index) from None
    return {
        "origin": key.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "entry": index,
        "class": class_.decode(),
        "time": time_,
        "payload": "proved" if value else "erased" if line is not None else "not given",
    }


# ---------------------------------------------------------------------------------------------------------------------
# Command line


def given_key(text):
    if os.path.isfile(text):
        try:
            text = read_given(text).decode("utf-8")
        except UnicodeDecodeError:
            raise Unusable("the file of the verifier key is not text") from None
        text = text[:-1] if text.endswith("\n") else text
    return Key(text)


def moment(microseconds):
    start = datetime.datetime(1970, 1, 1)
    return (start + datetime.timedelta(microseconds=microseconds)).isoformat(timespec="microseconds") + "Z"


def summary(check):
    erased = len(check.erased)
    notes = []
    if erased > check.erasure_entries:
        notes.append("%d entries are erased, but only %d entries seem to tell of an erasure" % (
            erased, check.erasure_entries))
    if check.since is None:
        notes.append("no older checkpoint was given: nothing speaks against a log written anew")
    result = {
        "origin": check.key.origin,
        "size": check.size,
        "root": check.checkpoint.root.hex(),
        "first_time": check.first_time,
        "last_time": check.last_time,
        "erased": erased,
        "erasure_entries": check.erasure_entries,
        "feed_version_least": check.feeds,
        "feed_version_most": check.feeds + erased,
        "since": check.since.size if check.since else None,
    }
    if check.rebuild:
        result["rows_compared"] = check.rebuild.compared
        result["rows_unjudged"] = check.rebuild.unjudged
        result["tables_compared"] = sorted(set(check.rebuild.tables) | set(check.rebuild.governed))
        result["tables_not_in_ledger"] = check.rebuild.other_tables
        if check.rebuild.unjudged:
            notes.append("%d rows were last written by erased entries and were not compared" % check.rebuild.unjudged)
        if check.rebuild.other_tables:
            notes.append("tables with versions that no entry names, not compared (--governed compares them): "
                         + ", ".join(check.rebuild.other_tables))
    result["notes"] = notes
    return result


def in_words(result):
    if "entry" in result:
        return "good: entry %d of %s, %s at %s, payload %s; log of %d entries, root %s" % (
            result["entry"], result["origin"], result["class"], moment(result["time"]), result["payload"],
            result["size"], result["root"])
    lines = ["good: %d entries of %s, root %s" % (result["size"], result["origin"], result["root"])]
    if result["size"]:
        lines.append("times: %s to %s" % (moment(result["first_time"]), moment(result["last_time"])))
    if result["since"] is not None:
        lines.append("extends the older checkpoint of %d entries" % result["since"])
    if "rows_compared" in result:
        lines.append("database: %d rows of %d tables are as the entries left them" % (
            result["rows_compared"], len(result["tables_compared"])))
    lines.append("erased: %d" % result["erased"])
    return "\n".join(lines + ["note: " + note for note in result["notes"]])


def plain(text):
    """Text of strangers, made safe to print."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def microseconds(text):
    if not re.fullmatch("0|[1-9][0-9]{0,17}", text) or int(text) > LATEST:
        raise argparse.ArgumentTypeError("not microseconds since 1970")
    return int(text)


def arguments(argv):
    parser = argparse.ArgumentParser(
        description="Check a published ledger, or one proof, trusting nothing but the verifier key.",
        epilog="Exit codes: 0 everything holds, 1 a fault was found, 2 what was given cannot be judged.",
    )
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the published ledger")
    parser.add_argument("--vkey", required=True, metavar="FILE|TEXT", help="verifier key, from somebody you trust")
    parser.add_argument("--since", metavar="CHECKPOINT_FILE", help="older checkpoint that the log must extend")
    parser.add_argument("--sqlite", metavar="DATABASE_FILE", help="database whose rows must be the ledger's")
    parser.add_argument("--governed", metavar="TABLE", action="append", default=[],
                        help="table that must hold the ledger's rows only, even if no entry names it; repeatable")
    parser.add_argument("--proof", metavar="FILE", help="check this proof of one entry instead of the whole folder")
    parser.add_argument("--payload", metavar="FILE", help="the entry's line as in a payload bundle")
    parser.add_argument("--leaf", metavar="FILE", help="the entry's leaf, without its length")
    parser.add_argument("--time", metavar="MICROSECONDS", type=microseconds, help="the entry's time")
    parser.add_argument("--json", action="store_true", help="print the verdict as one JSON object")
    given = parser.parse_args(argv)
    if given.proof is None:
        if given.folder is None:
            parser.error("a folder or --proof is needed")
        if given.payload or given.leaf or given.time is not None:
            parser.error("--payload, --leaf and --time go with --proof")
    elif given.since or given.sqlite:
        parser.error("--since and --sqlite need the whole folder, not --proof")
    if given.governed and not given.sqlite:
        parser.error("--governed goes with --sqlite")
    if given.leaf and given.time is not None:
        parser.error("--leaf already says the time")
    return given


def judge(given, patience):
    key = given_key(given.vkey)
    if given.proof is not None:
        return check_proof(given.proof, key, given.folder, given.payload, given.leaf, given.time)
    since = None
    if given.since:
        try:
            since = Checkpoint(read_given(given.since), key)
        except ValueError as error:
            raise Unusable("%s: %s" % (given.since, error)) from None
    database = Database(given.sqlite) if given.sqlite else None
    try:
        return summary(check_folder(
            given.folder, key, since, (lambda: Rebuild(database, given.governed)) if database else None, patience))
    finally:
        if database:
            database.close()


def main(argv=None, patience=0.5):
    given = arguments(argv)
    try:
        result, code = judge(given, patience), 0
        text = in_words(result)
    except Fault as fault:
        code, text = 1, plain("fault: %s" % fault)
        result = {"place": fault.place, "byte": fault.byte, "entry": fault.entry, "what": fault.what}
    except (Unusable, OSError) as error:
        code, text = 2, plain("cannot judge: %s" % error)
        result = {"what": str(error)}
    if given.json:
        verdict = ("good", "fault", "cannot judge")[code]
        print(json.dumps(dict({"verdict": verdict}, **result)))
    else:
        stream = sys.stderr if code else sys.stdout
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)
    return code


if __name__ == "__main__":
    sys.exit(main())
