"""The Lambda Runtime API for one runtime process, on a loopback port of its own.

Terminology
  runtime      the process that asks for work here: our Node bootstrap, or any client that speaks the API
  idle         the runtime waits in `next`; only then is work handed out
  reply        what the runtime said about an invocation, or about its own failed init
  closed       the runtime is gone; everything that still waits is woken
"""

import json
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"
MAX_REPLY_BYTES = 6 * 1024 * 1024 + 100
"""Lambda's limit for a synchronous response: 6 MB and a little for the envelope."""


@dataclass(frozen=True)
class Invocation:
    id: str
    payload: bytes
    function_arn: str
    trace_id: str
    deadline_ms: int


@dataclass(frozen=True)
class Reply:
    body: bytes
    is_error: bool


def error_body(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


class RuntimeApi:
    def __init__(self, max_reply_bytes: int = MAX_REPLY_BYTES) -> None:
        self.max_reply_bytes = max_reply_bytes
        self.init_error: Reply | None = None
        self.reply: Reply | None = None
        self.idle = False
        self.closed = False
        self._changed = threading.Condition()
        self._work: Invocation | None = None
        self._current: str | None = None
        self._poll = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, name="runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """host:port, the form AWS_LAMBDA_RUNTIME_API has."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def wait_for(self, condition: Callable[[], object], seconds: float) -> bool:
        """True as soon as the condition holds; False when the time is up first."""
        with self._changed:
            return bool(self._changed.wait_for(condition, max(0.0, seconds)))

    def hand_out(self, invocation: Invocation) -> None:
        with self._changed:
            self.reply = None
            self.idle = False
            self._current = invocation.id
            self._work = invocation
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            if self.closed:
                return
            self.closed = True
            self.idle = False
            self._changed.notify_all()
        # shutdown() waits for the accept loop's next turn; nobody needs to wait for that.
        threading.Thread(target=self._server.end, name="runtime-api-close", daemon=True).start()

    # What the runtime asks and says

    def next(self) -> Invocation | None:
        """Waits for work. None: the runtime is to go, or a newer poll has taken this one's place."""
        with self._changed:
            self._poll += 1
            mine = self._poll
            self.idle = self._work is None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.closed or self._work or mine != self._poll)
            if self.closed or mine != self._poll:
                return None
            work, self._work = self._work, None
            return work

    def accept(self, request_id: str, reply: Reply) -> bool:
        """False when nobody waits for this request: unknown, timed out, or answered already."""
        with self._changed:
            if self.closed or request_id != self._current or self.reply:
                return False
            self.reply = reply
            self._current = None
            self._changed.notify_all()
            return True

    def fail_init(self, body: bytes) -> None:
        with self._changed:
            self.init_error = self.init_error or Reply(body, is_error=True)
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    api: RuntimeApi

    def server_bind(self) -> None:
        # HTTPServer's own looks up the host's full name, which can take seconds on a closed network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed runtime resets its connection; that it is gone is noticed elsewhere."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out as two writes; with Nagle's algorithm the second one waits 40 ms.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != PREFIX + "invocation/next":
            return self._refuse(404, "UnknownPath", self.path)
        work = self.server.api.next()
        if work is None:
            self.close_connection = True
            return
        self._send(
            200,
            work.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": work.id,
                "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": work.function_arn,
                "Lambda-Runtime-Trace-Id": work.trace_id,
            },
        )

    def do_POST(self) -> None:
        api = self.server.api
        limit = api.max_reply_bytes
        body = self._body(limit)
        match self.path.removeprefix(PREFIX).split("/"):
            case ["init", "error"]:
                api.fail_init(body or b"{}")
            case ["invocation", request_id, "response" | "error" as kind]:
                if body is None:
                    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
                    api.accept(request_id, Reply(error_body("Function.ResponseSizeTooLarge", message), is_error=True))
                    return self._refuse(413, "RequestEntityTooLarge", message)
                if not api.accept(request_id, Reply(body, is_error=kind == "error")):
                    return self._refuse(400, "InvalidRequestID", request_id)
            case _:
                return self._refuse(404, "UnknownPath", self.path)
        self._send(202, b'{"status":"OK"}')

    def _body(self, limit: int) -> bytes | None:
        """The whole body, by length or in chunks; None when it is larger than the limit (it is read to its end anyway)."""
        kept = bytearray()
        too_large = False
        for piece in self._pieces():
            too_large = too_large or len(kept) + len(piece) > limit
            if not too_large:
                kept += piece
        return None if too_large else bytes(kept)

    def _pieces(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield from self._exactly(size)
                self.rfile.readline()
            while self.rfile.readline().strip():  # trailers
                pass
        else:
            yield from self._exactly(int(self.headers.get("Content-Length") or 0))

    def _exactly(self, size: int):
        while size:
            piece = self.rfile.read(min(size, 1 << 20))
            if not piece:
                raise ConnectionError("the runtime closed the connection inside a body")
            size -= len(piece)
            yield piece

    def _refuse(self, status: int, error_type: str, message: str) -> None:
        self._send(status, error_body(error_type, message), {})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
