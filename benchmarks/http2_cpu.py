"""CPU of one request by our HTTP/2 client: `python -m benchmarks.http2_cpu`.

The server runs in a process of its own, so that only the client's CPU is counted.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from datetime import timedelta
from multiprocessing.connection import Connection

from channels.http2 import Http2Transport
from channels.sandbox.http2_server import Http2Request, Http2Server

_REQUESTS = 2_000
_AT_ONCE = 50
_BODY = b'{"aps":{"alert":{"title":"Bill","body":"due tomorrow"}}}' * 4


def _serve(ready: Connection) -> None:
    async def run() -> None:
        server = Http2Server(_answer)
        await server.start()
        ready.send(server.port)
        while not ready.poll():
            await asyncio.sleep(0.05)
        await server.close()

    asyncio.run(run())


def _answer(request: Http2Request) -> None:
    request.respond(200, None, {"apns-id": request.headers["apns-id"]})


async def _measure(port: int) -> float:
    client = Http2Transport(f"http://127.0.0.1:{port}", timedelta(seconds=10))
    url = f"http://127.0.0.1:{port}/3/device/0123456789"
    headers = {"authorization": "bearer " + "x" * 200, "apns-topic": "a", "apns-id": "i"}

    async def some() -> None:
        for _ in range(_REQUESTS // _AT_ONCE):
            await client.request("POST", url, headers, _BODY)

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))
    began = time.process_time()
    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))
    used = time.process_time() - began
    await client.close()
    return used / _REQUESTS * 1e3


def main() -> None:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        used_ms = asyncio.run(_measure(ours.recv()))
    finally:
        ours.send("done")
        process.join()
    sys.stdout.write(f"{used_ms:.2f} ms of CPU a request, {_AT_ONCE} at once\n")


if __name__ == "__main__":
    main()
