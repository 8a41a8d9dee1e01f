#!/usr/bin/env python3
"""A stranger's check of a published ledger.

Written from docs/ledger-format.md alone, in another language than the ledger's own code and sharing none of it, so
that a mistake in the one is not repeated in the other. Needs Python 3.9 or later and nothing besides.

    verify_ledger.py FOLDER --vkey FILE|TEXT [--since CHECKPOINT_FILE] [--sqlite DATABASE_FILE] [--json]
    verify_ledger.py [FOLDER] --vkey FILE|TEXT --proof FILE [--payload FILE] [--leaf FILE]
    verify_ledger.py --vkey FILE|TEXT --since CHECKPOINT_FILE --consistency FILE

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
LONGEST_CHECKPOINT = 64 * 1024
DEEPEST = 96
MOST_SIGNATURES = 100

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
NAME = re.compile(r"[!-*,-~]{1,200}")
BUNDLE = re.compile(r"(tile/[0-6]|tile/entries|payload)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

MEMBERS = {"at", "class", "facts", "feed", "rows", "v"}

# Section 9 of the document: the governed tables, word for word.
GOVERNED_TEXT = """\
venue: venue, digest, facts{}, adopted_us#, version#
customers: customer, segment, country?, state, purpose?, created_us#, version#
persons: person, customer, name?, email?, phone?, role, confirmed_us#?, version#
accounts: account, customer, person?, segment, country?, opened?, owner?, parent?, fee_tier?, state, version#
operators: operator, kind, customer?, vendor?, name?, networks{}, state, version#
vendors: vendor, name, class, state, networks{}, scopes{}, diligence{}, attested_us#?, recertify_us#?, version#
delegations: delegation, account, key?, operator, networks{}, scopes{}, limits{}, from_us#, until_us#, state, version#
keys: key, account, state, measure?, before_hold?, cause?, scopes{}, allowlist{}, purpose, application, operator,
  vendor?, scheme, secret?, exposure?, public_key?, created_us#, expires_us#, rotate_by_us#?, ends_us#?, replaces?,
  mandate{}, terms, terms_accepted_us#, requested_by, session, approvals{}, canary#, reason?, review_by?,
  review_due_us#?, next_due_us#?, campaign?, version#
dead_keys: key, state, cause?, ended_us#, version#
approvals: approval, action, subject, customer?, request{}, digest, requested_by, requested_us#, needed{},
  decisions{}, state, due_us#, decided_us#?, version#
users: user, name, email?, roles{}, state, credential?, invite?, invite_until_us#?, invited_by, created_us#, version#
tokens: token, name, roles{}, digest, created_by, created_us#, expires_us#, state, version#
gates: gate, state, public_key?, invite?, invite_until_us#?, invited_by, enrolled_us#?, version#
receipts: receipt, gate, boot, from_version#, to_version#, acknowledgement, received_us#, version#
bypasses: bypass, gate, since_us#, until_us#?, by, reason, let_pass#?, version#
canaries: canary, key, gates{}, expired_us#?, outcome?, findings{}, version#
policies: policy, digest, text, state, proposed_by, proposed_us#, activated_us#?, version#
signals: signal, key?, account?, cluster?, detector, code, cause, points#, at_us#, position#, body{}, version#
standings: key, account, customer?, measure?, assessment{}, standing{}, position#, next_due_us#?, version#
measures: measure_id, key, account, case_id, measure, mode, state, by, approval?, began_us#, until_us#?, ended_us#?,
  effect_us#?, body{}, version#
cases: case_id, subject, state, members{}, cause, assignee?, priority#, opened_us#, due_us#?, outcome?, closed_us#?,
  body{}, version#
case_events: case_event, case_id, at_us#, kind, by, body{}, version#
questions: question, key, account, customer, address, state, asked_us#, last_seen_us#, answer?, answered_by?,
  answered_us#?, body{}, version#
ceremonies: ceremony, key, account, customer, prefix, state, registered_by, registered_us#, until_us#, proved_us#?,
  event?, version#
verifications: verification, key, account, customer, case_id?, state, identity{}, tests{}, opened_us#, until_us#?,
  next_due_us#?, failures#, version#
notices: notice, customer?, account?, key?, case_id?, kind, texts{}, channel, state, attempts#, created_us#,
  delivered_us#?, acknowledged_us#?, failure?, version#
