"""Proves every operation of every driver against the mock exchange: the library's call works, and does what it says.

    python check_drivers.py [--mock ../../target/debug/mock-exchange]

The mock verifies signatures, parameter hashes and nonces itself here. Exit 1 if an operation fails, does the wrong thing, or was
not tried: a new operation of a driver needs a line here.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import time
import urllib.request

from driver_process import HERE, Driver

KEY = {"access_key": "MOCKxACCESSxKEYxA1xK1", "secret": "MOCKxSECRETxKEYxA1xK1x0000000000000000"}
MARKET = "KRW-BTC"
ORDER = {"op": "order", "market": MARKET, "side": "buy", "kind": "limit", "price": "50000000", "quantity": "0.001"}
# Crosses the mock's lowest ask, so that it trades at once.
TAKER = {**ORDER, "price": "95001000"}


class Mock:
    def __init__(self, binary: pathlib.Path) -> None:
        self._process = subprocess.Popen([binary, "--verify"], stdout=subprocess.PIPE, text=True)
        bound = json.loads(self._process.stdout.readline())
        self.url = "http://" + bound["listen"]
        self._control = "http://" + bound["control"]

    def requests(self) -> list[dict]:
        with urllib.request.urlopen(self._control + "/_mock/requests") as answer:
            return json.load(answer)

    def reset(self) -> None:
        urllib.request.urlopen(urllib.request.Request(self._control + "/_mock/reset", method="POST")).close()

    def wait_for_message(self, text: str) -> None:
        """Until a WebSocket message with this text has arrived."""
        deadline = time.monotonic() + 10
        while not any(entry["kind"] == "websocket_message" and text in entry["body"] for entry in self.requests()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"no WebSocket message with {text} arrived")
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(5)


class Check:
    """One driver's run. `ask` notes what was tried and demands that it went well."""

    def __init__(self, name: str, mock: Mock, file: str, *more: str) -> None:
        self.name, self.mock, self.failures, self._tried = name, mock, [], set()
        self._driver = Driver(file, mock.url, *more, **KEY)

    def raw(self, request: dict) -> dict:
        self._tried.add(request["op"])
        return self._driver.ask(request)

    def expect(self, truth, what: str, seen=None) -> None:
        if not truth:
            self.failures.append(f"{self.name}: {what}" + (f": {json.dumps(seen, ensure_ascii=False)[:300]}" if seen is not None else ""))

    def ask(self, op: str, **arguments):
        reply = self.raw({"op": op, **arguments})
        self.expect(reply["ok"], f"{op} failed", reply)
        result = reply.get("result")
        if isinstance(result, dict) and "returned" in result:
            result = result["returned"]
            self.expect(result is not None and "error" not in (result if isinstance(result, dict) else {}), f"{op} went wrong", reply)
        return result

    def finish(self) -> list[str]:
        untried = set(self._driver.ask({"op": "ops"})["result"]) - self._tried
        self.expect(not untried, f"never tried: {sorted(untried)}")
        self._driver.stop()
        return self.failures


def identity(order: dict) -> str:
    """Upbit's id of an order or transfer, whatever the library calls it."""
    return order.get("uuid") or order["id"]


def rows(listing) -> list:
    """The upbit SDK wraps some lists in a page."""
    return listing["items"] if isinstance(listing, dict) and "items" in listing else listing


def locked_won(balance) -> float:
    if isinstance(balance, dict):
        return float(balance["KRW"]["used"])
    return float(next(row["locked"] for row in balance if row["currency"] == "KRW"))


