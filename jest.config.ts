import type { Config } from "jest";

export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  testMatch: ["<rootDir>/{functions,shared,tools,benchmarks,e2e}/**/*.test.ts"],
  transform: {},
  coverageProvider: "v8",
  reporters: ["default", "<rootDir>/tools/plain-reporter.cjs"],
} satisfies Config;