objections: objection, customer, account?, key?, case_id?, notice, by, at_us#, body{}, version#
tasks: task, case_id, kind, state, assignee?, created_us#, due_us#?, body{}, version#
actuations: actuation, destination, key, target, state, intent#, intended_us#, changed_us#, acknowledged_us#?, body{},
  version#
campaigns: campaign, state, terms, body{}, proposed_by, began_us#, version#
campaign_segments: segment, campaign, version#
campaign_keys: member, campaign, key, account, customer, segment, state, body{}, next_due_us#?, version#
feed_keys: key, feed_version#, record{}, version#
"""


def governed_tables(text):
    """Table -> column -> kind, which is '', '#' or '{}', with '?' if it may be NULL. The first column is the key."""
    tables = {}
    for line in re.sub(r"\n +", " ", text).splitlines():
        name, columns = line.split(": ")
        found = re.findall(r"([a-z_]+)((?:#|\{\})?\??)", columns)
        tables[name] = dict(found)
    return tables


GOVERNED = governed_tables(GOVERNED_TEXT)


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
    r = point_from(signature[:32])
    # A key of small order would let one signature fit many messages.
    if key is None or r is None or s >= ORDER or has_small_order(key) or has_small_order(r):
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
        if blob is None or len(blob) != 33 or blob[0] != 1 or point_from(blob[1:]) is None:
            raise Unusable("the verifier key holds no Ed25519 key")
        self.text, self.origin, self.public = text, parts[0], blob[1:]
        self.id = hashlib.sha256(self.origin.encode() + b"\n" + blob).digest()[:4]
        if parts[1] != self.id.hex():
            raise Unusable("the verifier key's id does not belong to its name and key")


class Checkpoint:
    """An opened checkpoint: its signature holds under the key."""

    def __init__(self, data, key):
        if len(data) > LONGEST_CHECKPOINT:
            raise ValueError("the checkpoint is longer than 64 KiB")
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
        if len(lines) > 4 + MOST_SIGNATURES:
            raise ValueError("more than %d signature lines" % MOST_SIGNATURES)
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
    """Index, path, checkpoint and extra data (None if there is none) of a proof's text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the proof is not UTF-8") from None
    head, gap, tail = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != PROOF_MARK:
        raise ValueError("not a proof of the form %s" % PROOF_MARK)
    del lines[0]
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines[0][6:])
        if not extra:
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
    return index, path, checkpoint, extra


def consistent(old, new, path):
    """Whether the path shows that the tree `new` (size and root) begins with `old` (RFC 9162, 2.1.4.2)."""
    if old[0] == 0 or old[0] == new[0]:
        return not path and old[1] == (join([]) if old[0] == 0 else new[1])
    path = list(path)
    if old[0] & old[0] - 1 == 0:
        path.insert(0, old[1])
    if not path:
        return False
    at, last = old[0] - 1, new[0] - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(one, first), node(one, second)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, one)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old[1] and second == new[1]


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


