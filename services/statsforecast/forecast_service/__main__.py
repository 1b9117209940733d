"""Serves until SIGTERM. Host, port and limits come from the environment; port 0 takes a free one, which is printed."""

import os
import socket

import uvicorn

from .app import Limits, create_app


def main() -> None:
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8090"))
    workers = int(os.environ.get("STATSFORECAST_WORKERS", "0")) or None
    limits = Limits(time_s=float(os.environ.get("STATSFORECAST_TIME_LIMIT_S", Limits.time_s)))
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    server = uvicorn.Server(uvicorn.Config(create_app(limits, workers), log_level="warning", timeout_graceful_shutdown=5))
    address = f"[{host}]" if ":" in host else host
    print(f"StatsForecast listens on http://{address}:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
