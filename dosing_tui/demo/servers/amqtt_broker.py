"""Run as a script with a port: amqtt on 127.0.0.1 until SIGTERM."""

import asyncio
import logging
import signal
import sys

from amqtt.broker import Broker

CONFIGURATION = {
    # amqtt queues nothing for a session without a user name; any name is accepted
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}},
}


async def run_broker(port: int) -> None:
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, **CONFIGURATION})
    await broker.start()
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    await done.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(run_broker(int(sys.argv[1])))
