"""A client with no manners: signs arbitrary requests itself, so that every refusal can be caused.

Uses no exchange library: HMAC from the standard library, `http.client` for requests that are still HTTP, a bare socket for
those that are not, `websockets` for the WebSocket. Source address: `source_address` of each.

`request` takes `method`, `path`, `query`, `body` (text as sent) or `body_bytes` (that many bytes of filler), `content_type`,
`headers` (pairs, may repeat) and `auth`:

    {"kind": "jwt"}     the default: a good token. May be bent by
        alg             HS256 (default), HS384, HS512, none, or any name (then signed as HS256)
        access_key, secret, nonce, query_hash, query_hash_alg    instead of the right ones; null leaves the claim out
        hash_of         the string to hash; default: the query, else the JSON body's members joined, else the form body
        claims          more claims
        tamper          true: one bit of the signature is flipped
    {"kind": "raw", "value": "Bearer …"}    exactly this header value
    {"kind": "none"}                        no header

An answer is a result whatever its status: `status`, `headers`, `body`, and the `token` and `nonce` used.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
import urllib.parse
import uuid

import websockets.exceptions
import websockets.sync.client

import common

DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hashed_text(query: str | None, body: str | None, content_type: str | None) -> str | None:
    """The string the exchange's recipe hashes for these parameters; none when there are none."""
    if query:
        return query
    if not body:
        return None
    if content_type and "json" in content_type:
        try:
            members = json.loads(body, parse_float=str, parse_int=str)
        except ValueError:
            return body
        if not isinstance(members, dict):
            return body
        pairs = []
        for name, value in members.items():
            if isinstance(value, list):
                pairs += [f"{name.removesuffix('[]')}[]={item}" for item in value]
            else:
                pairs.append(f"{name}={value}")
        return "&".join(pairs)
    return body


