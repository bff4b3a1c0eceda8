"""Run as a script with a port: amqtt on 127.0.0.1 until SIGTERM. The environment may hold a password."""

import asyncio
import hmac
import logging
import os
import signal
import sys

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

PASSWORD = os.environ.pop("DEMO_BROKER_PASSWORD", "")
ANONYMOUS_PLUGIN = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}}
"""amqtt queues nothing for a session without a user name; any name is accepted."""


class PasswordPlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Lets in anyone who knows the password, under any name."""

    async def authenticate(self, *, session: Session) -> bool:
        return bool(session.username) and hmac.compare_digest(session.password or "", PASSWORD)


async def run_broker(port: int) -> None:
    plugins = {f"{__name__}.{PasswordPlugin.__name__}": {}} if PASSWORD else ANONYMOUS_PLUGIN
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
    broker = Broker({"listeners": listeners, "plugins": plugins})
    await broker.start()
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    await done.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(run_broker(int(sys.argv[1])))
