#!/usr/bin/env python3
"""Ninety days of logs through `sumun backfill`, and into a running control plane: rate, memory, size of the state, time to take it up.

    cargo xtask bench assess --keys 100000 --lines 750000 --activity 13 --days 7 --write-only --folder DIR
    bench/backfill.py --sumun target/release/sumun --exports DIR --work FOLDER

The generator's days are told over and over, each time later and under other ids, until there are as many as asked for: what a key does comes
again every few days. They lie as two fronts would leave them: a file a day, packed. Nothing but Python's own library is needed.
"""

import argparse
import csv
import gzip
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

DAY_S = 86_400
FRONTS = 2
SETTINGS = """[backfill]
work = "backfill"

[[table]]
file = "keys.csv"
map = "keys-csv"

[[table]]
file = "accounts.csv"
map = "accounts-csv"
"""
READ = """
[[read]]
name = "front-{n}"
files = "front-{n}/access.json*"
map = "nginx-json"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_logs(export: Path, folder: Path, days: int) -> tuple[int, int]:
    """The generator's lines, so often that they last for so many days before this midnight. Lines and bytes, unpacked."""
    with gzip.open(export, "rt", encoding="utf-8") as source:
        lines = [(float(line[9 : line.index('"', 9)]), line) for line in source]
    first = lines[0][0] // DAY_S * DAY_S
    span = (lines[-1][0] // DAY_S + 1) * DAY_S - first
    end = int(time.time()) // DAY_S * DAY_S
    written, size = 0, 0
    for n in range(FRONTS):
        (folder / f"front-{n}").mkdir(parents=True)
    out, named = [None] * FRONTS, None
    begin, told = end - days * DAY_S, 0
    while begin + told * span < end:
        shift = begin + told * span - first
        for at, line in lines:
            ts = at + shift
            if ts >= end:
                break
            day = datetime.fromtimestamp(ts, timezone.utc).strftime("%Y%m%d")
            if day != named:
                for file in filter(None, out):
                    file.close()
                named = day
                out = [gzip.open(folder / f"front-{n}/access.json-{day}.gz", "wb", 1) for n in range(FRONTS)]
            rest = line[line.index('"', 9) :].replace('"request_id":"', f'"request_id":"{told}.', 1)
            text = f'{{"msec":"{ts:.6f}{rest}'.encode()
            out[written % FRONTS].write(text)
            written, size = written + 1, size + len(text)
        told += 1
    for file in filter(None, out):
        file.close()
    for path in folder.glob("front-*/*.gz"):
        day = datetime.strptime(path.stem.rsplit("-", 1)[1], "%Y%m%d").replace(tzinfo=timezone.utc).timestamp()
        os.utime(path, (day + DAY_S, day + DAY_S))
    return written, size


def write_keys(export: Path, to: Path) -> None:
    """The generator's keys without their ends, which lie in its own time: months later each use of a third of them would be a finding."""
    with open(export, newline="", encoding="utf-8") as source, open(to, "w", newline="", encoding="utf-8") as out:
        rows = csv.DictReader(source)
        table = csv.DictWriter(out, rows.fieldnames)
        table.writeheader()
        table.writerows(row | {"expires_at": ""} for row in rows)


def peak_kib(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sumun", required=True, type=Path, help="the program")
    parser.add_argument("--exports", required=True, type=Path, help="folder the generator wrote")
    parser.add_argument("--work", required=True, type=Path, help="an empty folder for logs and state")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--shards", help="threads of detection [default: as many as there are processors]")
    asked = parser.parse_args()
    sumun, work = str(asked.sumun.resolve()), asked.work
    work.mkdir(parents=True, exist_ok=True)
    if any(work.iterdir()):
        sys.exit(f"`{work}` is not empty; name another folder")
    say = lambda text: print(f"{datetime.now(timezone.utc):%H:%M:%S}  {text}", flush=True)

    plain = asked.exports / "plain"
    shutil.copy(plain / "accounts.csv", work / "accounts.csv")
    write_keys(plain / "keys.csv", work / "keys.csv")
    lines, size = write_logs(plain / "access.log.gz", work, asked.days)
    packed = sum(path.stat().st_size for path in work.glob("front-*/*.gz"))
    files = len(list(work.glob("front-*/*.gz")))
    say(f"{lines} lines, {size / 1e9:.2f} GB, packed {packed / 1e9:.2f} GB, {files} files")

    (work / "sumun.toml").write_text(
        f'[gate]\nlisten = "127.0.0.1:{free_port()}"\nupstream = "http://127.0.0.1:9"\n'
        f'[govern]\nlisten = "127.0.0.1:{free_port()}"\n[seal]\nkey_file = "kek.txt"\n'
    )
    (work / "backfill.toml").write_text(SETTINGS + "".join(READ.format(n=n) for n in range(FRONTS)))
    subprocess.run(
        [sumun, "init", "--admin", "alice@example.test", "--second", "bob@example.test", "--json"],
        cwd=work, check=True, stdout=subprocess.DEVNULL,
    )
    command = [sumun, "backfill", "--history", "backfill.toml", "--json"]
    command += ["--shards", asked.shards] if asked.shards else []
    began, used, peak = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN), 0
    with open(work / "done.json", "wb") as done, open(work / "told.txt", "wb") as told:
        child = subprocess.Popen(command, cwd=work, stdout=done, stderr=told)
        while child.poll() is None:
            peak = max(peak, peak_kib(child.pid))
            time.sleep(0.2)
    took = time.monotonic() - began
    if child.returncode != 0:
        sys.exit(f"`sumun backfill` failed: {(work / 'told.txt').read_text()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    read = json.loads((work / "done.json").read_text())
    say(f"back-fill: {read['lines']} lines with tables, {read['keys']} keys, {read['signals']} signals, "
        f"{read['refused']} refused, {read['late']} late, {read['repeated']} repeated, {read['holes']} holes")
    say(f"took {took:.0f} s, {read['lines'] / took:.0f} lines/s, processor time {cpu:.0f} s, memory at most {peak / 1024:.0f} MiB")
    if read["refused"] or read["holes"] or read["late"] or read["repeated"]:
        sys.exit("lines are missing: these figures are of no whole run")
    staged = work / "sumun-data/detect/backfill.staged"
    say(f"staged state {staged.stat().st_size / 2**20:.0f} MiB, {staged.stat().st_size / max(read['keys'], 1):.0f} bytes a key; "
        f"findings {(work / 'backfill/findings.ndjson').stat().st_size / 2**20:.1f} MiB")

    began, peak = time.monotonic(), 0
    with open(work / "serve.txt", "wb") as told:
        child = subprocess.Popen([sumun, "serve"], cwd=work, stdout=told, stderr=subprocess.STDOUT)
    try:
        while "is taken up" not in (work / "serve.txt").read_text(errors="replace"):
            if child.poll() is not None or time.monotonic() - began > 600:
                sys.exit(f"history was not taken up: {(work / 'serve.txt').read_text()[-2000:]}")
            peak = max(peak, peak_kib(child.pid))
            time.sleep(0.05)
        say(f"`sumun serve` took it up within {time.monotonic() - began:.1f} s of its start, with {peak / 1024:.0f} MiB")
    finally:
        child.terminate()
        child.wait()


if __name__ == "__main__":
    main()
