import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

ONE = {"start": 0, "frequency": "1h", "values": [1, 2, 3, 2, 1, 2, 3, 2, 1, 2]}
# Takes seconds: five models on as many points as count.
SLOW = {
    "start": 0,
    "frequency": "1h",
    "values": (100 + 10 * np.sin(np.arange(2_016) / 3.8) + np.random.default_rng(1).normal(0, 3, 2_016)).tolist(),
    "seasonLengths": [24],
}


def kind(response: Any) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return body["type"].rsplit("/", 1)[1]


def test_it_says_that_it_lives(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "malformed-request"),
        (b"", "malformed-request"),
        (b"\xff", "malformed-request"),
        (b"[" * 100_000, "malformed-request"),
        (b'{"inputs":[{"start":0,"frequency":"1h","values":[1,NaN]}],"horizon":1}', "validation-failed"),
        (b'{"inputs":[{"start":0,"frequency":"1h","values":[1,1e999]}],"horizon":1}', "validation-failed"),
    ],
    ids=["cut", "empty", "no text", "too deep", "NaN", "beyond a double"],
)
def test_what_is_no_request_is_refused(client: TestClient, body: bytes, expected: str) -> None:
    response = client.post("/v1/forecast", content=body)
    assert (response.status_code, kind(response)) == (400, expected)


def test_a_refusal_names_each_member_that_is_wrong(client: TestClient) -> None:
    response = client.post("/v1/forecast", json={"inputs": [{**ONE, "values": [1, "x"]}], "horizon": 0})
    assert [error["path"] for error in response.json()["errors"]] == ["inputs[0].values[1]", "horizon"]


def test_many_wrong_members_are_not_all_told(client: TestClient) -> None:
    response = client.post("/v1/forecast", json={"inputs": [{**ONE, "values": ["x"] * 50_000}], "horizon": 1})
    assert len(response.json()["errors"]) == 100


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/forecast", 405), ("POST", "/v2/forecast", 404), ("GET", "/docs", 404)])
def test_other_paths_and_methods_are_refused(client: TestClient, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    kind(response)


@pytest.mark.parametrize("inputs", [[{**ONE, "values": [1] * 100_001}], [ONE] * 257], ids=["points", "series"])
def test_more_points_or_series_than_the_limit_are_refused(client: TestClient, inputs: list[Any]) -> None:
    assert client.post("/v1/forecast", json={"inputs": inputs, "horizon": 1}).status_code == 400


def test_a_body_over_its_limit_is_refused_with_the_limit(start: Callable[..., TestClient]) -> None:
    response = start(body_bytes=50).post("/v1/forecast", json={"inputs": [ONE], "horizon": 1})
    assert (response.status_code, kind(response), response.json()["limit"]) == (413, "too-large", 50)


def test_an_answer_over_its_limit_is_refused_before_it_is_made(client: TestClient) -> None:
    response = client.post("/v1/forecast", json={"inputs": [ONE] * 256, "horizon": 720, "levels": [50, 80, 90, 95, 99]})
    assert (response.status_code, kind(response), response.json()["limit"]) == (413, "too-large", 1_000_000)


def test_a_request_that_takes_too_long_is_refused_with_its_limit_and_the_next_one_is_served(start: Callable[..., TestClient]) -> None:
    client = start(time_s=1)
    response = client.post("/v1/forecast", json={"inputs": [SLOW] * 4, "horizon": 100})
    assert (response.status_code, kind(response)) == (422, "time-limit")
    assert response.json()["limitSeconds"] == 1
    assert "1 s" in response.json()["detail"]
    after = client.post("/v1/forecast", json={"inputs": [ONE], "horizon": 1, "models": ["SeasonalNaive"]})
    assert after.status_code == 200


def test_more_requests_than_may_wait_are_told_to_come_again(start: Callable[..., TestClient]) -> None:
    client = start(requests=0)
    response = client.post("/v1/forecast", json={"inputs": [ONE], "horizon": 1})
    assert (response.status_code, kind(response), response.headers["retry-after"]) == (503, "busy", "5")


def test_a_request_that_never_had_its_turn_is_told_to_come_again(start: Callable[..., TestClient]) -> None:
    client = start(time_s=0.1)
    worker = client.app.state.pool._idle.get_nowait()
    assert kind(client.post("/v1/forecast", json={"inputs": [ONE], "horizon": 1})) == "busy"
    client.app.state.pool._idle.put_nowait(worker)


def test_a_worker_that_dies_fails_its_request_alone(start: Callable[..., TestClient]) -> None:
    client = start()
    for worker in client.app.state.pool._workers:
        worker.process.kill()
        worker.process.join()
    assert client.post("/v1/forecast", json={"inputs": [ONE], "horizon": 1}).status_code == 200


def test_series_of_one_request_keep_their_order(client: TestClient) -> None:
    inputs = [{**ONE, "values": [n, n]} for n in range(50)]
    answer = client.post("/v1/forecast", content=json.dumps({"inputs": inputs, "horizon": 1})).json()
    assert [made["mean"] for made in answer["forecasts"]] == [[n] for n in range(50)]