def depth(value):
    """How many objects and lists lie around the deepest value."""
    deepest, level = 0, [value]
    while level:
        inner = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        deepest, level = deepest + bool(inner), inner
    return deepest


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
        raise ValueError("the payload is nested deeper than %d" % DEEPEST) from None
    except ValueError as error:
        raise ValueError("the payload is not canonical JSON: %s" % error) from None
    if encoded != text:
        raise ValueError("the payload is JSON, but not its canonical spelling")
    if text.count("[") + text.count("{") > DEEPEST and depth(value) > DEEPEST:
        raise ValueError("the payload is nested deeper than %d" % DEEPEST)
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
        if type(item) is not dict or len(item) != 2 or type(item.get("table")) is not str or not item["table"]:
            raise ValueError("an item of the payload's rows is not a table and a row")
        row = item.get("row")
        if type(row) is not dict:
            raise ValueError("an item of the payload's rows holds no row")
        version = row.get("version")
        if type(version) is not int or version < 1:
            raise ValueError("a row has no version")
    keys = set()
    for item in feed:
        if type(item) is not dict or type(item.get("key")) is not str or not item["key"]:
            raise ValueError("a record of the payload's feed has no key")
        if item["key"] in keys:
            raise ValueError("two records of the payload's feed have the same key")
        keys.add(item["key"])
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
        self.erased, self.unnamed, self.erased_feeds, self.feeds = [], {}, [], []
        self.superseded = self.unpublished = 0
        self.first_time = self.last_time = None

    def run(self):
        self.opening()
        self.partial_tiles()
        self.full_tiles()
        self.older_root()
        self.entries()
        self.leftovers()
        if self.rebuild:
            self.rebuild.finish(self.feeds, sorted(self.erased_feeds))

    def feed_version(self):
        return len(self.feeds) + len(self.erased_feeds)

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
        raise Fault("checkpoint", "the root of the partial tiles is not the signed one")

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
                            self.unnamed[index] = (lines_path, line_at)
                        else:
                            if commit(salt, class_, payload) != commitment:
                                raise ValueError("salt, class and payload do not give the leaf's commitment")
                            value = parse_payload(payload, class_.decode())
                            if class_ == b"payload.erased":
                                self.named(value["facts"])
                            if value["feed"]:
                                self.feeds.append(index)
                            if self.rebuild:
                                self.rebuild.write(index, value["rows"], value["feed"], self.erased)
                    except ValueError as error:
                        raise Fault(lines_path, str(error), index, line_at) from None
                    line_at += len(line)
                if lines.read(1):
                    raise Fault(lines_path, "bytes follow the last entry", byte=line_at)
            if at != len(leaves):
                raise Fault(path, "bytes follow the last entry", byte=at)
        self.last_time = before if self.size else None
        for index, (path, at) in sorted(self.unnamed.items()):
            raise Fault(path, "the line says erased, and no later entry says so", index, at)

    def named(self, facts):
        """An entry tells of an erasure; only what was erased before it can be meant."""
        index = facts.get("index")
        if type(index) is int and self.unnamed.pop(index, None) and facts.get("feed") is True:
            self.erased_feeds.append(index)

    # Step 7. That no file is missing has shown itself by now, since each was read.
    def leftovers(self):
        for path, plain in self.listing:
            if not plain:
                raise Fault(path, "not a plain file")
            if path not in ("vkey", "checkpoint"):
                self.known_or_prefix(path)

    def known_or_prefix(self, path):
        unfinished = path.endswith(".new")
        known = path[:-4] if unfinished else path
        match = BUNDLE.fullmatch(known)
        if not match and not (unfinished and known in ("vkey", "checkpoint")):
            raise Fault(path, "no such file belongs to a ledger")
        if not match:
            self.unpublished += 1
            return
        kind, groups, width = match.groups()
        number = int(groups.replace("x", "").replace("/", ""))
        width = int(width or WIDTH)
        level = int(kind[5:]) if kind[5:].isdigit() else 0
        there = min(WIDTH, self.count(level) - number * WIDTH)
        if bundle_path(kind, number, width) != known:
            raise Fault(path, "no such file belongs to a ledger")
        if unfinished or width > max(there, 0):
            self.unpublished += 1
            return
        if width == there:
            return
        self.superseded += 1
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

    def rows(self, table, names):
        names = list(names)
        query = "SELECT %s FROM %s ORDER BY 1" % (", ".join(map(self.quoted, names)), self.quoted(table))
        try:
            for values in self.connection.execute(query):
                yield dict(zip(names, values))
        except sqlite3.Error as error:
            raise Fault("database, table %s" % table, "cannot be read: %s" % error) from None


def stored(member, kind):
    """What a database holds for a row's member. Raises ValueError for a member of another kind."""
    if kind == "{}":
        return Text(encode_slowly(member).encode())
    if member is None and kind.endswith("?"):
        return None
    if type(member) is not (int if kind.startswith("#") else str):
        raise ValueError
    return member if type(member) is int else Text(member.encode())


def same(one, other):
    return type(one) is type(other) and one == other