class Client:
    def __init__(self, config) -> None:
        self._config = config
        parts = urllib.parse.urlsplit(config.base_url)
        self._host, self._port = parts.hostname, parts.port or 80
        self._source = (config.source_address, 0) if config.source_address else None
        self._socket = None
        self._events = None

    def op_hello(self):
        return {"library": "raw"}

    def _authorization(self, auth: dict, hashed: str | None) -> tuple[str | None, str | None]:
        """Header value and nonce."""
        kind = auth.get("kind", "jwt")
        if kind == "none":
            return None, None
        if kind == "raw":
            return auth["value"], None
        claims = {"access_key": self._config.access_key, "nonce": str(uuid.uuid4())}
        hashed = auth.get("hash_of", hashed)
        if hashed is not None:
            claims["query_hash"] = hashlib.sha512(hashed.encode()).hexdigest()
            claims["query_hash_alg"] = "SHA512"
        for name in ("access_key", "nonce", "query_hash", "query_hash_alg"):
            if name in auth:
                claims[name] = auth[name]
        claims.update(auth.get("claims", {}))
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithm = auth.get("alg", "HS256")
        head = {"alg": algorithm, "typ": "JWT"}
        signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        secret = auth.get("secret", self._config.secret).encode()
        signature = b"" if algorithm == "none" else hmac.new(secret, signed.encode(), DIGESTS.get(algorithm, hashlib.sha256)).digest()
        if auth.get("tamper") and signature:
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return f"Bearer {signed}.{base64url(signature)}", claims.get("nonce")

    def op_token(self, auth=None, hash_of=None):
        """A header value for later: minted now, sent by whoever likes."""
        value, nonce = self._authorization(auth or {}, hash_of)
        return {"value": value, "nonce": nonce}

    def op_request(self, method="GET", path="/v1/accounts", query=None, body=None, body_bytes=None, content_type="application/json",
                   headers=(), auth=None, connection=None):
        if body_bytes is not None:
            # A JSON body of that size, with one long made-up parameter.
            frame = '{"padding":""}'
            body = frame[:-2] + "x" * max(0, body_bytes - len(frame)) + frame[-2:]
        value, nonce = self._authorization(auth or {}, hashed_text(query, body, content_type))
        own = connection is None
        connection = connection or http.client.HTTPConnection(
            self._host, self._port, timeout=self._config.timeout_s, source_address=self._source)
        try:
            connection.putrequest(method, path + (f"?{query}" if query is not None else ""), skip_accept_encoding=True)
            if value is not None:
                connection.putheader("Authorization", value)
            for name, text in headers:
                connection.putheader(name, text)
            payload = body.encode() if body is not None else None
            if payload is not None:
                connection.putheader("Content-Type", content_type)
                connection.putheader("Content-Length", str(len(payload)))
            # A body that is refused half-way breaks the pipe; the answer is there all the same.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(payload)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            return {"status": response.status, "headers": response.getheaders(), "body": text, "token": value, "nonce": nonce}
        finally:
            if own:
                connection.close()

    def op_burst(self, count, request):
        """The same request many times over one connection, each with its own nonce; how often each status came."""
        connection = http.client.HTTPConnection(
            self._host, self._port, timeout=self._config.timeout_s, source_address=self._source)
        statuses: dict[int, int] = {}
        last = None
        try:
            for _ in range(count):
                last = self.op_request(**request, connection=connection)
                statuses[last["status"]] = statuses.get(last["status"], 0) + 1
        finally:
            connection.close()
        return {"statuses": statuses, "last": last}

    def op_send(self, parts, timeout_s=5):
        """Bytes as they are (latin-1 text), part after part with a pause before each; all that came back until the end."""
        received = b""
        ended = "closed"
        with socket.create_connection((self._host, self._port), timeout=timeout_s, source_address=self._source) as line:
            try:
                for part in parts:
                    time.sleep(part.get("after_s", 0))
                    line.sendall(part["data"].encode("latin-1"))
                while True:
                    data = line.recv(65536)
                    if not data:
                        break
                    received += data
            except TimeoutError:
                ended = "timeout"
            except OSError as error:
                ended = type(error).__name__
        return {"received": received.decode("latin-1"), "ended": ended}

    # WebSocket.

    def op_ws_connect(self, path="/websocket/v1/private", auth=None, headers=(), compression="deflate"):
        value, nonce = self._authorization(auth or {}, None)
        extra = list(map(tuple, headers)) + ([("Authorization", value)] if value is not None else [])
        try:
            self._socket = websockets.sync.client.connect(
                self._config.ws_url + path, additional_headers=extra, compression=compression,
                source_address=self._source, open_timeout=self._config.timeout_s)
        except websockets.exceptions.InvalidStatus as error:
            response = error.response
            return {"status": response.status_code, "headers": list(response.headers.raw_items()),
                    "body": (response.body or b"").decode("utf-8", "replace"), "token": value, "nonce": nonce}
        self._events = common.Events()
        threading.Thread(target=self._read, args=(self._socket, self._events), daemon=True).start()
        extensions = self._socket.response.headers.get("Sec-WebSocket-Extensions")
        return {"status": 101, "extensions": extensions, "token": value, "nonce": nonce}

    def _read(self, line, events) -> None:
        try:
            while True:
                events.message(line.recv())
        except websockets.exceptions.ConnectionClosed as error:
            frame = error.rcvd
            events.closed(exception=common.exception_name(error), code=frame.code if frame else None,
                          reason=frame.reason if frame else None)
        except Exception as error:
            events.closed(exception=common.exception_name(error), message=str(error))

    def op_ws_send(self, text=None, hex=None, fragments=None):
        """A text message, a binary one, or one text message in several frames."""
        self._socket.send(text if text is not None else bytes.fromhex(hex) if hex is not None else fragments)
        return {"sent": True}

    def op_ws_subscribe(self, types, codes=None):
        request = [{"ticket": "raw-driver"}]
        for kind in types:
            request.append({"type": kind, "codes": codes} if codes else {"type": kind})
        return self.op_ws_send(text=json.dumps(request))

    def op_ws_next(self, timeout_s=5):
        return self._events.next(timeout_s)

    def op_ws_closed(self, timeout_s=5):
        return self._events.until_closed(timeout_s, time.monotonic)

    def op_ws_close(self):
        self._socket.close()
        return {"closed": True}


if __name__ == "__main__":
    common.serve(Client(common.parse_config(__doc__)))
