"""The request. `contract.schema.json` says the same for every reader; a test compares the two."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from .problem import Problem

DAY_MS = 86_400_000
LATEST_MS = 253_402_300_799_999
MODELS = ("AutoETS", "AutoTheta", "MSTL", "AutoCES", "SeasonalNaive")
MOST_FIELD_ERRORS = 100
MOST_CHARACTERS = 300
MOST_ANSWERED_NUMBERS = 1_000_000

_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
_DURATION = re.compile(r"(\d{1,11})(ms|s|m|h|d|w)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS}


def _unix_ms(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _ISO_TIME.fullmatch(value):
        raise ValueError("Expected an ISO 8601 time with a zone, such as 2026-11-20T10:00:00Z, or Unix milliseconds")
    return int(datetime.fromisoformat(value).timestamp() * 1_000)


def _duration_ms(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError("Expected a duration such as 30s, 5m, 1h or 1d, or milliseconds")
    return int(match[1]) * _UNIT_MS[match[2]]


def format_duration(ms: int) -> str:
    """A duration in the largest unit that divides it, up to days: 300000 is `5m`."""
    unit = next((name for name in ("d", "h", "m", "s") if ms % _UNIT_MS[name] == 0), "ms")
    return f"{ms // _UNIT_MS[unit]}{unit}"


def _distinct(items: list) -> list:
    if len(set(items)) != len(items):
        raise ValueError("Expected each once")
    return items


Finite = Annotated[float, Field(allow_inf_nan=False)]
Time = Annotated[int, BeforeValidator(_unix_ms), Field(ge=0, le=LATEST_MS)]
Frequency = Annotated[int, BeforeValidator(_duration_ms), Field(ge=1_000, le=366 * DAY_MS)]
Level = Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)]
SeasonLength = Annotated[int, Field(ge=2, le=10_080)]
Model = Literal["AutoETS", "AutoTheta", "MSTL", "AutoCES", "SeasonalNaive"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


# A member with the default None may be left out; null is refused, as it is by the schema.
class Bounds(Strict):
    min: Finite = None  # type: ignore[assignment]
    max: Finite = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _in_order(self) -> "Bounds":
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError("Expected min below max")
        return self


class Input(Strict):
    start: Time
    frequency: Frequency
    values: list[Finite | None] = Field(min_length=2, max_length=100_000)
    seasonLengths: Annotated[list[SeasonLength], Field(max_length=3), AfterValidator(_distinct)] = None  # type: ignore[assignment]
    bounds: Bounds = None  # type: ignore[assignment]


class ForecastRequest(Strict):
    inputs: list[Input] = Field(min_length=1, max_length=256)
    horizon: int = Field(ge=1, le=720)
    levels: list[Level] = Field(default=[80, 95], min_length=1, max_length=10)
    models: Annotated[list[Model], Field(min_length=1, max_length=5), AfterValidator(_distinct)] = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _before_the_year_10000(self) -> "ForecastRequest":
        if any(of.start + (len(of.values) + self.horizon) * of.frequency > LATEST_MS for of in self.inputs):
            raise ValueError("Expected history and horizon to end before the year 10000")
        return self


def parse(body: bytes) -> ForecastRequest:
    """Parses a request. Raises Problem malformed-request, validation-failed or too-large."""
    try:
        request = ForecastRequest.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        if errors[0]["type"] == "json_invalid":
            raise Problem("malformed-request", errors[0]["msg"][:MOST_CHARACTERS]) from None
        fields = [{"path": _path(e["loc"]), "message": e["msg"][:MOST_CHARACTERS]} for e in errors[:MOST_FIELD_ERRORS]]
        detail = "One member is wrong." if len(errors) == 1 else f"{len(errors)} members are wrong."
        raise Problem("validation-failed", detail, errors=fields) from None
    answered = len(request.inputs) * request.horizon * (1 + 2 * len(request.levels))
    if answered > MOST_ANSWERED_NUMBERS:
        raise Problem(
            "too-large", f"The answer would have {answered} numbers; {MOST_ANSWERED_NUMBERS} are the most.", limit=MOST_ANSWERED_NUMBERS
        )
    return request


def _path(loc: tuple[int | str, ...]) -> str:
    path = ""
    for key in loc:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
    return path[:MOST_CHARACTERS]
