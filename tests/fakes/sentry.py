"""A Sentry on loopback: it takes envelopes from the real SDK and keeps them as they came."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import SecretStr


class FakeSentry:
    """`everything` holds every byte that was sent, headers too; `events` the reports in them."""

    def __init__(self, port: int) -> None:
        self.dsn = SecretStr(f"http://key@127.0.0.1:{port}/1")
        self.bodies: list[bytes] = []
        self.heads: list[str] = []

    @property
    def everything(self) -> str:
        return "\n".join([*self.heads, *(body.decode() for body in self.bodies)])

    @property
    def events(self) -> list[dict[str, Any]]:
        found = []
        for body in self.bodies:
            lines = body.decode().splitlines()
            # An envelope: its head, then a head and a body for each item.
            for head, item in zip(lines[1::2], lines[2::2], strict=False):
                assert json.loads(head)["type"] == "event", "nothing but events is sent"
                found.append(json.loads(item))
        return found


@contextmanager
def fake_sentry() -> Iterator[FakeSentry]:
    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            fake.bodies.append(body)
            fake.heads.append(f"{self.path}\n{self.headers}")
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Take) as server:
        server.daemon_threads = True
        fake = FakeSentry(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
