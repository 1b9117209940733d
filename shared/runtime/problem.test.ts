import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";

import { Problem, ProblemBody, PROBLEMS, Unavailable } from "../contract/problem.ts";
import { PROBLEM_BASE, problemResponse, toProblem } from "./problem.ts";

describe("problemResponse", () => {
  test.each(Object.entries(PROBLEMS))("%s is answered with its own type, status and title", (kind, { status, title }) => {
    const response = problemResponse(new Problem(kind as keyof typeof PROBLEMS, "What happened."), "/api/v1/series");

    expect(response.status).toBe(status);
    expect(response.headers["Content-Type"]).toBe("application/problem+json");
    const body: unknown = JSON.parse(response.body);
    expect(v.is(ProblemBody, body)).toBe(true);
    expect(body).toEqual({ type: PROBLEM_BASE + kind, title, status, detail: "What happened.", instance: "/api/v1/series" });
  });

  test("errors and further members are sent, and no member can replace a standard one", () => {
    const errors = [{ path: "metrics[3].value", message: "Expected a number" }];
    const problem = new Problem("nothing-accepted", "None.", { errors, members: { accepted: 0, rejected: 2, status: 200, type: "x" } });

    expect(JSON.parse(problemResponse(problem, "/x").body)).toMatchObject({
      accepted: 0,
      rejected: 2,
      errors,
      status: 422,
      type: `${PROBLEM_BASE}nothing-accepted`,
    });
  });

  test("the cause is never sent", () => {
    const problem = toProblem(new Error("password=hunter2 at /srv/secret.ts"));

    expect(JSON.stringify(problemResponse(problem, "/x"))).not.toMatch(/hunter2|secret|Error/);
  });

  test("an instance that is not known is left out", () => {
    expect(JSON.parse(problemResponse(new Problem("malformed-request", "No HTTP."), undefined).body)).not.toHaveProperty("instance");
  });
});

describe("toProblem", () => {
  test("a Problem stays the one it is", () => {
    const problem = new Problem("conflict", "Taken.");
    expect(toProblem(problem)).toBe(problem);
  });

  test("Unavailable becomes unavailable, with the error as cause", () => {
    const error = new Unavailable("turso: connection refused", { retryable: true });
    expect(toProblem(error)).toMatchObject({ kind: "unavailable", cause: error });
    expect(toProblem(error).detail).not.toContain("turso");
  });

  test.each([[new TypeError("x is not a function")], ["a string"], [undefined], [null], [{ kind: "conflict" }]])(
    "a throw of %p becomes internal, with one fixed detail and the throw as cause",
    (thrown) => {
      const problem = toProblem(thrown);
      expect(problem).toMatchObject({ kind: "internal", detail: toProblem(new Error("another")).detail });
      expect(problem.cause).toBe(thrown);
    },
  );
});
