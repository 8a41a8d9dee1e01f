"""Learns, by running them, what each client library makes of a refusal; checks the checked-in table against that.

    python probe_refusals.py --check ../../crates/dialect/data/upbit-refusals.toml   every row of the table, exit 1 on a difference
    python probe_refusals.py --candidates                                            statuses and names one might choose from

Every observation is a real client answered by `stub_server.py` with exactly the bytes in question.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import pathlib
import sys
import tomllib

from driver_process import Driver
from stub_server import Answer, StubServer, StubWebSocket

ORDER = {"op": "order", "market": "KRW-BTC", "side": "buy", "kind": "limit", "price": "50000000", "quantity": "0.001"}
BALANCE = {"op": "balance"}

CANDIDATES = [
    (401, "error", "jwt_verification"), (401, "error", "invalid_query_payload"), (401, "error", "invalid_access_key"),
    (401, "error", "nonce_used"), (401, "error", "no_authorization_ip"), (401, "error", "no_authorization_i_p"),
    (401, "error", "no_authorization_token"), (401, "error", "expired_access_key"), (401, "error", "out_of_scope"),
    (403, "error", "out_of_scope"), (403, "error", "no_authorization_ip"), (403, "flat", "out_of_scope"),
    (404, "error", "not_found"), (404, "flat", "not_found"), (413, "error", "validation_error"), (413, "flat", "validation_error"),
    (400, "error", "validation_error"), (418, "error", "too_many_requests"), (418, "flat", "too_many_requests"),
    (429, "error", "too_many_requests"), (429, "flat", "too_many_requests"), (429, "text", "Too many API requests."),
    (503, "error", "server_error"), (503, "flat", "server_error"), (503, "text", "unavailable"),
]


def render(shape: str, name: str, message: str) -> bytes:
    """The body as the gate renders it: compact, UTF-8, in this field order."""
    inner = {"name": name, "message": message}
    value = {"error": inner} if shape == "error" else inner
    return name.encode() if shape == "text" else json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def raised(reply: dict) -> str:
    """The class raised, or how data came back."""
    return "returns data" if reply["ok"] else reply["exception"].rsplit(".", 1)[1]


def pyupbit_outcome(reply: dict) -> str:
    """In the table's closed vocabulary."""
    if not reply["ok"]:
        return "raises " + reply["exception"].rsplit(".", 1)[1]
    returned, printed = reply["result"]["returned"], reply["printed"].strip()
    if returned is None:
        return f"prints {printed} and returns None"
    if isinstance(returned, dict) and "error" in returned:
        return "returns the error object"
    if isinstance(returned, dict) and set(returned) == {"name", "message"}:
        return "returns the flat object"
    return "returns " + json.dumps(returned)


class Clients:
    def __init__(self) -> None:
        self.stub = StubServer()
        url = self.stub.url
        self._sync = Driver("ccxt_driver.py", url)
        self._async = Driver("ccxt_driver.py", url, "--mode", "async")
        self._sdk = Driver("upbit_sdk_driver.py", url)
        self._pyupbit = Driver("pyupbit_driver.py", url)

    def observe(self, status: int, shape: str, name: str, message: str) -> dict[str, str]:
        body = render(shape, name, message)
        self.stub.answer = Answer(status, body, **({"content_type": "text/plain"} if shape == "text" else {}))
        seen = {
            "ccxt": {raised(driver.ask(op)) for driver in (self._sync, self._async) for op in (BALANCE, ORDER)},
            "upbit_sdk": {raised(self._sdk.ask(op)) for op in (BALANCE, ORDER)},
            "pyupbit_read": {pyupbit_outcome(self._pyupbit.ask(BALANCE))},
            "pyupbit_order": {pyupbit_outcome(self._pyupbit.ask(ORDER))},
        }
        return {field: " / ".join(sorted(outcomes)) for field, outcomes in seen.items()}

    def stop(self) -> None:
        for driver in (self._sync, self._async, self._sdk, self._pyupbit):
            driver.stop()
        self.stub.stop()


