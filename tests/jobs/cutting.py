"""A proxy in front of an emulated S3 that cuts some of the bodies it passes on in the middle."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on; of an answer to GET it may send a part only, and close the line."""

    protocol_version = "HTTP/1.1"
    server: "CuttingProxy"

    def _pass_on(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            raise AssertionError("the proxy takes no chunked upload")
        upstream = HTTPConnection(self.server.host, self.server.port, timeout=30)
        upstream.request(self.command, self.path, self.rfile.read(size) if size else None, dict(self.headers.items()))
        answer = upstream.getresponse()
        body = answer.read()
        upstream.close()
        self.server.gets += self.command == "GET"
        cut = self.command == "GET" and len(body) > 1 and self.server.random.random() < self.server.share
        self.server.cuts += cut
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "server", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.random.randrange(len(body))] if cut else body)
        self.close_connection = cut

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass_on  # noqa: N815 - http.server's names

    def log_message(self, format: str, *_arguments: object) -> None:
        """Say nothing."""


class CuttingProxy(ThreadingHTTPServer):
    """Cuts the given share of the answers to GET that have a body."""

    daemon_threads = True

    def __init__(self, upstream: str, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        address = urlsplit(upstream)
        self.host, self.port = str(address.hostname), int(address.port or 80)
        self.share = share
        self.random = random.Random(seed)
        self.gets = self.cuts = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def cutting(upstream: str, share: float, seed: int = 1) -> Iterator[CuttingProxy]:
    """A proxy that runs for the block."""
    with CuttingProxy(upstream, share, seed) as proxy:
        thread = Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
