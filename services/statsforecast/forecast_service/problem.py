"""Refusals, as RFC 9457 problem+json."""

from typing import Any

from fastapi.responses import JSONResponse

BASE = "https://intentvision.dev/problems/"

PROBLEMS = {
    "malformed-request": (400, "The request cannot be read"),
    "validation-failed": (400, "The request does not match its contract"),
    "not-found": (404, "There is nothing at this path"),
    "method-not-allowed": (405, "This path does not take that method"),
    "request-timeout": (408, "The request did not arrive in time"),
    "too-large": (413, "The request is larger than its limit"),
    "series-too-short": (422, "The series is too short for this request"),
    "time-limit": (422, "The request takes longer than it may"),
    "internal": (500, "Something failed on our side"),
    "busy": (503, "Too many requests are waiting"),
}


class Problem(Exception):
    """Refuses a request. `detail` and `members` are sent."""

    def __init__(self, kind: str, detail: str, **members: Any) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail, self.members = kind, detail, members

    def response(self) -> JSONResponse:
        status, title = PROBLEMS[self.kind]
        body = {"type": BASE + self.kind, "title": title, "status": status, "detail": self.detail, **self.members}
        headers = {"Retry-After": "5"} if self.kind == "busy" else {}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
