"""Drives ccxt 4.5.90, the synchronous client or (`--mode async`) the asynchronous one, both unmodified.

Base URL: `exchange.urls['api']`, ccxt's own way to point a client elsewhere.
Source address: sync, a `requests` adapter with `source_address` mounted on `exchange.session`; async, an `aiohttp`
session whose connector has `local_addr`, given to the constructor as `session`.
"""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import ccxt
import ccxt.async_support
import requests.adapters

import common


class SourceAdapter(requests.adapters.HTTPAdapter):
    """An ordinary adapter whose connections leave from a chosen local address."""

    def __init__(self, source_address: str) -> None:
        self._source = (source_address, 0)
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        return super().init_poolmanager(*args, source_address=self._source, **kwargs)


def settings(config) -> dict:
    return {
        "apiKey": config.access_key,
        "secret": config.secret,
        "enableRateLimit": False,
        "timeout": int(config.timeout_s * 1000),
        "urls": {"api": {"public": config.base_url, "private": config.base_url, "ws": config.ws_url + "/websocket/v1"}},
    }


def aiohttp_session(config) -> aiohttp.ClientSession:
    """A session that may be bound to a local address; must be made inside the event loop."""
    local = (config.source_address, 0) if config.source_address else None
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=local, family=socket.AF_INET), trust_env=False)


def symbol(market: str) -> str:
    quote, base = market.split("-")
    return f"{base}/{quote}"


class UnifiedOps:
    """The operations in ccxt's unified words. `_run` makes an awaitable's result of them where the client is async."""

    exchange: ccxt.Exchange

    def _run(self, value):
        return value

    def op_hello(self):
        return {"library": "ccxt", "version": ccxt.__version__, "mode": type(self).__name__}

    def op_balance(self):
        return self._run(self.exchange.fetch_balance())

    def op_order(self, market, side, kind="limit", price=None, quantity=None, cost=None, identifier=None, time_in_force=None):
        params = {}
        if identifier:
            params["clientOrderId"] = identifier
        if cost:
            params["cost"] = cost
        if time_in_force:
            params["timeInForce"] = time_in_force.upper()
        number = lambda text: None if text is None else float(text)
        return self._run(self.exchange.create_order(symbol(market), kind, side, number(quantity), number(price), params))

    def op_cancel(self, id):
        return self._run(self.exchange.cancel_order(id))

    def op_edit(self, id, market, side, price, quantity):
        return self._run(self.exchange.edit_order(id, symbol(market), "limit", side, float(quantity), float(price)))

    def op_get_order(self, id):
        return self._run(self.exchange.fetch_order(id))

    def op_open_orders(self, market=None):
        return self._run(self.exchange.fetch_open_orders(symbol(market) if market else None))

    def op_closed_orders(self, market=None):
        return self._run(self.exchange.fetch_closed_orders(symbol(market) if market else None))

    def op_canceled_orders(self, market=None):
        return self._run(self.exchange.fetch_canceled_orders(symbol(market) if market else None))

    def op_cancel_open(self, market=None):
        return self._run(self.exchange.privateDeleteOrdersOpen({"pairs": market} if market else {}))

    def op_chance(self, market):
        return self._run(self.exchange.fetch_trading_fee(symbol(market)))

    def op_withdraw(self, asset, amount, address=None, net_type=None, secondary_address=None):
        params = {"network": net_type} if net_type else {}
        return self._run(self.exchange.withdraw(asset, float(amount), address, secondary_address, params)
                         if secondary_address else self.exchange.withdraw(asset, float(amount), address, params=params))

    def op_withdrawals(self, asset=None):
        return self._run(self.exchange.fetch_withdrawals(asset))

    def op_withdrawal(self, id, asset=None):
        return self._run(self.exchange.fetch_withdrawal(id, asset))

    def op_deposits(self, asset=None):
        return self._run(self.exchange.fetch_deposits(asset))

    def op_deposit_addresses(self):
        return self._run(self.exchange.fetch_deposit_addresses())

    def op_api_keys(self):
        return self._run(self.exchange.privateGetApiKeys())

    def op_wallet_status(self):
        return self._run(self.exchange.privateGetStatusWallet())

    def op_markets(self):
        return [market["id"] for market in self._run(self.exchange.fetch_markets())]

    def op_ticker(self, market):
        return self._run(self.exchange.fetch_ticker(symbol(market)))

    def op_orderbook(self, market):
        return self._run(self.exchange.fetch_order_book(symbol(market)))

    def op_trades(self, market):
        return self._run(self.exchange.fetch_trades(symbol(market)))

    def op_candles(self, market, timeframe="1m"):
        return self._run(self.exchange.fetch_ohlcv(symbol(market), timeframe))


class Sync(UnifiedOps):
    def __init__(self, config) -> None:
        self.exchange = ccxt.upbit(settings(config))
        self.exchange.session.trust_env = False
        if config.source_address:
            for scheme in ("http://", "https://"):
                self.exchange.session.mount(scheme, SourceAdapter(config.source_address))


class Async(UnifiedOps):
    def __init__(self, config) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

        async def build():
            return ccxt.async_support.upbit({**settings(config), "session": aiohttp_session(config)})

        self.exchange = self._loop.run_until_complete(build())

    def _run(self, value):
        return self._loop.run_until_complete(value)

    def close(self) -> None:
        session = self.exchange.session
        self._loop.run_until_complete(self.exchange.close())
        if session is not None:
            self._loop.run_until_complete(session.close())


def main() -> None:
    config = common.parse_config(
        __doc__, lambda parser: parser.add_argument("--mode", choices=["sync", "async"], default="sync"))
    common.serve(Sync(config) if config.mode == "sync" else Async(config))


if __name__ == "__main__":
    main()
