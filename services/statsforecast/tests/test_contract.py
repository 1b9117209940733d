"""The exchanges of contract.cases.json, which the platform's own tests go through too."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

HERE = Path(__file__).parent.parent
CASES = json.loads((HERE / "contract.cases.json").read_text())
SCHEMA = json.loads((HERE / "contract.schema.json").read_text())


def valid(definition: str, value: Any) -> bool:
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{definition}"}).is_valid(value)


def numbers_and_rest(value: Any) -> tuple[list[float], Any]:
    """The numbers of an answer, and the answer without them."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [value], "number"
    if isinstance(value, dict):
        parts = {key: numbers_and_rest(part) for key, part in sorted(value.items()) if key != "cpuMs"}
        return [n for numbers, _ in parts.values() for n in numbers], {key: rest for key, (_, rest) in parts.items()}
    if isinstance(value, list):
        items = [numbers_and_rest(part) for part in value]
        return [n for numbers, _ in items for n in numbers], [rest for _, rest in items]
    return [], value


def test_there_are_cases_of_each_kind() -> None:
    assert {case["status"] for case in CASES} == {200, 400, 422}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_exchange_of_the_contract_is_answered_as_it_says(client: TestClient, case: dict[str, Any]) -> None:
    response = client.post("/v1/forecast", json=case["request"])
    assert response.status_code == case["status"]
    body = response.json()
    if case["status"] == 200:
        assert valid("Request", case["request"])
        assert valid("Answer", body)
        expected_numbers, expected = numbers_and_rest(case["answer"])
        got_numbers, got = numbers_and_rest(body)
        assert got == expected
        # A fit differs from machine to machine in its last digits.
        assert got_numbers == pytest.approx(expected_numbers, rel=1e-2)
    else:
        assert valid("Problem", body)
        assert body == {**body, **case["problem"]}


# What JSON Schema has no words for, the service refuses all the same.
BEYOND_THE_SCHEMA = {
    "a model twice",
    "a season twice",
    "a time that is none",
    "a time without a zone",
    "a frequency under a second",
    "a frequency over a year",
    "an unknown unit",
    "bounds the wrong way round",
    "a horizon past the year 9999",
    "a series of gaps",
}


@pytest.mark.parametrize("case", [case for case in CASES if case["status"] != 200], ids=lambda case: case["name"])
def test_the_schema_refuses_what_the_service_refuses_as_far_as_it_can_say(case: dict[str, Any]) -> None:
    assert valid("Request", case["request"]) == (case["name"] in BEYOND_THE_SCHEMA)
