"""Drives upbit-sdk 1.1.0, the exchange's official Python client, unmodified.

Base URL: constructor arguments `base_url` and `websocket_base_url`; `max_retries=0`, so that one operation is one request.
Source address: an `httpx.HTTPTransport(local_address=…)` in the `http_client` argument; for the WebSocket the option
`source_address`, which the SDK hands to `websockets.sync.client.connect`.
"""

from __future__ import annotations

import threading
import time

import httpx
import upbit
import websockets.exceptions

import common


class Client:
    def __init__(self, config) -> None:
        transport = httpx.HTTPTransport(local_address=config.source_address)
        self._config = config
        self._client = upbit.Upbit(
            access_key=config.access_key,
            secret_key=config.secret,
            base_url=config.base_url,
            websocket_base_url=config.ws_url,
            max_retries=0,
            timeout=config.timeout_s,
            http_client=httpx.Client(transport=transport, trust_env=False, timeout=config.timeout_s),
        )
        self._socket = None
        self._events = None

    def op_hello(self):
        return {"library": "upbit-sdk", "version": upbit.__version__}

    def op_balance(self):
        return self._client.accounts.list()

    def op_order(self, market, side, kind="limit", price=None, quantity=None, cost=None, identifier=None, time_in_force=None):
        bid = side == "buy"
        fields = {"market": market, "side": "bid" if bid else "ask"}
        if kind == "limit":
            fields.update(ord_type="limit", price=str(price), volume=str(quantity))
        elif bid:
            fields.update(ord_type="price", price=str(cost))
        else:
            fields.update(ord_type="market", volume=str(quantity))
        if identifier:
            fields["identifier"] = identifier
        if time_in_force:
            fields["time_in_force"] = time_in_force
        return self._client.orders.create(**fields)

    def op_cancel(self, id=None, identifier=None):
        return self._client.orders.cancel(**({"uuid": id} if id else {"identifier": identifier}))

    def op_edit(self, id, market, side, price, quantity):
        return self._client.orders.cancel_and_new(
            prev_order_uuid=id, new_ord_type="limit", new_price=str(price), new_volume=str(quantity))

    def op_get_order(self, id=None, identifier=None):
        return self._client.orders.retrieve(**({"uuid": id} if id else {"identifier": identifier}))

    def op_open_orders(self, market=None):
        return self._client.orders.list_open(**({"market": market} if market else {}))

    def op_closed_orders(self, market=None):
        return self._client.orders.list_closed(**({"market": market} if market else {}))

    def op_orders_by_uuids(self, ids):
        return self._client.orders.list_by_uuids(uuids=ids)

    def op_cancel_by_uuids(self, ids):
        return self._client.orders.cancel_by_uuids(uuids=ids)

    def op_cancel_open(self, market=None):
        return self._client.orders.cancel_open(**({"pairs": market} if market else {}))

    def op_chance(self, market):
        return self._client.orders.retrieve_chance(market=market)

    def op_withdraw(self, asset, amount, address=None, net_type=None, secondary_address=None):
        if asset == "KRW":
            return self._client.withdraws.create_krw_withdrawal(amount=str(amount), two_factor_type="kakao")
        fields = {"currency": asset, "amount": str(amount), "address": address, "net_type": net_type or asset}
        if secondary_address:
            fields["secondary_address"] = secondary_address
        return self._client.withdraws.create_withdrawal(**fields)

    def op_withdraw_chance(self, asset, net_type):
        return self._client.withdraws.retrieve_chance(currency=asset, net_type=net_type)

    def op_withdraw_addresses(self):
        return self._client.withdraws.list_coin_addresses()

    def op_withdrawals(self, asset=None):
        return self._client.withdraws.list(**({"currency": asset} if asset else {}))

    def op_withdrawal(self, id, asset=None):
        return self._client.withdraws.retrieve(uuid=id)

    def op_deposits(self, asset=None):
        return self._client.deposits.list(**({"currency": asset} if asset else {}))

    def op_deposit_addresses(self):
        return self._client.deposits.list_coin_addresses()

    def op_api_keys(self):
        return self._client.api_keys.list()

    def op_wallet_status(self):
        return self._client.wallet_status.list()

    def op_markets(self):
        return [pair.market for pair in self._client.trading_pairs.list()]

    def op_ticker(self, market):
        return self._client.tickers.list_by_trading_pairs(markets=market)

    def op_orderbook(self, market):
        return self._client.orderbooks.list(markets=market)

    def op_trades(self, market):
        return self._client.trades.list(market=market)

    def op_candles(self, market, timeframe="1m"):
        if timeframe == "1d":
            return self._client.candles.list_days(market=market)
        return self._client.candles.list_minutes(int(timeframe.removesuffix("m")), market=market)

    # WebSocket: one connection at a time; `ws_subscribe` opens it if need be.

    def op_ws_connect(self):
        options = {"source_address": (self._config.source_address, 0)} if self._config.source_address else {}
        self._socket = self._client.ws_private.connect_private(websocket_connection_options=options).enter()
        self._events = common.Events()
        threading.Thread(target=self._read, args=(self._socket, self._events), daemon=True).start()
        return {"connected": True}

    def _read(self, socket, events) -> None:
        try:
            while True:
                events.message(socket.recv())
        except websockets.exceptions.ConnectionClosed as error:
            frame = error.rcvd
            events.closed(exception=common.exception_name(error), code=frame.code if frame else None,
                          reason=frame.reason if frame else None)
        except Exception as error:
            events.closed(exception=common.exception_name(error), message=str(error))

    def op_ws_subscribe(self, types, codes=None):
        if self._socket is None:
            self.op_ws_connect()
        request = [{"ticket": "sdk-driver"}]
        for kind in types:
            request.append({"type": kind, "codes": codes} if codes and kind == "myOrder" else {"type": kind})
        self._socket.send(request)
        return {"sent": request}

    def op_ws_ping(self):
        self._socket.send_raw("PING")
        return {"sent": "PING"}

    def op_ws_next(self, timeout_s=5):
        return self._events.next(timeout_s)

    def op_ws_closed(self, timeout_s=5):
        return self._events.until_closed(timeout_s, time.monotonic)

    def op_ws_close(self):
        self._socket.close()
        self._socket = None
        return {"closed": True}

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


if __name__ == "__main__":
    common.serve(Client(common.parse_config(__doc__)))
