"""A TCP proxy in front of a real broker that refuses a topic or closes on it, as Mosquitto cannot."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR, create_connection, socket

SUBACK = 0x90
FAILURE = 0x80

Rewrite = Callable[[bytes], bytes | None]
"""Takes what one side sent; None closes both connections."""


def pass_on(sent: bytes) -> bytes:
    return sent


def close_on_word(word: bytes, sent: bytes) -> bytes | None:
    """Like brokers that close the connection of a client that subscribes to a forbidden topic."""
    return None if word in sent else sent


@dataclass
class RefuseTopic:
    """Turns the code of one topic, by its place in the SUBSCRIBE, into a failure."""

    place: int
    is_active: bool = True
    subacks: int = 0

    def __call__(self, sent: bytes) -> bytes:
        """A SUBACK of MQTT 3.1.1: type, length, packet ID, one code for each topic."""
        if sent[:1] != bytes((SUBACK,)):
            return sent
        self.subacks += 1
        end = 2 + sent[1]
        codes = bytearray(sent[4:end])
        if self.is_active and len(codes) > 1:
            codes[self.place] = FAILURE
        elif self.is_active:
            codes[0] = FAILURE
        return sent[:4] + bytes(codes) + sent[end:]


@dataclass
class BrokerProxy:
    port: int
    received: list[bytes] = field(default_factory=list)
    """What clients sent, in the pieces in which it arrived."""
    connection_count: int = 0


@contextmanager
def run_broker_proxy(
    broker_port: int, *, on_client: Rewrite = pass_on, on_broker: Rewrite = pass_on
) -> Iterator[BrokerProxy]:
    proxy = BrokerProxy(0)

    class ForwardingHandler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            proxy.connection_count += 1
            with create_connection(("127.0.0.1", broker_port)) as broker:
                back = threading.Thread(target=_forward, args=(broker, self.request, on_broker), daemon=True)
                back.start()
                _forward(self.request, broker, on_client, proxy.received)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), ForwardingHandler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        proxy.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        server.shutdown()


def _forward(source: socket, target: socket, rewrite: Rewrite, record: list[bytes] | None = None) -> None:
    with suppress(OSError):  # the other side has closed
        while sent := source.recv(65_536):
            if record is not None:
                record.append(sent)
            if (rewritten := rewrite(sent)) is None:
                break
            target.sendall(rewritten)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(SHUT_RDWR)