def websocket_outcome(reply: dict, frame: str) -> str:
    """What one `ws_subscribe` or `ws_next` showed the library's user."""
    if not reply["ok"]:
        return raised(reply)
    event = reply["result"]
    if "closed" in event:
        return event["closed"]["exception"].rsplit(".", 1)[1]
    if "timeout" in event:
        return "stays pending"
    return "returns the frame" if event["message"] == json.loads(frame) else json.dumps(event)


def observe_websocket(table: dict) -> dict[str, str]:
    """The `[websocket]` fields, both libraries side by side."""
    libraries = {"ccxt_pro": "ccxt_pro_driver.py", "upbit_sdk": "upbit_sdk_driver.py"}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        seen = pool.map(lambda item: observe_library(table, *item), libraries.items())
        return {field: value for fields in seen for field, value in fields.items()}


def observe_library(table: dict, library: str, file: str) -> dict[str, str]:
    """What one library makes of a refused message, a close, a refused upgrade."""
    http, socket = StubServer(), StubWebSocket()
    subscribe = {"op": "ws_subscribe", "types": ["myAsset"]}
    frames, closes, upgrades = set(), set(), set()
    for row in table["refusal"]:
        socket.frame = row["frame"]
        for close, outcomes in ((None, frames), ((table["close_code"], table["close_reason"]), closes)):
            socket.close = close
            driver = Driver(file, http.url, "--ws-url", socket.url)
            driver.ask(subscribe)
            # Silence can only be seen by waiting for it.
            outcome = websocket_outcome(driver.ask({"op": "ws_next", "timeout_s": 1.5}), row["frame"])
            if close and outcome == "returns the frame":
                outcome = websocket_outcome(driver.ask({"op": "ws_closed", "timeout_s": 5}), row["frame"])
            outcomes.add(outcome)
            driver.stop()
    for status in (401, 403, 418, 429, 503):
        http.answer = Answer(status, render("error", "jwt_verification", "A made-up sentence."))
        driver = Driver(file, http.url, "--ws-url", http.url.replace("http", "ws", 1))
        upgrades.add(websocket_outcome(driver.ask(subscribe), ""))
        driver.stop()
    http.stop()
    socket.stop()
    outcomes = {"frame": frames, "close": closes, "upgrade": upgrades}
    return {f"{library}_{field}": " / ".join(sorted(seen)) for field, seen in outcomes.items()}


def check(clients: Clients, path: pathlib.Path) -> int:
    table = tomllib.loads(path.read_text("utf-8"))
    differences = 0
    for field, value in observe_websocket(table["websocket"]).items():
        if table["websocket"].get(field) != value:
            differences += 1
            print(f"websocket: {field} is {value!r}, the table says {table['websocket'].get(field)!r}")
    for row in table["refusal"]:
        seen = clients.observe(row["status"], row["body"], row["name"], row["message"])
        for field, value in seen.items():
            if row.get(field) != value:
                differences += 1
                print(f"{row['reason']}: {field} is {value!r}, the table says {row.get(field)!r}")
    print(f"{differences} differences", file=sys.stderr)
    return 1 if differences else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", type=pathlib.Path, metavar="TABLE")
    what.add_argument("--candidates", action="store_true")
    arguments = parser.parse_args()
    clients = Clients()
    try:
        if arguments.check:
            return check(clients, arguments.check)
        for status, shape, name in CANDIDATES:
            print(status, shape, name, json.dumps(clients.observe(status, shape, name, "A made-up sentence.")))
        for name in ("expired_access_key", "nonce_used"):
            print(401, "error", name, "This key has expired.", json.dumps(clients.observe(401, "error", name, "This key has expired.")))
            print(401, "error", name, "… (jwt_verification)", json.dumps(clients.observe(401, "error", name, "A sentence (jwt_verification).")))
        return 0
    finally:
        clients.stop()


if __name__ == "__main__":
    sys.exit(main())