class Rebuild:
    """The rows as the payloads leave them, and their comparison with a database."""

    def __init__(self, database, governed=None):
        self.database, self.governed = database, governed or GOVERNED
        self.tables = {name: {} for name in self.governed}
        self.feed = {}
        self.compared = 0

    def write(self, index, rows, feed, erased):
        """Takes in one entry; `erased` are the entries before it that were erased."""
        seen = set()
        for item in rows:
            table, row = item["table"], item["row"]
            columns = self.governed.get(table)
            if columns is None or table == "feed_keys":
                raise ValueError("it writes table %s, which is not governed" % table)
            if row.keys() != columns.keys():
                raise ValueError("a row of %s has not exactly the table's columns" % table)
            cells = {}
            for name, kind in columns.items():
                try:
                    cells[name] = stored(row[name], kind)
                except ValueError:
                    raise ValueError("column %s of a row of %s is of another kind" % (name, table)) from None
            key = row[next(iter(columns))]
            if not key or (table, key) in seen:
                raise ValueError("a row of %s has no key, or is written twice" % table)
            seen.add((table, key))
            before = self.tables[table].get(key)
            was, since = (before[1]["version"], bisect.bisect_left(erased, before[0])) if before else (0, 0)
            if not 0 <= row["version"] - 1 - was <= len(erased) - since:
                raise ValueError("it writes version %d of row %s in %s, where version %d stood" % (
                    row["version"], key, table, was))
            self.tables[table][key] = (index, cells)
        for record in feed:
            times = self.feed.get(record["key"], (0, None, 0))[2]
            self.feed[record["key"]] = (index, Text(encode_slowly(record).encode()), times + 1)

    def finish(self, feeds, erased_feeds):
        slack = {}
        if "feed_keys" in self.tables:
            for key, (index, record, times) in self.feed.items():
                hidden = bisect.bisect_left(erased_feeds, index)
                self.tables["feed_keys"][key] = (index, {
                    "key": Text(key.encode()), "feed_version": bisect.bisect_right(feeds, index) + hidden,
                    "record": record, "version": times})
                slack[key] = hidden
        for table, columns in self.governed.items():
            place = "database, table %s" % table
            if table not in self.database.columns:
                raise Fault(place, "there is no such table")
            if set(self.database.columns[table]) != set(columns):
                raise Fault(place, "its columns are not those of the document")
            self.compare(table, columns, dict(self.tables[table]), slack if table == "feed_keys" else {})

    def compare(self, table, columns, expected, slack):
        first = next(iter(columns))
        for values in self.database.rows(table, columns):
            key = values[first]
            key = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
            place = "database, table %s, row %s" % (table, key)
            index, row = expected.pop(key, (None, None))
            if row is None:
                raise Fault(place, "no entry wrote it")
            for name, value in values.items():
                ahead = name == "version" and type(value) is int and 0 <= value - row[name] <= slack.get(key, 0)
                if not same(row[name], value) and not ahead:
                    raise Fault("%s, column %s" % (place, name), "not what entry %d wrote" % index)
            self.compared += 1
        for key, (index, _) in sorted(expected.items()):
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


def check_proof(path, key, root=None, payload_path=None, leaf_path=None):
    """Check one proof; what it proves, as a dictionary. Without another leaf its extra data is one."""
    try:
        index, hashes, checkpoint, leaf = parse_proof(read_given(path), key)
    except ValueError as error:
        raise Fault(path, str(error)) from None
    line = salt = payload = value = None
    if root is not None:
        if not os.path.isdir(root):
            raise Unusable("%s is not a folder" % root)
        leaf, line = entry_from_folder(root, index)
    if payload_path is not None:
        line = given_line(payload_path, index)
    if leaf_path is not None:
        leaf = read_given(leaf_path)
    if leaf is None:
        raise Unusable("the proof does not bring its leaf: give the folder, or --leaf")
    if climb(index, checkpoint.size, leaf_hash(leaf), hashes) != checkpoint.root:
        raise Fault(path, "the path does not lead from this leaf to the signed root", index)
    try:
        class_, time_, commitment = parse_leaf(leaf)
    except ValueError as error:
        raise Fault(leaf_path or "leaf", str(error), index) from None
    if line is not None:
        try:
            salt, payload = parse_line(line, index)
            if salt is not None:
                if commit(salt, class_, payload) != commitment:
                    raise ValueError("salt, class and payload do not give the leaf's commitment")
                value = parse_payload(payload, class_.decode())
        except ValueError as error:
            raise Fault(payload_path or "payload", str(error), index) from None
    return {
        "origin": key.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "entry": index,
        "class": class_.decode(),
        "time": time_,
        "payload": "proved" if value else "erased" if line is not None else "not given",
    }


