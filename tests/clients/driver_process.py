"""A driver as a child process, for the scripts in this folder."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Driver:
    """Started at once; ended by `stop`. The key and secret default to made-up ones."""

    def __init__(self, file: str, base_url: str, *more: str, access_key: str = "PROBExACCESS",
                 secret: str = "PROBExSECRETxPROBExSECRETxPROBExSECRETxx") -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / file), "--base-url", base_url, "--access-key", access_key, "--secret", secret, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request: dict) -> dict:
        """One operation, one answer."""
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver ended during {request}")
        return json.loads(line)

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
