"""The JSON-lines loop every driver shares: one operation in, one answer out.

A driver wraps one real client library, unmodified, and lets a test drive it from another process. This file holds what
is the same for all of them: arguments, the loop, how a value or an exception is written. It never signs, retries or
interprets anything: what the library did is what is reported.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import decimal
import inspect
import io
import json
import os
import queue
import sys
import traceback
from typing import Any, Callable

# A developer's proxy settings must not carry loopback requests away.
for _name in list(os.environ):
    if _name.lower() in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"):
        del os.environ[_name]


class DriverError(Exception):
    """The driver was asked for something it does not have; the library was not called."""


def parse_config(description: str | None, extra: Callable[[argparse.ArgumentParser], None] | None = None):
    """Arguments every driver takes. Each may also come from the environment variable named in its help."""
    env = os.environ
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--base-url", default=env.get("DRIVER_BASE_URL"), help="e.g. http://127.0.0.1:8080; DRIVER_BASE_URL")
    parser.add_argument("--ws-url", default=env.get("DRIVER_WS_URL"), help="e.g. ws://127.0.0.1:8080; default: from the base URL; DRIVER_WS_URL")
    parser.add_argument("--access-key", default=env.get("DRIVER_ACCESS_KEY"), help="DRIVER_ACCESS_KEY")
    parser.add_argument("--secret", default=env.get("DRIVER_SECRET"), help="DRIVER_SECRET (prefer the variable: arguments show in process lists)")
    parser.add_argument("--source-address", default=env.get("DRIVER_SOURCE_ADDRESS"), help="local address to bind, e.g. 127.0.0.2; DRIVER_SOURCE_ADDRESS")
    parser.add_argument("--timeout-s", type=float, default=float(env.get("DRIVER_TIMEOUT_S", "10")), help="per request; DRIVER_TIMEOUT_S")
    if extra:
        extra(parser)
    config = parser.parse_args()
    for name in ("base_url", "access_key", "secret"):
        if not getattr(config, name):
            parser.error(f"--{name.replace('_', '-')} (or DRIVER_{name.upper()}) is needed")
    config.base_url = config.base_url.rstrip("/")
    config.ws_url = (config.ws_url or "ws" + config.base_url.removeprefix("http")).rstrip("/")
    return config


def exception_name(error: BaseException) -> str:
    """Full name of the class, e.g. `ccxt.base.errors.AuthenticationError`."""
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}"


def plain(value: Any) -> Any:
    """The value as JSON can hold it; model objects of a library become their own dictionaries."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "items") and isinstance(value.items, list):
        return plain(value.items)
    return str(value)


def failure(error: BaseException, **more: Any) -> dict[str, Any]:
    """The answer for an exception, with the ancestors that tell its kind."""
    ancestors = [kind.__name__ for kind in type(error).__mro__[1:] if kind not in (object, BaseException, Exception)]
    try:
        message = str(error)
    except Exception as nested:  # some libraries' exceptions cannot print themselves
        message = f"<unprintable: {type(nested).__name__}>"
    return {"ok": False, "exception": exception_name(error), "ancestors": ancestors, "message": message, **more}


class Events:
    """What arrived on a WebSocket, in order: messages, then at most one `closed`. Filled by any thread."""

    def __init__(self) -> None:
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self._closed: dict[str, Any] | None = None

    def message(self, value: Any) -> None:
        self._queue.put({"message": plain(value)})

    def closed(self, **how: Any) -> None:
        self._queue.put({"closed": how})

    def next(self, timeout_s: float) -> dict[str, Any]:
        """The next message, `{"closed": …}` once and for ever after the end, or `{"timeout": true}`."""
        if self._closed is not None:
            return self._closed
        try:
            event = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return {"timeout": True}
        if "closed" in event:
            self._closed = event
        return event

    def until_closed(self, timeout_s: float, now: Callable[[], float]) -> dict[str, Any]:
        """Skips messages until the end of the stream or the timeout."""
        deadline = now() + timeout_s
        while True:
            event = self.next(max(0.0, deadline - now()))
            if "message" not in event:
                return event


@contextlib.contextmanager
def captured_prints():
    """What the library prints while it runs (pyupbit prints instead of raising)."""
    buffer = io.StringIO()
    with contextlib.redirect_stdout(buffer):
        yield buffer


def operations(client: Any) -> dict[str, Callable[..., Any]]:
    return {name[3:]: method for name, method in inspect.getmembers(client, callable) if name.startswith("op_")}


def described(client: Any) -> dict[str, Any]:
    """The driver's operations and their parameters, for `ops`."""
    return {name: list(inspect.signature(method).parameters) for name, method in operations(client).items()}


def answer(client: Any, line: str) -> dict[str, Any]:
    """Runs one operation. A returned dictionary with `ok` is the answer itself; anything else is its result."""
    try:
        request = json.loads(line)
        name = request.pop("op")
        if name == "ops":
            return {"ok": True, "result": described(client), "printed": ""}
        method = operations(client).get(name)
        if method is None:
            raise DriverError(f"unknown op {name!r}; known: {', '.join(sorted(operations(client)))}")
    except Exception as error:
        return failure(error)
    try:
        with captured_prints() as printed:
            result = method(**request)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        if os.environ.get("DRIVER_TRACE"):
            traceback.print_exc()
        return failure(error, printed=printed.getvalue())
    if isinstance(result, dict) and "ok" in result:
        return result
    return {"ok": True, "result": plain(result), "printed": printed.getvalue()}


def serve(client: Any) -> None:
    """Answers lines from standard input until it ends. Stray prints go to standard error, never into the answers."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        for line in sys.stdin:
            if not line.strip():
                continue
            wire.write(json.dumps(answer(client, line), ensure_ascii=False) + "\n")
            wire.flush()
    finally:
        close = getattr(client, "close", None)
        if close:
            close()