def check_consistency(path, key, since):
    """Check the server's answer that its log extends an older checkpoint."""
    try:
        answer = decode_json(read_given(path).decode("utf-8"))
        hashes = [from_base64(one) for one in answer["proof"]]
        newer = Checkpoint(answer["checkpoint"].encode(), key)
        if any(one is None or len(one) != HASH for one in hashes):
            raise ValueError("a hash is not the base64 of 32 bytes")
        if (answer["from"], answer["to"]) != (since.size, newer.size):
            raise ValueError("its sizes are not those of the two checkpoints")
        if since.size > newer.size:
            raise ValueError("rolled back: its size is %d, the older checkpoint's %d" % (newer.size, since.size))
        if not consistent((since.size, since.root), (newer.size, newer.root), hashes):
            raise ValueError("its hashes do not lead from the older checkpoint to the newer one")
    except (ValueError, RecursionError) as error:
        raise Fault(path, str(error)) from None
    except (KeyError, TypeError, AttributeError):
        raise Fault(path, "not an answer with from, to, proof and checkpoint") from None
    return {"origin": key.origin, "size": newer.size, "root": newer.root.hex(), "extends": since.size}


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
    notes = []
    if check.since is None:
        notes.append("no older checkpoint was given: nothing speaks against a log written anew")
    if check.unpublished:
        notes.append("files that nothing signed vouches for, passed over: %d" % check.unpublished)
    result = {
        "origin": check.key.origin,
        "size": check.size,
        "root": check.checkpoint.root.hex(),
        "first_time": check.first_time,
        "last_time": check.last_time,
        "erased": len(check.erased),
        "feed_version": check.feed_version(),
        "superseded": check.superseded,
        "unpublished": check.unpublished,
        "since": check.since.size if check.since else None,
    }
    if check.rebuild:
        result["rows_compared"] = check.rebuild.compared
        result["tables_compared"] = list(check.rebuild.governed)
    result["notes"] = notes
    return result


def in_words(result):
    if "entry" in result:
        return "good: entry %d of %s, %s at %s, payload %s; log of %d entries, root %s" % (
            result["entry"], result["origin"], result["class"], moment(result["time"]), result["payload"],
            result["size"], result["root"])
    if "extends" in result:
        return "good: %d entries of %s extend the older checkpoint of %d, root %s" % (
            result["size"], result["origin"], result["extends"], result["root"])
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


def arguments(argv):
    parser = argparse.ArgumentParser(
        description="Check a published ledger, or one proof, trusting nothing but the verifier key.",
        epilog="Exit codes: 0 everything holds, 1 a fault was found, 2 what was given cannot be judged.",
    )
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the published ledger")
    parser.add_argument("--vkey", required=True, metavar="FILE|TEXT", help="verifier key, from somebody you trust")
    parser.add_argument("--since", metavar="CHECKPOINT_FILE", help="older checkpoint that the log must extend")
    parser.add_argument("--sqlite", metavar="DATABASE_FILE", help="database whose rows must be the ledger's")
    parser.add_argument("--consistency", metavar="FILE", help="check the server's answer against --since instead")
    parser.add_argument("--proof", metavar="FILE", help="check this proof of one entry instead of the whole folder")
    parser.add_argument("--payload", metavar="FILE", help="the entry's line as in a payload bundle")
    parser.add_argument("--leaf", metavar="FILE", help="the entry's leaf, without its length")
    parser.add_argument("--json", action="store_true", help="print the verdict as one JSON object")
    given = parser.parse_args(argv)
    if given.consistency:
        if given.folder or given.proof or given.sqlite or not given.since:
            parser.error("--consistency goes with --vkey and --since only")
    elif given.proof is None and given.folder is None:
        parser.error("a folder, --proof or --consistency is needed")
    if given.proof is None and (given.payload or given.leaf):
        parser.error("--payload and --leaf go with --proof")
    if given.proof and (given.since or given.sqlite):
        parser.error("--since and --sqlite need the whole folder, not --proof")
    return given


def judge(given, patience):
    key = given_key(given.vkey)
    if given.proof is not None:
        return check_proof(given.proof, key, given.folder, given.payload, given.leaf)
    since = None
    if given.since:
        try:
            since = Checkpoint(read_given(given.since), key)
        except ValueError as error:
            raise Unusable("%s: %s" % (given.since, error)) from None
    if given.consistency:
        return check_consistency(given.consistency, key, since)
    database = Database(given.sqlite) if given.sqlite else None
    try:
        return summary(check_folder(
            given.folder, key, since, (lambda: Rebuild(database)) if database else None, patience))
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
