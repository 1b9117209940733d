"""Processes that fit models. One that overruns is killed: no request can hold a core for longer than it may."""

import asyncio
import multiprocessing
import os
from multiprocessing.connection import Connection
from typing import Any

# A fit is one core's work. What the numeric libraries would start beside it only gets in the others' way.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


class Worker:
    def __init__(self, context: Any) -> None:
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    async def exchange(self, task: Any) -> Any:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        self.connection.send(task)
        loop.add_reader(self.connection.fileno(), readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self.connection.fileno())
        return self.connection.recv()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class WorkerPool:
    """So many processes, each with one task at a time; tasks wait for their turn in the order they came."""

    def __init__(self, size: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([f"{__package__}.models"])
        self._workers = {Worker(self._context) for _ in range(size)}
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def run(self, task: Any, begun: asyncio.Event) -> Any:
        """Has a worker do a task; `begun` is set when it is its turn. A task that is cancelled, or kills its worker, costs the worker."""
        worker = await self._idle.get()
        begun.set()
        if not worker.process.is_alive():
            worker = self._replace(worker)
        whole = False
        try:
            ok, answer = await worker.exchange(task)
            whole = True
        finally:
            self._idle.put_nowait(worker if whole else self._replace(worker))
        if not ok:
            raise RuntimeError(f"A worker failed: {answer}")
        return answer

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()

    def _replace(self, worker: Worker) -> Worker:
        worker.kill()
        self._workers.discard(worker)
        fresh = Worker(self._context)
        self._workers.add(fresh)
        return fresh


def _work(connection: Connection) -> None:
    from .models import forecast

    while True:
        try:
            task = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            connection.send((True, forecast(task)))
        except Exception as error:  # a bug: told to the log by the parent, and the worker lives on
            connection.send((False, repr(error)))
