"""A TCP proxy that can stop passing anything on, while it still accepts: a server that does not answer."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

WAIT_S = 0.02


class StallingProxy:
    """Stands before a server of this machine, one thread a connection."""

    def __init__(self, dsn: str) -> None:
        parts = conninfo_to_dict(dsn)
        folder, port = str(parts["host"]), int(parts.get("port") or 5432)
        self._target = f"{folder}/.s.PGSQL.{port}" if folder.startswith("/") else (folder, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_closing = threading.Event()
        self._is_passing = _new_gate()
        """Of connections made from now on."""
        self._gates = [self._is_passing]
        self.dsn = make_conninfo(dsn, host="127.0.0.1", port=self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """From now on nothing passes; connections stay open, and new ones are accepted."""
        self._is_passing.clear()

    def stall_open(self) -> None:
        """Nothing passes on the connections that are open now; new ones work."""
        self._is_passing.clear()
        self._is_passing = _new_gate()
        self._gates.append(self._is_passing)

    def resume(self) -> None:
        for gate in self._gates:
            gate.set()

    def close(self) -> None:
        self._is_closing.set()
        self.resume()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        gate = self._is_passing
        family = socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET
        with suppress(OSError), client, socket.socket(family) as server:
            server.connect(self._target)
            while not self._is_closing.is_set():
                for source in select.select([client, server], [], [], WAIT_S)[0]:
                    gate.wait()
                    data = source.recv(65_536)
                    if not data:
                        return
                    (server if source is client else client).sendall(data)


def _new_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@contextmanager
def stalling_proxy(dsn: str) -> Iterator[StallingProxy]:
    proxy = StallingProxy(dsn)
    try:
        yield proxy
    finally:
        proxy.close()