def common_operations(check: Check, ccxt: bool, pyupbit: bool) -> None:
    check.expect(check.ask("hello")["version"], "no version")
    check.expect(check.ask("markets") == ["KRW-BTC", "KRW-ETH", "KRW-XRP"], "wrong markets")
    for op in ("ticker", "orderbook", "candles", "chance"):
        check.ask(op, market=MARKET)
    check.ask("candles", market=MARKET, timeframe="1d")

    order = check.ask(**ORDER)
    check.expect(locked_won(check.ask("balance")) == 50_025, "the order's money is not locked")
    check.expect([identity(row) for row in rows(check.ask("open_orders", market=MARKET))] == [identity(order)], "it is not open")
    check.expect(identity(check.ask("get_order", id=identity(order))) == identity(order), "another order came back")
    check.ask("cancel", id=identity(order))
    check.expect(locked_won(check.ask("balance")) == 0, "the cancelled order's money is still locked")
    check.ask(**TAKER)
    check.ask("order", market=MARKET, side="buy", kind="market", cost="20000", **({"quantity": "0"} if ccxt else {}))
    check.ask("order", market=MARKET, side="sell", kind="market", quantity="0.0005")
    check.expect(len(rows(check.ask("closed_orders", market=MARKET))) >= 3, "trades are not listed")

    network = {} if pyupbit else {"net_type": "BTC"}
    withdrawal = check.ask("withdraw", asset="BTC", amount="0.01", address="made-up-address-btc", **network)
    check.expect(identity(check.ask("withdrawal", id=identity(withdrawal), asset="BTC")) == identity(withdrawal), "another withdrawal")
    check.ask("withdraw", asset="KRW", amount="10000")
    check.expect(len(rows(check.ask("withdrawals", asset="BTC"))) == 1, "the withdrawal is not listed")
    check.expect(len(check.ask("api_keys")) == 2, "keys are missing")
    check.expect(len(check.ask("wallet_status")) == 3, "wallets are missing")

    too_much = check.raw({**ORDER, "quantity": "10"})
    check.expect("nsufficient" in json.dumps(too_much), "more than there is was ordered", too_much)


def more_operations(check: Check) -> None:
    """What all but pyupbit have."""
    check.expect(check.ask("trades", market=MARKET), "no trades")
    order = check.ask(**ORDER)
    check.ask("edit", id=identity(order), market=MARKET, side="buy", price="51000000", quantity="0.003")
    check.expect(check.ask("cancel_open", market=MARKET)["success"]["count"] == 1, "the edited order was not open")
    check.expect(len(check.ask("deposit_addresses")) == 3, "addresses are missing")
    check.expect(len(rows(check.ask("deposits", asset="BTC"))) == 1, "the deposit is not listed")


def socket_operations(check: Check, types: list[str]) -> None:
    check.ask("ws_subscribe", types=types)
    check.mock.wait_for_message('"myOrder"')
    check.ask(**TAKER)
    missing, events = set(types), []
    while missing:
        events.append(check.ask("ws_next", timeout_s=5))
        if "message" not in events[-1]:
            break
        missing -= {kind for kind in missing if f'"{kind}"' in json.dumps(events[-1])}
    check.expect(not missing, f"no {sorted(missing)} came", events)
    check.ask("ws_close")


def ccxt(mock: Mock, mode: str) -> list[str]:
    check = Check(f"ccxt {mode}", mock, "ccxt_driver.py", "--mode", mode, "--source-address", "127.0.0.2")
    common_operations(check, ccxt=True, pyupbit=False)
    more_operations(check)
    check.expect(check.ask("canceled_orders", market=MARKET), "the cancelled order is not listed")
    return check.finish()


def ccxt_pro(mock: Mock) -> list[str]:
    check = Check("ccxt.pro", mock, "ccxt_pro_driver.py", "--source-address", "127.0.0.2")
    common_operations(check, ccxt=True, pyupbit=False)
    more_operations(check)
    check.ask("canceled_orders", market=MARKET)
    socket_operations(check, ["myAsset", "myOrder", "myTrade"])
    check.expect("timeout" in check.ask("ws_closed", timeout_s=0), "closed by itself")
    return check.finish()


def upbit_sdk(mock: Mock) -> list[str]:
    check = Check("upbit-sdk", mock, "upbit_sdk_driver.py", "--source-address", "127.0.0.2")
    common_operations(check, ccxt=False, pyupbit=False)
    more_operations(check)
    order = check.ask(**ORDER)
    check.expect(len(check.ask("orders_by_uuids", ids=[identity(order)])) == 1, "not found by uuid")
    check.expect(check.ask("cancel_by_uuids", ids=[identity(order)])["success"]["count"] == 1, "not cancelled by uuid")
    check.ask("withdraw_chance", asset="BTC", net_type="BTC")
    check.expect(len(check.ask("withdraw_addresses")) == 3, "addresses are missing")
    check.ask("ws_connect")
    check.ask("ws_ping")
    check.expect("UP" in json.dumps(check.ask("ws_next")), "no answer to PING")
    socket_operations(check, ["myAsset", "myOrder"])
    check.expect("closed" in check.ask("ws_closed"), "still open")
    return check.finish()


