#!/usr/bin/env python3
"""Tests of the stranger's check: what is whole must pass, what was touched anywhere must not.

Runs over the checked-in vectors, damaged in every way that came to mind, and over ledgers made and signed here, so
that faults which a good signature covers are met too. All contents are made up. Needs Python 3.9 or later only:

    python3 tests/verifier/test_verify_ledger.py

With SUMUN_QUICK=1 in the environment it tries a sample of the damages.
"""

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import verify_ledger as v  # noqa: E402

DATA = os.path.join(HERE, "..", "..", "crates", "ledger", "tests", "data")
VECTOR_KEY = "sumun.example/made-up+9143d2eb+ARl/ayPhbIUyxqvIOPrNXqeJvgx2spIDNAOb+os9No1h"
SEED = bytes([42]) * 32
OTHER_SEED = bytes([43]) * 32
ORIGIN = "sumun.example/made-up"

# How many times fewer damages are tried.
SPARSE = 23 if os.environ.get("SUMUN_QUICK") else 1

# A governed table of these tests: the rebuilding is the same for any.
TABLES = {"keys": {"id": "", "state": "", "limits": "{}", "end": "#?", "since": "#", "version": "#"}}


# ---------------------------------------------------------------------------------------------------------------------
# A publisher of our own


def public_and_scalar(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return v.point_bytes(v.point_times(scalar, v.BASE)), scalar, digest[32:]


def sign(seed, message):
    public, scalar, prefix = public_and_scalar(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % v.ORDER
    point = v.point_bytes(v.point_times(r, v.BASE))
    k = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little") % v.ORDER
    return point + ((r + k * scalar) % v.ORDER).to_bytes(32, "little")


def key_text(seed=SEED, origin=ORIGIN):
    blob = b"\x01" + public_and_scalar(seed)[0]
    id_ = hashlib.sha256(origin.encode() + b"\n" + blob).digest()[:4]
    return "%s+%s+%s" % (origin, id_.hex(), v.base64.b64encode(blob).decode())


def signature_line(body, seed=SEED, origin=ORIGIN):
    blob = bytes.fromhex(key_text(seed, origin).split("+")[1]) + sign(seed, body)
    return "\u2014 %s %s\n" % (origin, v.base64.b64encode(blob).decode())


def checkpoint_bytes(size, root, seed=SEED, origin=ORIGIN):
    body = ("%s\n%s\n%s\n" % (origin, size, v.base64.b64encode(root).decode())).encode()
    return body + b"\n" + signature_line(body, seed, origin).encode()


def simple_root(hashes):
    """The root by the recursive definition, as another way than the tiles'."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return v.node(simple_root(hashes[:k]), simple_root(hashes[k:]))


def simple_path(hashes, index):
    if len(hashes) == 1:
        return []
    k = 1 << (len(hashes) - 1).bit_length() - 1
    if index < k:
        return simple_path(hashes[:k], index) + [simple_root(hashes[k:])]
    return simple_path(hashes[k:], index - k) + [simple_root(hashes[:k])]


def canonical(value):
    return v.encode_slowly(value).encode()


def payload(index, **changes):
    value = {
        "v": 1,
        "class": "key.issued",
        "at": "2026-01-02T03:04:05.000006Z",
        "facts": {"by": "made-up-owner", "number": index},
        "rows": [{"table": "keys", "row": {"id": "key-%d" % (index // 2), "version": index % 2 + 1,
                                           "state": "s%d" % index, "limits": {"a": [1, "b"]}, "end": None,
                                           "since": 1790000000000000 + index}}],
        "feed": [],
    }
    value.update(changes)
    return value


class Entry:
    """One entry; whatever is given replaces what would have been right."""

    def __init__(self, index, body=None, class_=b"key.issued", stamp=None, salt=None, leaf=None, line=None, **changes):
        self.salt = salt or hashlib.sha256(b"salt %d" % index).digest()
        body = canonical(payload(index, **changes)) if body is None else body
        commitment = v.commit(self.salt, class_, body)
        stamp = b"%d" % (1790000000000000 + index) if stamp is None else stamp
        self.leaf = leaf or b"sumun-leaf/v1\n" + class_ + b"\n" + stamp + b"\n" + commitment + b"\n"
        self.line = line or b'{"index":%d,"salt":"%s","payload":%s}\n' % (index, self.salt.hex().encode(), body)


def write(root, path, data):
    place = os.path.join(root, path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(data)


def read(root, path):
    with open(os.path.join(root, path), "rb") as file:
        return file.read()


def publish(root, entries, seed=SEED, origin=ORIGIN):
    """Write a whole folder; the leaf hashes."""
    hashes = [v.leaf_hash(entry.leaf) for entry in entries]
    for first in range(0, len(entries), 256):
        some = entries[first:first + 256]
        leaves = b"".join(len(one.leaf).to_bytes(2, "big") + one.leaf for one in some)
        write(root, v.bundle_path("tile/entries", first // 256, len(some)), leaves)
        write(root, v.bundle_path("payload", first // 256, len(some)), b"".join(one.line for one in some))
    level, row = 0, hashes
    while row:
        for first in range(0, len(row), 256):
            some = row[first:first + 256]
            write(root, v.bundle_path("tile/%d" % level, first // 256, len(some)), b"".join(some))
        row = [simple_root(row[at:at + 256]) for at in range(0, len(row) // 256 * 256, 256)]
        level += 1
    write(root, "vkey", key_text(seed, origin).encode() + b"\n")
    write(root, "checkpoint", checkpoint_bytes(len(entries), simple_root(hashes), seed, origin))
    return hashes


def files_of(root):
    return sorted(
        os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names
    )


# ---------------------------------------------------------------------------------------------------------------------


class Case(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="verify-ledger-")
        self.addCleanup(shutil.rmtree, self.place)
        self.root = os.path.join(self.place, "ledger")
        self.key = v.Key(VECTOR_KEY)

    def vector(self, name):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(os.path.join(DATA, name), self.root)

    def made(self, entries):
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        return publish(self.root, entries)

    def good(self, **given):
        return v.check_folder(self.root, self.key, **given)

    def refused(self, why=None, place=None, entry=None, **given):
        with self.assertRaises(v.Fault) as caught:
            v.check_folder(self.root, self.key, **given)
        fault = caught.exception
        if why is not None:
            self.assertIn(why, fault.what)
        if place is not None:
            self.assertEqual(place, fault.place)
        if entry is not None:
            self.assertEqual(entry, fault.entry)
        return fault

    def run_main(self, *argv):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = v.main([str(one) for one in argv], patience=0)
            except SystemExit as stop:
                code = stop.code
        return code, out.getvalue(), err.getvalue()


class Signatures(Case):
    # RFC 8032, 7.1, the first three.
    KNOWN = [
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
         "25bf5f0595bbe24655141438e7a100b"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c3"
         "87b2eaeb4302aeeb00d291612bb0c00"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
         "4a7c15e9716ed28dc027beceea1ec40a"),
    ]

    def test_known(self):
        for seed, public, message, signature in self.KNOWN:
            public, message, signature = map(bytes.fromhex, (public, message, signature))
            self.assertEqual(public_and_scalar(bytes.fromhex(seed))[0], public)
            self.assertEqual(sign(bytes.fromhex(seed), message), signature)
            self.assertTrue(v.signature_holds(public, message, signature))
            self.assertFalse(v.signature_holds(public, message + b"x", signature))
            for at in range(0, 64, 5):
                broken = bytearray(signature)
                broken[at] ^= 4
                self.assertFalse(v.signature_holds(public, message, bytes(broken)))
            for at in range(0, 32, 5):
                broken = bytearray(public)
                broken[at] ^= 4
                self.assertFalse(v.signature_holds(bytes(broken), message, signature))

    def test_other_spellings(self):
        public = public_and_scalar(SEED)[0]
        signature = sign(SEED, b"text")
        s = int.from_bytes(signature[32:], "little") + v.ORDER
        self.assertFalse(v.signature_holds(public, b"text", signature[:32] + s.to_bytes(32, "little")))
        self.assertFalse(v.signature_holds(public, b"text", signature + b"\0"))
        # The neutral point as key and as R, s = 0: holds for every message if small orders are let in.
        neutral = (1).to_bytes(32, "little")
        self.assertFalse(v.signature_holds(neutral, b"text", neutral + bytes(32)))
        self.assertIsNone(v.point_from((v.P + 1).to_bytes(32, "little")))
        self.assertIsNone(v.point_from((1 | 1 << 255).to_bytes(32, "little")))


class Keys(Case):
    def test_vector_key_is_ours(self):
        self.assertEqual(key_text(), VECTOR_KEY)

    def test_every_flip_is_refused(self):
        for at in range(len(VECTOR_KEY)):
            broken = VECTOR_KEY[:at] + chr(ord(VECTOR_KEY[at]) ^ 1) + VECTOR_KEY[at + 1:]
            with self.assertRaises(v.Unusable):
                v.Key(broken)

    def test_other_spellings(self):
        origin, id_, key = VECTOR_KEY.split("+", 2)
        for text in ("", origin, "+%s+%s" % (id_, key), "a b+%s+%s" % (id_, key),
                     "%s+%s+%s" % (origin, id_.upper(), key),
                     VECTOR_KEY + "\n", " " + VECTOR_KEY, VECTOR_KEY + "=", "%s+%s+%s" % (origin, id_, key[:-2])):
            with self.assertRaises(v.Unusable):
                v.Key(text)

    def test_base64_has_one_spelling(self):
        self.assertEqual(v.from_base64("AA=="), b"\0")
        for text in ("AB==", "AA=", "AA", "AA==\n", " AA==", "A-==", "AA==AA==", "\u0660A=="):
            self.assertIsNone(v.from_base64(text), text)


class Vectors(Case):
    def test_whole(self):
        for name, size, erased in (("three", 3, []), ("three-hundred", 300, [16])):
            self.vector(name)
            check = self.good()
            self.assertEqual((check.size, check.erased), (size, erased))
            self.assertEqual(check.feed_version(), size // 3 * 2 - bool(erased))

    def test_small_ones(self):
        self.vector("leftovers")
        check = self.good()
        self.assertEqual((check.size, check.superseded, check.unpublished), (5, 3, 2))
        for name, why, entry in (("emptied", "says erased", 1), ("wrong-class", "class", 1), ("wrong-at", "at is", 2)):
            self.vector(name)
            self.refused(why, "payload/000.p/3", entry)

    def test_governed_tables_are_the_documents(self):
        with open(os.path.join(HERE, "..", "..", "docs", "ledger-format.md"), encoding="utf-8") as file:
            self.assertIn("```text\n" + v.GOVERNED_TEXT + "```\n", file.read())
        self.assertEqual(v.GOVERNED["dead_keys"],
                         {"key": "", "state": "", "cause": "?", "ended_us": "#", "version": "#"})
        self.assertEqual(v.GOVERNED["canaries"]["expired_us"], "#?")
        self.assertEqual(v.GOVERNED["keys"]["version"], "#")

    def test_named_in_the_document(self):
        self.vector("three")
        leaves = read(self.root, "tile/entries/000.p/3")
        self.assertEqual(leaves[:16].hex(), "006e73756d756e2d6c6561662f76310a")
        class_, at, commitment = v.parse_leaf(leaves[2:112])
        self.assertEqual((class_, at), (b"key.requested", 1790000001000000))
        self.assertEqual(commitment, b"847d678f062c155281f34bd7117614c3e7015464413e5ba9108ecca6aad7e464")
        self.assertEqual(v.leaf_hash(leaves[2:112]).hex(),
                         "0310e6301c6b905a3e9fb1f0122ecc9df757bb89247a415cb96ec7f11a2df2a9")
        root = self.good().checkpoint.root.hex()
        self.assertEqual(root, "f9d8a95af9e52aff1946e868d9227f8669c13da615573467d3a35f8c0810ca8b")

    def flips(self, name, step):
        self.vector(name)
        tried = 0
        for path in files_of(self.root):
            data = read(self.root, path)
            for at in range(tried % step, len(data), step * SPARSE):
                broken = bytearray(data)
                broken[at] ^= (1, 0x20, 0x80, 0xFF)[(at // step) % 4]
                write(self.root, path, bytes(broken))
                fault = self.refused()
                # The file that was changed is the one that is blamed.
                self.assertEqual(path, fault.place, "byte %d: %s" % (at, fault))
                tried += 1
            write(self.root, path, data)
        self.good()
        return tried

    def test_every_byte_flipped_of_three(self):
        self.assertGreater(self.flips("three", 1), 1500 / SPARSE)

    def test_many_bytes_flipped_of_three_hundred(self):
        self.assertGreater(self.flips("three-hundred", 211), 500 / SPARSE)

    def test_each_file_deleted_emptied_cut_lengthened(self):
        for name in ("three", "three-hundred"):
            self.vector(name)
            for path in files_of(self.root):
                data = read(self.root, path)
                os.remove(os.path.join(self.root, path))
                self.refused("missing", place=path)
                os.mkdir(os.path.join(self.root, path))
                self.refused("not a plain file", place=path)
                os.rmdir(os.path.join(self.root, path))
                os.symlink(os.path.join(DATA, name, path), os.path.join(self.root, path))
                self.refused("not a plain file", place=path)
                os.remove(os.path.join(self.root, path))
                for broken in (b"", data[:-1], data[:len(data) // 2], data[1:], data + b"\0", data + b"\n", data + data,
                               data + data[-1:]):
                    write(self.root, path, broken)
                    self.refused(place=path)
                write(self.root, path, data)
            self.good()

    def test_hashes_swapped(self):
        self.vector("three-hundred")
        for path in ("tile/0/000", "tile/0/001.p/44"):
            data = read(self.root, path)
            for at in range(0, len(data) - 32, 32 * SPARSE):
                swapped = data[:at] + data[at + 32:at + 64] + data[at:at + 32] + data[at + 64:]
                write(self.root, path, swapped)
                self.refused(place=path)
            write(self.root, path, data)

    def test_lines_swapped_dropped_doubled(self):
        self.vector("three-hundred")
        for path, first in (("payload/000", 0), ("payload/001.p/44", 256)):
            data = read(self.root, path)
            lines = data.splitlines(keepends=True)
            for at in range(0, len(lines) - 1, 3 * SPARSE):
                for some in (lines[:at] + [lines[at + 1], lines[at]] + lines[at + 2:], lines[:at] + lines[at + 1:],
                             lines[:at] + [lines[at + 1]] + lines[at + 1:]):
                    write(self.root, path, b"".join(some))
                    self.refused(place=path, entry=first + at)
                some = lines[:at + 1] + lines[at:]
                write(self.root, path, b"".join(some))
                self.refused(place=path, entry=first + at + 1)
            write(self.root, path, data)

    def test_leaves_swapped_dropped(self):
        self.vector("three")
        path = "tile/entries/000.p/3"
        data = read(self.root, path)
        leaves, at = [], 0
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at:at + 2], "big")
            leaves.append(data[at:end])
            at = end
        for some, entry in (([1, 0, 2], 0), ([0, 2, 1], 1), ([0, 1], 2), ([1, 2], 0), ([0, 0, 1, 2], 1)):
            write(self.root, path, b"".join(leaves[one] for one in some))
            self.refused(place=path, entry=entry)

    def test_other_spellings_of_lines(self):
        self.vector("three-hundred")
        path = "payload/000"
        data = read(self.root, path)
        lines = data.splitlines(keepends=True)
        erased, first = lines[16], lines[0]
        salt = first[19:83]
        for at, line in (
            (16, erased[:-1] + b"\r\n"), (16, erased.replace(b":16", b": 16")), (16, erased.replace(b":16", b":016")),
            (16, erased.replace(b"true", b"false")), (16, erased.replace(b"}", b" }")),
            (16, erased.replace(b"16", b"18")), (16, b'{"erased":true,"index":16}\n'), (16, b"\n"),
            (0, first.replace(salt, salt.upper())), (0, first.replace(b',"salt"', b', "salt"')),
            (0, first.replace(b'"payload":', b'"payload": ')), (0, first[:-2] + b" }\n"), (0, first[:-1] + b" \n"),
            (0, first.replace(b'"why"', b'"\\u0077hy"')), (0, first.replace(salt, salt[:-2])),
            (0, first[:-2] + b',"more":1}\n'), (0, b"\xef\xbb\xbf" + first),
        ):
            self.assertNotEqual(line, lines[at])
            write(self.root, path, b"".join(lines[:at] + [line] + lines[at + 1:]))
            self.refused(place=path, entry=at)

    def test_an_emptied_line_is_named(self):
        self.vector("three-hundred")
        lines = read(self.root, "payload/000").splitlines(keepends=True)
        lines[40] = b'{"index":40,"erased":true}\n'
        write(self.root, "payload/000", b"".join(lines))
        self.refused("no later entry says so", "payload/000", 40)

    def test_files_that_do_not_belong(self):
        self.vector("three-hundred")
        for path in ("tile/0/000.p/256", "tile/0/001.p/044", "tile/0/1", "tile/0/000.p/0", "tile/7/000.p/1",
                     "tile/0/x000/000", "payload/.new", "notes.new", "tile/0/000.new.new", "notes.txt", "tile/01/000", "checkpoint.old",
                     "tile/0/001.p/44.tmp", "tile/0/000.p/12/3", "payload/\u0660\u0660\u0660"):
            place = os.path.join(self.root, path)
            if os.path.isdir(os.path.dirname(place)) and os.path.exists(place):
                continue
            before = set(files_of(self.root))
            write(self.root, path, b"x")
            self.refused("no such file belongs", place=path)
            os.remove(place)
            folder = os.path.dirname(place)
            while folder != self.root and not os.listdir(folder):
                os.rmdir(folder)
                folder = os.path.dirname(folder)
            self.assertEqual(before, set(files_of(self.root)))
        self.good()

    def test_what_a_stopped_publisher_leaves(self):
        self.vector("three-hundred")
        for path in ("tile/0/002", "tile/0/001", "tile/0/001.p/45", "tile/1/000", "tile/2/000.p/1", "payload/001",
                     "tile/entries/002.p/1", "payload/001.p/44.new", "checkpoint.new", "vkey.new", "tile/0/000.new"):
            write(self.root, path, b"x")
            self.assertEqual(self.good().unpublished, 1, path)
            os.remove(os.path.join(self.root, path))
            os.symlink("vkey", os.path.join(self.root, path))
            self.refused("not a plain file", path)
            os.remove(os.path.join(self.root, path))

    def test_links_and_pipes_that_do_not_belong(self):
        self.vector("three")
        os.symlink("vkey", os.path.join(self.root, "key"))
        self.refused("not a plain file", place="key")
        os.remove(os.path.join(self.root, "key"))
        os.mkfifo(os.path.join(self.root, "key"))
        self.refused("not a plain file", place="key")
        os.remove(os.path.join(self.root, "key"))
        os.remove(os.path.join(self.root, "payload/000.p/3"))
        os.mkfifo(os.path.join(self.root, "payload/000.p/3"))
        self.refused("not a plain file", place="payload/000.p/3")

    def test_partial_files_left_behind(self):
        self.vector("three-hundred")
        full = {kind: read(self.root, kind + "/000") for kind in ("tile/0", "tile/entries", "payload")}
        part = {kind: read(self.root, kind + "/001.p/44") for kind in full}

        def beginning(kind, data, width):
            if kind == "tile/0":
                return data[:32 * width]
            if kind == "payload":
                return b"".join(data.splitlines(keepends=True)[:width])
            at = 0
            for _ in range(width):
                at += 2 + int.from_bytes(data[at:at + 2], "big")
            return data[:at]

        for kind in full:
            for number, data, widths in ((0, full[kind], (1, 18, 255)), (1, part[kind], (1, 43))):
                for width in widths:
                    path = v.bundle_path(kind, number, width)
                    right = beginning(kind, data, width)
                    write(self.root, path, right)
                    self.good()
                    for wrong in (right[:-1], right + data[len(right):len(right) + 1], right + b"\0", b"",
                                  bytes([right[0] ^ 1]) + right[1:], right[:-1] + bytes([right[-1] ^ 1])):
                        write(self.root, path, wrong)
                        self.refused(place=path)
                    os.remove(os.path.join(self.root, path))

    def test_wrong_key(self):
        self.vector("three")
        self.key = v.Key(key_text(OTHER_SEED))
        self.refused(place="vkey")
        write(self.root, "vkey", self.key.text.encode() + b"\n")
        self.refused("no signature", place="checkpoint")

    def test_folders_mixed(self):
        for path in files_of(os.path.join(DATA, "three")):
            self.vector("three-hundred")
            data = read(os.path.join(DATA, "three"), path)
            if path == "vkey":
                continue
            write(self.root, path, data)
            if path == "checkpoint":
                # The larger log is a publisher's unfinished work then; the three files of three are not there.
                self.refused("missing")
            else:
                self.good()  # the beginning of the larger file, left behind


class Checkpoints(Case):
    def body(self, size="3", root=None):
        root = root or v.base64.b64encode(self.hashes_root).decode()
        return ("%s\n%s\n%s\n" % (ORIGIN, size, root)).encode()

    def setUp(self):
        super().setUp()
        self.hashes_root = simple_root(self.made([Entry(one) for one in range(3)]))

    def put(self, data):
        write(self.root, "checkpoint", data)

    def test_lines_by_others(self):
        body = self.body()
        own = signature_line(body).encode()
        other = signature_line(body, OTHER_SEED, "witness.example").encode()
        same_name = signature_line(body, OTHER_SEED).encode()
        for lines in (own + other, other + own, same_name + own, own + own, other + other + own + same_name,
                      own + other * 99):
            self.put(body + b"\n" + lines)
            self.good()
        broken = bytearray(v.base64.b64decode(own.split(b" ")[2]))
        broken[-1] ^= 1
        bad = b"\xe2\x80\x94 " + ORIGIN.encode() + b" " + v.base64.b64encode(bytes(broken)) + b"\n"
        for lines in (own + other * 100, own + other.replace(b"witness", b"wit+ness"),
                      own + other.replace(b"witness", b"w\xc3\xa9tness"), own + "\u2014 w AAAAAA==\n".encode(),
                      b"", other, same_name, bad, own + bad, bad + own, own[:-1], own + b"\n", own + b"text\n",
                      own.replace(b"\xe2\x80\x94", b"-"), own.replace(b" ", b"  "), own[:-1] + b" \n",
                      own.replace(b"=\n", b"\n"), own[:-1] + b"\r\n"):
            self.put(body + b"\n" + lines)
            self.refused(place="checkpoint")

    def test_signed_but_wrong(self):
        root = v.base64.b64encode(self.hashes_root).decode()
        for body, why in (
            (self.body("03"), "size"), (self.body("+3"), "size"), (self.body("3 "), "size"), (self.body(""), "size"),
            (self.body("-3"), "size"), (self.body("9007199254740992"), "size"), (self.body("\u0663"), "size"),
            (self.body(root=root[:-1]), "root"), (self.body(root=v.base64.b64encode(bytes(31)).decode()), "root"),
            (self.body(root=root.replace("=", "")), "root"), (self.body() + b"more\n", "three lines"),
            (self.body().replace(b"made-up", b"other"), "another log"), (self.body()[:-1], "three lines"),
            (self.body().replace(b"\n", b"\r\n"), "another log"),
        ):
            self.put(body + b"\n" + signature_line(body).encode())
            self.refused(why, place="checkpoint")

    def test_another_size_or_root_signed(self):
        for size in (1, 2):
            self.put(checkpoint_bytes(size, self.hashes_root))
            self.refused()
        self.put(checkpoint_bytes(4, self.hashes_root))
        self.refused("missing")
        self.put(checkpoint_bytes(v.LARGEST, self.hashes_root))
        self.refused("missing")
        self.put(checkpoint_bytes(0, self.hashes_root))
        self.refused("partial tiles", place="checkpoint")
        self.put(checkpoint_bytes(3, bytes(32)))
        self.refused("partial tiles", place="checkpoint")

    def test_older(self):
        entries = [Entry(one) for one in range(600)]
        hashes = self.made(entries)
        for size in (0, 1, 2, 3, 4, 127, 128, 255, 256, 257, 300, 511, 512, 513, 599, 600):
            since = v.Checkpoint(checkpoint_bytes(size, simple_root(hashes[:size])), self.key)
            self.assertEqual(self.good(since=since).since.size, size)
            since.root = bytes(32)
            self.refused("fork", since=since)
        since = v.Checkpoint(checkpoint_bytes(601, bytes(32)), self.key)
        self.refused("rolled back", place="checkpoint", since=since)

    def test_a_log_written_anew_is_a_fork(self):
        before = self.made([Entry(one) for one in range(280)])
        since = v.Checkpoint(checkpoint_bytes(280, simple_root(before)), self.key)
        self.made([Entry(one) for one in range(300)])
        self.good(since=since)
        self.made([Entry(one, facts={"by": "someone else"} if one == 100 else {"by": "made-up-owner", "number": one})
                   for one in range(300)])
        self.good()
        self.refused("fork", since=since)


class Made(Case):
    """Faults that a good signature covers, and sizes at the edges."""

    def test_sizes(self):
        entries = [Entry(one) for one in range(1030)]
        for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 1030):
            hashes = self.made(entries[:size])
            check = self.good()
            self.assertEqual((check.size, check.checkpoint.root), (size, simple_root(hashes)))
            for index in {0, size // 2, size - 1} if size else ():
                path = simple_path(hashes, index)
                self.assertEqual(v.climb(index, size, hashes[index], path), check.checkpoint.root)
                self.assertIsNone(v.climb(index, size, hashes[index], path + [bytes(32)]))
                if path:
                    self.assertIsNone(v.climb(index, size, hashes[index], path[:-1]))

    def test_paths(self):
        for number, path in ((7, "007"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")):
            self.assertEqual(v.bundle_path("tile/0", number), "tile/0/" + path)
        self.assertEqual(v.bundle_path("payload", 1000, 9), "payload/x001/000.p/9")

    def test_a_tall_log(self):
        """Over 65536 entries, so that there are full tiles at level 1, and fast enough."""
        if SPARSE > 1:
            self.skipTest("long")
        entries = [Entry(one) for one in range(65536 + 300)]
        self.made(entries)
        start = time.process_time()
        self.good()
        rate = len(entries) / (time.process_time() - start)
        print("%d entries per second" % rate, file=sys.stderr)
        for path in ("tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/0/255", "tile/0/256"):
            data = read(self.root, path)
            broken = bytearray(data)
            broken[len(data) // 2] ^= 1
            write(self.root, path, bytes(broken))
            self.refused(place=path)
            write(self.root, path, data)

    def one_wrong(self, why, **wrong):
        entries = [Entry(one) for one in range(5)]
        entries[3] = Entry(3, **wrong)
        self.made(entries)
        self.refused(why, entry=3)

    def test_leaves(self):
        good = Entry(3).leaf
        for leaf in (good[:-1], good + b"\n", good.replace(b"v1", b"v2"), good.replace(b"\n", b"\r\n"),
                     good[:-2] + b"g\n", good.replace(good[-65:], good[-65:].upper())):
            if leaf != good:
                self.one_wrong("spelled", leaf=leaf)
        for class_ in (b"key", b"Key.issued", b"key.issued.twice", b"key.", b".issued", b"1key.issued",
                       b"key.1", b"key issued", b"k\xc3\xa9y.issued", b"key.issued\n", b""):
            self.one_wrong("spelled", class_=class_)
        self.one_wrong("64 bytes", class_=b"a." + b"b" * 63)
        for stamp in (b"", b"-1", b"01790000000000003", b"1790000000000003.0", b"+1", b"1e15", b"9" * 19):
            self.one_wrong("spelled", stamp=stamp)
        self.one_wrong("too late", stamp=b"253402207200000001")
        self.one_wrong("before", stamp=b"1790000000000001")

    def test_times_at_the_edges(self):
        self.made([Entry(0, stamp=b"0"), Entry(1, stamp=b"0"), Entry(2, stamp=b"253402207200000000")])
        check = self.good()
        self.assertEqual((check.first_time, check.last_time), (0, v.LATEST))

    def test_longest_class(self):
        class_ = b"a." + b"b" * 62
        self.made([Entry(0, class_=class_, **{"class": class_.decode()})])
        self.good()

    def test_payload_spelling(self):
        right = canonical(payload(3))
        for body in (
            right.replace(b":3}", b": 3}"), right + b" ", b" " + right, right.replace(b'"v":1', b'"v":1.0'),
            right.replace(b'"v":1', b'"v":1e0'), right.replace(b'"v":1', b'"v":1,"v":1'), right[:-1], right + b"}", b"",
            right.replace(b'"number":3', b'"number":-0'), right.replace(b'"number":3', b'"number":9007199254740992'),
            right.replace(b'"number":3', b'"number":-9007199254740992'), right.replace(b'"number":3', b'"number":0.5'),
            right.replace(b'"number":3', b'"number":NaN'), right.replace(b'"number":3', b'"number":1e999'),
            right.replace(b'"number":3', b'"number":' + b"9" * 5000),
            right.replace(b"made-up-owner", b"made-up\\/owner"),
            right.replace(b"made-up-owner", b"\\u0041"), right.replace(b"made-up-owner", b"\\u001F"),
            right.replace(b"made-up-owner", b"\\u000a"), right.replace(b"made-up-owner", b"\\ud83d\\ude00"),
            right.replace(b"made-up-owner", b"\\ud800"), right.replace(b"made-up-owner", b"\xed\xa0\x80"),
            right.replace(b"made-up-owner", b"\xff"), right.replace(b"made-up-owner", b"\t"),
            right.replace(b"made-up-owner", b"\xc0\x80"), right.replace(b'"by"', b'"zz"'),
            b"\xef\xbb\xbf" + right, right.replace(b'"by"', b"by"), right.replace(b"[]", b"[,]"),
        ):
            self.assertNotEqual(body, right)
            self.one_wrong("payload", body=body)

    def test_payload_spelling_that_is_right(self):
        odd = "\u20ac\r\u0001\x7f\u2028\b\t\f\n\"\\/\U0001f600\ud7ff\ue000"
        self.made([
            Entry(0, facts={odd: odd, "n": [v.LARGEST, -v.LARGEST, 0, True, False, None, {}, []]}),
            # By code points the first would come first, by UTF-16 code units the second.
            Entry(1, body=canonical(payload(1)).replace(b'{"by":"made-up-owner","number":1}',
                                                        '{"\U0001f600":1,"\ufb33":2}'.encode())),
            Entry(2, facts={}, rows=[], feed=[{"key": "a"}, {"key": "b"}]),
        ])
        self.assertEqual(self.good().feed_version(), 1)
        self.made([Entry(0, body=canonical(payload(0)).replace(b'{"by":"made-up-owner","number":0}',
                                                               '{"\ufb33":2,"\U0001f600":1}'.encode()))])
        self.refused("canonical")

    def test_payload_form(self):
        for changes in (
            {"v": 2}, {"v": True}, {"v": "1"}, {"v": None}, {"more": 1}, {"class": "key.revoked"}, {"class": None},
            {"at": "2026-01-02T03:04:05Z"}, {"at": "2026-01-02T03:04:05.000006"}, {"at": 1}, {"at": None},
            {"at": "2026-01-02T03:04:05.000006+00:00"}, {"at": "2026-02-30T03:04:05.000006Z"},
            {"at": "2026-01-02T24:00:00.000000Z"}, {"at": "2026-01-02 03:04:05.000006Z"}, {"facts": []},
            {"at": "2026-01-02T03:04:05.000006Z\n"}, {"at": "2026-01-02t03:04:05.000006z"}, {"facts": None},
            {"rows": {}}, {"feed": {}}, {"feed": [1]}, {"rows": [1]}, {"rows": [{"table": "keys"}]},
            {"rows": [{"table": 1, "row": {"id": "a", "version": 1}}]}, {"rows": [{"table": "keys", "row": []}]},
            {"rows": [{"table": "keys", "row": {"id": "a"}}]},
            {"rows": [{"table": "keys", "row": {"id": "a", "version": 0}}]},
            {"rows": [{"table": "keys", "row": {"id": "a", "version": True}}]},
            {"rows": [{"table": "", "row": {"version": 1}}]}, {"feed": [{}]}, {"feed": [{"key": ""}]},
            {"feed": [{"key": "a"}, {"key": "a"}]}, {"feed": [{"key": 1}]}, {"at": "0000-01-02T03:04:05.000006Z"},
            {"at": "2026-01-02T03:04:60.000006Z"},
            {"rows": [{"table": "keys", "row": {"id": "a", "version": 1}, "more": 1}]},
        ):
            self.one_wrong("", **changes)
        for member in sorted(v.MEMBERS):
            body = payload(3)
            del body[member]
            self.one_wrong("six members", body=canonical(body))

    def test_payload_of_another_entry(self):
        entries = [Entry(one) for one in range(5)]
        entries[3].line = entries[2].line.replace(b'"index":2', b'"index":3')
        self.made(entries)
        self.refused("commitment", entry=3)

    def test_class_is_bound(self):
        """The same payload under another class in the leaf."""
        right = Entry(3)
        leaf = right.leaf.replace(b"key.issued", b"key.denied")
        self.one_wrong("commitment", leaf=leaf)

    def test_longest_payload(self):
        room = v.LONGEST_PAYLOAD - len(canonical(payload(0, facts={"a": ""})))
        self.made([Entry(0, facts={"a": "x" * room})])
        self.good()
        self.made([Entry(0, facts={"a": "x" * (room + 1)})])
        self.refused("16 MiB")
        self.made([Entry(0, facts={"a": "x" * (room + 1000)})])
        self.refused("too long")

    def test_nesting(self):
        right = canonical(payload(0))
        for depth, holds in ((94, True), (95, True), (96, False), (200000, False)):
            # The payload and its facts are two of the 96 objects and lists around the innermost list.
            body = right.replace(b'"made-up-owner"', b"[" * depth + b"]" * depth)
            self.made([Entry(0, body=body)])
            if holds:
                self.good()
            else:
                self.refused("nested")

    def erased(self, size, erased, **facts):
        """Entries of which some are erased; the last owns up to one."""
        entries = [Entry(one) for one in range(size)]
        for index in erased:
            entries[index] = Entry(index, line=b'{"index":%d,"erased":true}\n' % index)
        if facts:
            entries.append(Entry(size, class_=b"payload.erased", rows=[], facts=facts, **{"class": "payload.erased"}))
        return entries

    def test_erasures_are_owned_up_to(self):
        self.made(self.erased(5, [2], index=2, feed=True, reason="made up"))
        self.assertEqual(self.good().feed_version(), 1)
        self.made(self.erased(5, [2], index=2, feed=False, reason="made up"))
        self.assertEqual(self.good().feed_version(), 0)
        for facts in ({}, {"index": 3}, {"index": "2"}, {"index": True}, {"index": None}, {"index": [2]}):
            self.made(self.erased(5, [2], **facts))
            self.refused("no later entry", "payload/000.p/%d" % (6 if facts else 5), 2)
        entries = self.erased(5, [2], index=2, feed=False)
        # Told before it was written; told by an entry that was erased itself; told in another class.
        early = [entries[0], entries[1], entries[5], entries[3], Entry(4, line=b'{"index":4,"erased":true}\n')]
        early[2] = Entry(2, class_=b"payload.erased", rows=[], facts={"index": 4}, **{"class": "payload.erased"})
        self.made(early)
        self.refused("no later entry", entry=4)
        late = entries[:5] + [Entry(5, class_=b"payload.erased", line=b'{"index":5,"erased":true}\n')]
        self.made(late)
        self.refused("no later entry", entry=2)
        self.made(entries[:5] + [Entry(5, rows=[], facts={"index": 2})])
        self.refused("no later entry", entry=2)

    def test_random_damage(self):
        """Several faults at once, and pieces of one file in another."""
        chance = random.Random(20260920)
        self.made([Entry(one) for one in range(290)])
        files = {path: read(self.root, path) for path in files_of(self.root)}
        for _ in range(150 // SPARSE):
            path, other = chance.choice(list(files)), chance.choice(list(files))
            data = bytearray(files[path])
            start, length = chance.randrange(len(data)), chance.randrange(1, 40)
            source = chance.randrange(len(files[other]))
            data[start:start + length] = files[other][source:source + chance.choice((length, length, length + 1, 0))]
            if bytes(data) == files[path]:
                continue
            write(self.root, path, bytes(data))
            self.assertEqual(self.refused().place, path)
            write(self.root, path, files[path])
        self.good()

    def test_growth_while_reading(self):
        entries = [Entry(one) for one in range(300)]
        self.made(entries[:290])
        grown = os.path.join(self.place, "grown")
        os.makedirs(grown)
        publish(grown, entries)
        real, calls = v.Check.partial_tiles, []

        def grow(check):
            if not calls:
                calls.append(1)
                shutil.rmtree(self.root)
                shutil.copytree(grown, self.root)
            real(check)

        v.Check.partial_tiles = grow
        try:
            # What growth takes away was held open, so the log as it stood is still found whole.
            self.assertEqual(self.good().size, 290)
        finally:
            v.Check.partial_tiles = real
        self.assertEqual(self.good().size, 300)

    def test_growth_between_first_looks(self):
        entries = [Entry(one) for one in range(300)]
        self.made(entries[:290])
        grown = os.path.join(self.place, "grown")
        os.makedirs(grown)
        publish(grown, entries)
        real, calls = v.Check.partial_paths, []

        def grow(check):
            if not calls:
                calls.append(1)
                shutil.rmtree(self.root)
                shutil.copytree(grown, self.root)
            return real(check)

        v.Check.partial_paths = grow
        try:
            self.assertEqual(self.good().size, 300)
        finally:
            v.Check.partial_paths = real


class Rows(Case):
    def setUp(self):
        super().setUp()
        self.entries = [Entry(one) for one in range(40)]
        self.made(self.entries)
        self.file = os.path.join(self.place, "data base?#%.sqlite")
        self.database = None
        self.fill(40)

    def fill(self, size):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.file)
        base = sqlite3.connect(self.file)
        base.execute("CREATE TABLE keys (id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT, limits TEXT,"
                     " end INTEGER, since INTEGER) WITHOUT ROWID")
        base.execute("CREATE TABLE others (id TEXT PRIMARY KEY, version INTEGER)")
        base.execute("CREATE TABLE unversioned (a)")
        base.execute("INSERT INTO unversioned VALUES (1)")
        rows = {}
        for index in range(size):
            row = payload(index)["rows"][0]["row"]
            rows[row["id"]] = row
        for row in rows.values():
            base.execute("INSERT INTO keys VALUES (:id, :version, :state, :limits, :end, :since)",
                         dict(row, limits=v.encode_slowly(row["limits"])))
        base.commit()
        base.close()

    def alter(self, statement, *values):
        self.fill(40)
        base = sqlite3.connect(self.file)
        base.execute(statement, values)
        base.commit()
        base.close()

    def compare(self, governed=None):
        database = v.Database(self.file)
        try:
            return v.check_folder(self.root, self.key, None, lambda: v.Rebuild(database, governed or TABLES)).rebuild
        finally:
            database.close()

    def differs(self, place, why="", governed=None):
        with self.assertRaises(v.Fault) as caught:
            self.compare(governed)
        self.assertIn(place, caught.exception.place)
        self.assertIn(why, caught.exception.what)

    def test_agrees(self):
        before = read(self.place, self.file)
        rebuild = self.compare()
        self.assertEqual(rebuild.compared, 20)
        self.assertEqual(before, read(self.place, self.file))
        self.assertEqual(sorted(os.listdir(self.place)), sorted(["ledger", os.path.basename(self.file)]))

    def test_differs(self):
        for statement, place in (
            ("UPDATE keys SET state = 'x' WHERE id = 'key-7'", "row key-7, column state"),
            ("UPDATE keys SET state = NULL WHERE id = 'key-7'", "column state"),
            ("UPDATE keys SET state = CAST(state AS BLOB) WHERE id = 'key-7'", "column state"),
            ("UPDATE keys SET end = 0 WHERE id = 'key-7'", "column end"),
            ("UPDATE keys SET since = since + 1 WHERE id = 'key-7'", "column since"),
            ("UPDATE keys SET since = 'soon' WHERE id = 'key-7'", "column since"),
            ("UPDATE keys SET limits = '{\"a\":[1]}' WHERE id = 'key-7'", "column limits"),
            ("UPDATE keys SET limits = '{' WHERE id = 'key-7'", "column limits"),
            ("UPDATE keys SET limits = '{\"a\":[true,\"b\"]}' WHERE id = 'key-7'", "column limits"),
            ("UPDATE keys SET version = 1 WHERE id = 'key-7'", "column version"),
            ("UPDATE keys SET version = 3 WHERE id = 'key-7'", "row key-7"),
            ("UPDATE keys SET id = 'key-x' WHERE id = 'key-7'", "row key-x"),
            ("DELETE FROM keys WHERE id = 'key-7'", "row key-7"),
            ("INSERT INTO keys VALUES ('key-y', 1, 's', '{}', NULL, 0)", "row key-y"),
            ("UPDATE keys SET limits = ' {\"a\" : [1, \"b\"]} ' WHERE id = 'key-7'", "column limits"),
            ("ALTER TABLE keys ADD COLUMN more TEXT DEFAULT 'm'", "table keys"),
            ("ALTER TABLE keys DROP COLUMN since", "table keys"),
            ("ALTER TABLE keys RENAME TO keys2", "table keys"),
        ):
            with self.subTest(statement):
                if "DROP COLUMN" in statement and sqlite3.sqlite_version_info < (3, 35):
                    continue
                self.alter(statement)
                self.differs(place)

    def test_tables_that_the_document_does_not_name(self):
        self.compare()
        self.differs("payload/000", "not governed", governed={"others": {"id": "", "version": "#"}})
        self.differs("table absent", governed=dict(TABLES, absent={"id": "", "version": "#"}))

    def test_rows_have_their_tables_columns(self):
        row = payload(0)["rows"][0]["row"]
        less = {name: value for name, value in row.items() if name != "end"}
        for wrong in (dict(row, more=None), less, dict(row, state=None), dict(row, state=1), dict(row, end=True),
                      dict(row, since="1"), dict(row, id="")):
            self.made([Entry(0, rows=[{"table": "keys", "row": wrong}])])
            self.differs("payload/000.p/1")
        self.made([Entry(0, rows=[{"table": "keys", "row": row}] * 2)])
        self.differs("payload/000.p/1", "twice")

    def test_the_feed(self):
        tables = dict(TABLES, feed_keys={"key": "", "feed_version": "#", "record": "{}", "version": "#"})
        records = {3: ["a", "b"], 5: ["a"], 6: ["b"], 9: ["a"]}

        def entry(index):
            if index == 10:
                return Entry(10, class_=b"payload.erased", rows=[], facts={"index": 5, "feed": True},
                             **{"class": "payload.erased"})
            line = b'{"index":5,"erased":true}\n' if index == 5 else None
            return Entry(index, rows=[], line=line, feed=[{"key": key, "n": index} for key in records.get(index, [])])

        def fill(*rows):
            base = sqlite3.connect(self.file)
            base.execute("DELETE FROM keys")
            base.execute("DROP TABLE IF EXISTS feed_keys")
            base.execute("CREATE TABLE feed_keys (key TEXT, feed_version INTEGER, record TEXT, version INTEGER)")
            base.executemany("INSERT INTO feed_keys VALUES (?, ?, ?, ?)", rows)
            base.commit()
            base.close()

        self.made([entry(one) for one in range(11)])
        a, b = ("a", 4, '{"key":"a","n":9}', 3), ("b", 3, '{"key":"b","n":6}', 2)
        fill(a, b)
        self.assertEqual(self.compare(tables).compared, 2)
        for wrong, place in ((("a", 3) + a[2:], "column feed_version"), (a[:2] + ("{}", 3), "column record"),
                             (a[:3] + (4,), "column version"), (a[:3] + (1,), "column version")):
            fill(wrong, b)
            self.differs(place, governed=tables)
        fill(a)
        self.differs("row b", "gone", governed=tables)

    def test_versions_must_count(self):
        row = payload(9)["rows"][0]["row"]
        for version in (1, 3, 4):
            entries = list(self.entries)
            entries[9] = Entry(9, rows=[{"table": "keys", "row": dict(row, version=version)}])
            self.made(entries)
            self.differs("payload/000", "version")
        entries[9] = Entry(9, rows=[{"table": "keys", "row": dict(row, id="new")}])
        self.made(entries)
        self.differs("payload/000", "version 2 of row new")

    def test_erased_entries(self):
        def written(*erased):
            entries = list(self.entries)
            for index in erased:
                entries[index] = Entry(index, line=b'{"index":%d,"erased":true}\n' % index)
            for index in erased:
                entries.append(Entry(len(entries), class_=b"payload.erased", rows=[], facts={"index": index},
                                     **{"class": "payload.erased"}))
            self.made(entries)

        # 8 wrote key-4 first, 9 last. Without 8 the row still comes from 9; what 9 wrote must not be erased.
        written(8)
        self.assertEqual(self.compare().compared, 20)
        written(9)
        self.differs("row key-4, column")
        written(8, 9)
        self.differs("row key-4", "no entry wrote it")

    def test_write_ahead_mode(self):
        base = sqlite3.connect(self.file)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("UPDATE keys SET state = 'x' WHERE id = 'key-7'")
        base.commit()
        self.differs("row key-7, column state")
        base.close()
        before = sorted(os.listdir(self.place))
        self.differs("row key-7, column state")
        self.assertEqual(before, sorted(os.listdir(self.place)))

    def test_no_database(self):
        for path in (self.place, os.path.join(self.place, "absent"), os.path.join(self.root, "vkey")):
            with self.assertRaises(v.Unusable):
                v.Database(path)


class Proofs(Case):
    def proof(self, name="three"):
        return os.path.join(DATA, name + ".tlog-proof")

    def put(self, name, data):
        write(self.place, name, data)
        return os.path.join(self.place, name)

    def test_vectors(self):
        for name, index in (("three", 1), ("three-hundred", 257)):
            root = os.path.join(DATA, name)
            proved = v.check_proof(self.proof(name), self.key, root)
            self.assertEqual((proved["entry"], proved["payload"]), (index, "proved"))
            leaf, line = v.entry_from_folder(root, index)
            leaf_file, line_file = self.put("leaf", leaf), self.put("line", line)
            for given in ({}, {"leaf_path": leaf_file}):
                self.assertEqual(v.check_proof(self.proof(name), self.key, **given)["payload"], "not given")
                proved = v.check_proof(self.proof(name), self.key, payload_path=line_file, **given)
                self.assertEqual((proved["payload"], proved["class"]), ("proved", v.parse_leaf(leaf)[0].decode()))
            text = b"\n".join(one for one in read(DATA, name + ".tlog-proof").split(b"\n") if one[:6] != b"extra ")
            bare = self.put("bare", text)
            self.assertEqual(v.check_proof(bare, self.key, leaf_path=leaf_file)["entry"], index)
            with self.assertRaises(v.Unusable):
                v.check_proof(bare, self.key, payload_path=line_file)
        self.assertEqual(v.check_proof(self.proof(), self.key, payload_path=os.path.join(DATA, "three.payload"))["entry"], 1)

    def test_consistency(self):
        path = os.path.join(DATA, "three-hundred.consistency.json")
        since = v.Checkpoint(read(DATA, "three-witnessed.checkpoint"), self.key)
        self.assertEqual(v.check_consistency(path, self.key, since)["extends"], 3)
        answer = json.loads(read(DATA, "three-hundred.consistency.json"))
        for changes in ({"from": 4}, {"to": 299}, {"proof": answer["proof"][1:]}, {"proof": answer["proof"][::-1]},
                        {"proof": answer["proof"] + answer["proof"][:1]}, {"proof": []}, {"proof": ["AA=="]},
                        {"checkpoint": "x"}, {"checkpoint": None}):
            with self.assertRaises(v.Fault):
                v.check_consistency(self.put("answer", json.dumps(dict(answer, **changes)).encode()), self.key, since)
        since.root = bytes(32)
        with self.assertRaises(v.Fault):
            v.check_consistency(path, self.key, since)

    def test_consistency_of_all_small_sizes(self):
        hashes = [v.leaf_hash(b"%d" % one) for one in range(20)]

        def path(m, some, whole):
            """RFC 6962, 2.1.2."""
            if m == len(some):
                return [] if whole else [simple_root(some)]
            k = 1 << (len(some) - 1).bit_length() - 1
            if m <= k:
                return path(m, some[:k], whole) + [simple_root(some[k:])]
            return path(m - k, some[k:], False) + [simple_root(some[:k])]

        for new in range(21):
            for old in range(new + 1):
                proof = path(old, hashes[:new], True) if 0 < old < new else []
                trees = (old, simple_root(hashes[:old])), (new, simple_root(hashes[:new]))
                self.assertTrue(v.consistent(*trees, proof), (old, new))
                self.assertFalse(v.consistent(*trees, proof + [bytes(32)]))
                self.assertFalse(v.consistent((old, bytes(32)), trees[1], proof))
                if proof:
                    self.assertFalse(v.consistent(*trees, proof[:-1]))
                    self.assertFalse(v.consistent(trees[0], (new, bytes(32)), proof))

    def test_every_byte_flipped(self):
        for name, step in (("three", 1), ("three-hundred", 3)):
            root, data = os.path.join(DATA, name), read(DATA, name + ".tlog-proof")
            for at in range(0, len(data), step * SPARSE):
                broken = bytearray(data)
                broken[at] ^= 1 if at % 2 else 0x20
                with self.assertRaises((v.Fault, v.Unusable)):
                    v.check_proof(self.put("proof", bytes(broken)), self.key)

    def test_line_and_leaf_flipped(self):
        root = os.path.join(DATA, "three")
        leaf, line = v.entry_from_folder(root, 1)
        for at in range(0, len(leaf), SPARSE):
            broken = bytearray(leaf)
            broken[at] ^= 1
            with self.assertRaises(v.Fault):
                v.check_proof(self.proof(), self.key, leaf_path=self.put("leaf", bytes(broken)))
        for at in range(0, len(line), SPARSE):
            broken = bytearray(line)
            broken[at] ^= 1
            # Where the index itself is hit, there is no line of this entry at all; a lost line end is put back.
            with self.assertRaises((v.Fault, v.Unusable)):
                v.check_proof(self.proof(), self.key, root, payload_path=self.put("line", bytes(broken)))

    def test_other_spellings(self):
        root, data = os.path.join(DATA, "three"), read(DATA, "three.tlog-proof")
        data = b"\n".join(one for one in data.split(b"\n") if one[:6] != b"extra ")
        lines = data.split(b"\n")
        v.check_proof(self.put("proof", data.replace(b"index", b"extra AAAA\nindex")), self.key, root)
        for broken in (
            data.replace(b"\n", b"\r\n"), data.replace(b"@v1", b"@v2"), data.replace(b"index 1", b"index 01"),
            data.replace(b"index 1", b"index 3"), data.replace(b"index 1", b"index 0"),
            data.replace(b"index 1", b"index 2"),
            data.replace(b"index", b"extra A\nindex"), data.replace(b"index", b"extra \nindex"), data.replace(b"index", b"extra AAAA\nextra AAAA\nindex"),
            data[1:], data[:-1], data + b"\n", b"\n".join(lines[:2] + lines[3:]), b"\n".join(lines[:3] + lines[2:]),
            b"\n".join(lines[:2] + [lines[3], lines[2]] + lines[4:]), b"", b"\xff",
            data.replace(b"index 1\n", b""), data.replace(b"index 1\n", b"index 1\n\n"),
        ):
            with self.assertRaises(v.Fault):
                v.check_proof(self.put("proof", broken), self.key, root)

    def test_one_entry_alone(self):
        entry = Entry(0)
        hashes = self.made([entry])
        text = b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + checkpoint_bytes(1, hashes[0])
        self.assertEqual(v.check_proof(self.put("proof", text), self.key, self.root)["payload"], "proved")
        text = text.replace(b"index 0", b"index 1")
        with self.assertRaises(v.Fault):
            v.check_proof(self.put("proof", text), self.key, leaf_path=self.put("leaf", entry.leaf))


class CommandLine(Case):
    def test_codes(self):
        three, hundred = os.path.join(DATA, "three"), os.path.join(DATA, "three-hundred")
        vkey = os.path.join(three, "vkey")
        for argv, code in (
            ([three, "--vkey", VECTOR_KEY], 0), ([three, "--vkey", vkey, "--json"], 0),
            ([hundred, "--vkey", vkey, "--since", os.path.join(three, "checkpoint")], 0),
            ([three, "--vkey", vkey, "--since", os.path.join(hundred, "checkpoint")], 1),
            ([three, "--vkey", key_text(OTHER_SEED)], 1),
            ([three, "--vkey", VECTOR_KEY, "--proof", three + ".tlog-proof", "--json"], 0),
            (["--vkey", VECTOR_KEY, "--proof", three + ".tlog-proof"], 0),
            (["--vkey", VECTOR_KEY, "--proof", three + ".tlog-proof", "--payload", three + ".payload"], 0),
            (["--vkey", VECTOR_KEY, "--consistency", hundred + ".consistency.json"], 2),
            (["--vkey", VECTOR_KEY, "--consistency", hundred + ".consistency.json", "--since",
              three + "-witnessed.checkpoint"], 0),
            (["--vkey", VECTOR_KEY, "--proof", vkey], 1), (["--vkey", VECTOR_KEY, "--proof", self.root], 2),
            ([self.root, "--vkey", VECTOR_KEY], 2), ([three, "--vkey", "nonsense"], 2), ([three], 2), ([], 2),
            (["--vkey", VECTOR_KEY], 2), ([three, "--vkey", VECTOR_KEY, "--payload", vkey], 2),
            ([three, "--vkey", VECTOR_KEY, "--since", vkey], 2), ([three, "--vkey", VECTOR_KEY, "--sqlite", vkey], 2),
            ([three, "--vkey", VECTOR_KEY, "--since", "absent"], 2), ([three, "--vkey", VECTOR_KEY, "--unknown"], 2),
        ):
            self.assertEqual(self.run_main(*argv)[0], code, argv)

    def test_json_names_the_place(self):
        self.vector("three")
        data = read(self.root, "payload/000.p/3")
        write(self.root, "payload/000.p/3", data.replace(b"key-000", b"key-001"))
        code, out, _ = self.run_main(self.root, "--vkey", VECTOR_KEY, "--json")
        verdict = json.loads(out)
        self.assertEqual((code, verdict["verdict"], verdict["place"], verdict["entry"], verdict["byte"]),
                         (1, "fault", "payload/000.p/3", 0, 0))

    def test_names_of_strangers_are_printed_safely(self):
        self.vector("three")
        with open(os.path.join(os.fsencode(self.root), b"\xff\x1b[2J\n"), "wb"):
            pass
        code, _, err = self.run_main(self.root, "--vkey", VECTOR_KEY)
        self.assertEqual(code, 1)
        self.assertNotIn("\x1b", err)
        self.assertEqual(err.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
