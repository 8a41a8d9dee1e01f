"""A server that answers every request with the status, headers and body it was last told: for learning what clients make of it.

Used by `probe_refusals.py`. It never looks at what is asked, except to let ccxt load its one market.
"""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass, field

import websockets.sync.server

REMAINING_REQ = "group=default; min=1800; sec=29"
MARKETS = json.dumps([{"market": "KRW-BTC", "korean_name": "비트코인", "english_name": "Bitcoin"}]).encode()


@dataclass
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=lambda: {"Remaining-Req": REMAINING_REQ})


class StubServer:
    """Listens on a free port of 127.0.0.1 until `stop`."""

    def __init__(self) -> None:
        self.answer = Answer(200, b"[]")
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _reply(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                answer = Answer(200, MARKETS) if self.path.startswith("/v1/market/all") else stub.answer
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_DELETE = _reply

            def log_message(self, *_args) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_args) -> None:
                """Clients that hang up mid-request are expected here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()


class StubWebSocket:
    """Accepts any upgrade and answers every text message with one frame, then perhaps closes."""

    def __init__(self) -> None:
        self.frame = ""
        self.close: tuple[int, str] | None = None
        self._server = websockets.sync.server.serve(self._converse, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _converse(self, connection) -> None:
        for _message in connection:
            connection.send(self.frame)
            if self.close:
                connection.close(*self.close)
                return

    def stop(self) -> None:
        self._server.shutdown()
