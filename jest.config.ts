import type { Config } from "jest";

export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  testMatch: ["<rootDir>/{functions,shared,tools,benchmarks,e2e}/**/*.test.ts"],
  transform: {},
  // Each bundle there has a package of its own.
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  // What hangs fails; what is slow on a slow machine does not.
  testTimeout: 60_000,
  coverageProvider: "v8",
  // Most of the time goes by in processes and sockets of the tests' own: on two cores one worker leaves the other idle.
  maxWorkers: "100%",
  reporters: ["default", "<rootDir>/tools/plain-reporter.cjs"],
} satisfies Config;
