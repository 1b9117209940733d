"""POST /v1/forecast and GET /health."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from .contract import ForecastRequest, Input, format_duration, parse
from .models import Task, newest
from .problem import Problem
from .workers import WorkerPool

log = logging.getLogger("uvicorn.error")

NEEDED_POINTS = 2
ARRIVES_WITHIN_S = 30
ACCURACY = {name: None for name in ("mae", "rmse", "mape", "smape", "mase", "skill")}


@dataclass(frozen=True)
class Limits:
    """What a request may take."""

    time_s: float = 60
    body_bytes: int = 32 * 1024 * 1024
    # Requests that are worked on or wait.
    requests: int = 16


def create_app(limits: Limits = Limits(), workers: int | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = WorkerPool(workers or os.cpu_count() or 1)
        app.state.requests = 0
        try:
            yield
        finally:
            app.state.pool.close()

    app = FastAPI(title="IntentVision StatsForecast", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(Problem, lambda _, problem: problem.response())  # type: ignore[attr-defined]
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _internal_problem)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/forecast")
    async def forecast(request: Request) -> Response:
        state = app.state
        if state.requests >= limits.requests:
            raise Problem("busy", f"{limits.requests} requests are worked on already. The same request may be sent again later.")
        state.requests += 1
        try:
            asked = parse(await _read(request, limits.body_bytes))
            tasks = [_task(asked, index) for index in range(len(asked.inputs))]
            answers = await _run(state.pool, tasks, limits.time_s)
        finally:
            state.requests -= 1
        body = {"forecasts": [_answer(asked, of, answer) for of, answer in zip(asked.inputs, answers, strict=True)]}
        return Response(json.dumps(body, allow_nan=False, separators=(",", ":")), media_type="application/json")

    return app


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(ARRIVES_WITHIN_S):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise Problem("too-large", f"The body is larger than {limit} bytes.", limit=limit)
    except TimeoutError:
        raise Problem("request-timeout", f"The body did not arrive within {ARRIVES_WITHIN_S} s.") from None
    return bytes(body)


def _task(asked: ForecastRequest, index: int) -> Task:
    of = asked.inputs[index]
    values = np.array(of.values, np.float64)
    got = int(np.count_nonzero(~np.isnan(newest(values))))
    if got < NEEDED_POINTS:
        raise Problem(
            "series-too-short",
            f"{NEEDED_POINTS} points are needed, and inputs[{index}] has {got}.",
            input=index,
            needed=NEEDED_POINTS,
            got=got,
        )
    return Task(
        values=values,
        frequency_ms=of.frequency,
        horizon=asked.horizon,
        levels=tuple(asked.levels),
        season_lengths=None if of.seasonLengths is None else tuple(of.seasonLengths),
        bounds=(None, None) if of.bounds is None else (of.bounds.min, of.bounds.max),
        models=None if asked.models is None else tuple(asked.models),
    )


async def _run(pool: WorkerPool, tasks: list[Task], time_s: float) -> list[dict[str, Any]]:
    begun = asyncio.Event()
    try:
        async with asyncio.timeout(time_s), asyncio.TaskGroup() as group:
            running = [group.create_task(pool.run(task, begun)) for task in tasks]
    except TimeoutError:
        if not begun.is_set():
            raise Problem("busy", "Other requests took all the time. The same request may be sent again later.") from None
        raise Problem(
            "time-limit",
            f"The request takes longer than its limit of {time_s:g} s: send fewer series, shorter ones, or fewer models.",
            limitSeconds=time_s,
        ) from None
    return [task.result() for task in running]


def _answer(asked: ForecastRequest, of: Input, made: dict[str, Any]) -> dict[str, Any]:
    first = of.start + len(of.values) * of.frequency
    return {
        "backend": "statsforecast",
        "frequency": format_duration(of.frequency),
        "timestamps": [first + step * of.frequency for step in range(asked.horizon)],
        **made,
        "accuracy": ACCURACY,
    }


async def _http_problem(_: Request, error: Any) -> Response:
    kinds = {404: "not-found", 405: "method-not-allowed"}
    kind = kinds.get(error.status_code, "malformed-request")
    return Problem(kind, "POST /v1/forecast and GET /health are what there is.").response()


async def _internal_problem(_: Request, error: Exception) -> Response:
    log.error("A request failed", exc_info=error)
    return Problem("internal", "Something failed on our side. The log says what.").response()
