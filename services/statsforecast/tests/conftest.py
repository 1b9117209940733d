from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from forecast_service.app import Limits, create_app


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(workers=2)) as started:
        yield started


@pytest.fixture
def start() -> Iterator[Callable[..., TestClient]]:
    """Starts a service with limits of its own."""
    started: list[TestClient] = []

    def start_with(workers: int = 1, **limits: Any) -> TestClient:
        client = TestClient(create_app(Limits(**limits), workers))
        started.append(client.__enter__())
        return client

    yield start_with
    for client in started:
        client.__exit__(None, None, None)
