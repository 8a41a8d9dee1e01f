"""Drives ccxt.pro 4.5.90's private WebSocket (and its REST calls), unmodified.

Base URL: `exchange.urls['api']` with `ws` for the socket. Source address: an `aiohttp` session whose connector has
`local_addr`, given to the constructor as `session`; ccxt.pro opens its sockets from that session.

`ws_subscribe` starts one watching task per type (`myAsset`: watch_balance, `myOrder`: watch_orders, `myTrade`:
watch_my_trades). Each result becomes a message; the first exception ends that task and is reported as `closed`. The token
of the first handshake is kept by the library and sent again when it reconnects, so a task may be restarted with
`ws_subscribe` to see what a reused nonce does.
"""

from __future__ import annotations

import asyncio
import threading
import time

import ccxt.pro

import ccxt_driver
import common


class Client(ccxt_driver.UnifiedOps):
    def __init__(self, config) -> None:
        self._config = config
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

        async def build():
            return ccxt.pro.upbit({**ccxt_driver.settings(config), "session": ccxt_driver.aiohttp_session(config)})

        self.exchange = self._run(build())
        self._events = common.Events()
        self._tasks = []

    def _run(self, awaitable):
        return asyncio.run_coroutine_threadsafe(awaitable, self._loop).result()

    def op_ws_subscribe(self, types, codes=None, timeout_s=5):
        """Answers once the socket is open and the subscriptions have been handed to it, or with the first failure."""
        self._events = common.Events()

        async def start():
            await self.exchange.load_markets()
            exchange = self.exchange
            one = ccxt_driver.symbol(codes[0]) if codes else None
            watches = {
                "myAsset": lambda: exchange.watch_balance(),
                "myOrder": lambda: exchange.watch_orders(one),
                "myTrade": lambda: exchange.watch_my_trades(one),
            }
            self._tasks = [asyncio.ensure_future(self._watch(kind, watches[kind])) for kind in types]
            await asyncio.sleep(0)
            sockets = [client.connected for client in exchange.clients.values()]
            await asyncio.wait([*self._tasks, *sockets], timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            for task in self._tasks:
                if task.done() and task.result() is not None:
                    raise task.result()
            for connected in sockets:
                await connected

        self._run(start())
        return {"watching": types}

    async def _watch(self, kind, watch):
        while True:
            try:
                value = await watch()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._events.closed(exception=common.exception_name(error), message=str(error), watch=kind)
                return error
            self._events.message({"watch": kind, "value": value})

    def op_ws_next(self, timeout_s=5):
        return self._events.next(timeout_s)

    def op_ws_closed(self, timeout_s=5):
        return self._events.until_closed(timeout_s, time.monotonic)

    def op_ws_close(self):
        for task in self._tasks:
            self._loop.call_soon_threadsafe(task.cancel)

        async def stop():
            for client in list(self.exchange.clients.values()):
                await client.close()
            self.exchange.clients = {}

        self._run(stop())
        return {"closed": True}

    def close(self) -> None:
        session = self.exchange.session
        for task in self._tasks:
            self._loop.call_soon_threadsafe(task.cancel)
        self._run(self.exchange.close())
        if session is not None:
            self._run(session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


if __name__ == "__main__":
    common.serve(Client(common.parse_config(__doc__)))