def pyupbit(mock: Mock) -> list[str]:
    check = Check("pyupbit", mock, "pyupbit_driver.py", "--source-address", "127.0.0.2")
    common_operations(check, ccxt=False, pyupbit=True)
    check.expect(check.ask("balance_of", asset="ETH") == 10, "wrong balance")
    deposit = "00000004-0000-4000-8000-000000000001"
    check.expect(identity(check.ask("deposit", id=deposit, asset="BTC")) == deposit, "another deposit")
    # The library asks for `//v1/deposits`, which nobody here knows.
    double = check.raw({"op": "deposits", "asset": "BTC"})
    check.expect(double["result"]["returned"] is None and double["printed"] == "UpbitError\n", "two slashes", double)
    return check.finish()


def raw(mock: Mock) -> list[str]:
    check = Check("raw", mock, "raw_driver.py", "--source-address", "127.0.0.2")

    def request(status: int, name: str | None = None, **arguments) -> None:
        result = check.ask("request", **arguments)
        seen = (result["status"], (json.loads(result["body"]).get("error", {}) if result["body"].startswith("{") else {}).get("name"))
        check.expect(seen == (status, name), f"{arguments} gave {seen}")

    market = {"path": "/v1/orders/chance", "query": "market=KRW-BTC"}
    body = '{"market":"KRW-BTC","side":"bid","ord_type":"limit","price":"50000000","volume":"0.001"}'
    check.ask("hello")
    request(200)
    request(200, auth={"alg": "HS512"})
    request(200, **market)
    request(201, method="POST", path="/v1/orders", body=body)
    request(401, "no_authorization_token", auth={"kind": "none"})
    request(401, "jwt_verification", auth={"kind": "raw", "value": "Bearer x.y.z"})
    request(401, "jwt_verification", auth={"tamper": True})
    request(401, "jwt_verification", auth={"alg": "none"})
    request(401, "jwt_verification", auth={"secret": "wrong"})
    request(401, "invalid_access_key", auth={"access_key": "nobody"})
    request(401, "invalid_query_payload", **market, auth={"query_hash": None})
    request(401, "invalid_query_payload", **market, auth={"hash_of": "market=KRW-ETH"})
    request(400, "validation_error", method="POST", path="/v1/orders", body_bytes=100_000)
    token = check.ask("token")["value"]
    request(200, auth={"kind": "raw", "value": token})
    request(401, "nonce_used", auth={"kind": "raw", "value": token})
    check.expect(check.ask("burst", count=5, request={})["statuses"] == {"200": 5}, "a burst failed")
    parts = [{"data": "GET /v1/market/all HTTP/1.1\r\nHost: made-up\r\n"}, {"data": "Connection: close\r\n\r\n"}]
    answer = check.ask("send", parts=parts)
    check.expect(answer["received"].startswith("HTTP/1.1 200 OK") and answer["ended"] == "closed", "raw bytes", answer)
    check.expect(check.ask("ws_connect", auth={"tamper": True})["status"] == 401, "a bad token was upgraded")
    check.expect(check.ask("ws_connect")["status"] == 101, "not upgraded")
    for message, said in (({"text": "PING"}, "UP"), ({"fragments": ['[{"ticket":"t"},', '{"type":"odd"}]']}, "INVALID_PARAM"), ({"hex": "00"}, "WRONG_FORMAT")):
        check.ask("ws_send", **message)
        check.expect(said in json.dumps(check.ask("ws_next")), f"{message} was not answered with {said}")
    check.ask("ws_subscribe", types=["myAsset"])
    check.ask("ws_close")
    check.expect("closed" in check.ask("ws_closed"), "still open")
    return check.finish()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mock", type=pathlib.Path, default=HERE.parents[1] / "target/debug/mock-exchange")
    arguments = parser.parse_args()
    mock = Mock(arguments.mock.resolve())
    failures = []
    try:
        for run in (lambda: ccxt(mock, "sync"), lambda: ccxt(mock, "async"), lambda: ccxt_pro(mock),
                    lambda: upbit_sdk(mock), lambda: pyupbit(mock), lambda: raw(mock)):
            mock.reset()
            failures += run()
            peers = {entry["peer"].split(":")[0] for entry in mock.requests() if entry["peer"]}
            if peers != {"127.0.0.2"}:
                failures.append(f"requests came from {peers}, not from the address bound")
    finally:
        mock.stop()
    for failure in failures:
        print(failure)
    print(f"{len(failures)} failures", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
