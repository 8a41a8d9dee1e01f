"""Drives pyupbit 0.2.34, unmodified.

Base URL: the library has its host written into every call and uses `requests.get` and its siblings, which make a fresh
`requests.Session` each time. So the default transport adapter of `requests` is replaced by one that sends what was meant
for the exchange's host to the base URL instead; path, query, headers and body pass as the library wrote them.
Source address: the same adapter's `source_address`.

Answers: `result.returned` is what the call returned. pyupbit's order calls catch every exception, print its class name
and return `None`; what was printed is in `printed`.
"""

from __future__ import annotations

import importlib.metadata
import urllib.parse

import pyupbit
import requests.adapters
import requests.sessions

import common

EXCHANGE_HOST = "api.upbit.com"


def redirect(base_url: str, source_address: str | None) -> None:
    base = urllib.parse.urlsplit(base_url)
    default_adapter = requests.adapters.HTTPAdapter

    class RedirectAdapter(default_adapter):
        def init_poolmanager(self, *args, **kwargs):
            if source_address:
                kwargs["source_address"] = (source_address, 0)
            return super().init_poolmanager(*args, **kwargs)

        def send(self, request, **kwargs):
            url = urllib.parse.urlsplit(request.url)
            if url.hostname != EXCHANGE_HOST:
                raise common.DriverError(f"refusing to send to {url.hostname}")
            request.url = urllib.parse.urlunsplit(url._replace(scheme=base.scheme, netloc=base.netloc))
            return super().send(request, **kwargs)

    requests.sessions.HTTPAdapter = RedirectAdapter


class Client:
    def __init__(self, config) -> None:
        redirect(config.base_url, config.source_address)
        self._client = pyupbit.Upbit(config.access_key, config.secret)

    def op_hello(self):
        return {"library": "pyupbit", "version": importlib.metadata.version("pyupbit")}

    def op_balance(self):
        """`get_balances`, which lets exceptions through."""
        return {"returned": self._client.get_balances()}

    def op_balance_of(self, asset="KRW"):
        """`get_balance`, which catches, prints and returns `None`."""
        return {"returned": self._client.get_balance(asset)}

    def op_order(self, market, side, kind="limit", price=None, quantity=None, cost=None):
        client = self._client
        if kind == "limit":
            call = client.buy_limit_order if side == "buy" else client.sell_limit_order
            return {"returned": call(market, price, quantity)}
        if side == "buy":
            return {"returned": client.buy_market_order(market, cost)}
        return {"returned": client.sell_market_order(market, quantity)}

    def op_cancel(self, id):
        return {"returned": self._client.cancel_order(id)}

    def op_get_order(self, id):
        return {"returned": self._client.get_individual_order(id)}

    def op_open_orders(self, market):
        """`get_order(market)`: the older listing route, `GET /v1/orders` with parameters in a form body."""
        return {"returned": self._client.get_order(market)}

    def op_closed_orders(self, market):
        return {"returned": self._client.get_order(market, state="done")}

    def op_chance(self, market):
        return {"returned": self._client.get_chance(market)}

    def op_withdraw(self, asset, amount, address=None, secondary_address=None):
        if asset == "KRW":
            return {"returned": self._client.withdraw_cash(str(amount))}
        more = {"secondary_address": secondary_address} if secondary_address else {}
        return {"returned": self._client.withdraw_coin(asset, amount, address, **more)}

    def op_withdrawals(self, asset="KRW"):
        return {"returned": self._client.get_withdraw_list(asset)}

    def op_withdrawal(self, id, asset):
        return {"returned": self._client.get_individual_withdraw_order(id, asset)}

    def op_deposits(self, asset="KRW"):
        """The library asks for `//v1/deposits`, with two slashes."""
        return {"returned": self._client.get_deposit_list(asset)}

    def op_deposit(self, id, asset):
        return {"returned": self._client.get_individual_deposit_order(id, asset)}

    def op_api_keys(self):
        return {"returned": self._client.get_api_key_list()}

    def op_wallet_status(self):
        return {"returned": self._client.get_deposit_withdraw_status()}

    def op_markets(self):
        return {"returned": pyupbit.get_tickers()}

    def op_ticker(self, market):
        return {"returned": pyupbit.get_current_price(market)}

    def op_orderbook(self, market):
        return {"returned": pyupbit.get_orderbook(market)}

    def op_candles(self, market, timeframe="1m"):
        interval = {"1d": "day"}.get(timeframe, "minute" + timeframe.removesuffix("m"))
        frame = pyupbit.get_ohlcv(market, interval=interval, count=5)
        return {"returned": None if frame is None else frame.reset_index().astype(str).to_dict("records")}


if __name__ == "__main__":
    common.serve(Client(common.parse_config(__doc__)))
