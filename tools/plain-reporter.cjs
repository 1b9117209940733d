/** Ends a test run with one plain line that scripts can read. The summary comes after all other reporters, so this waits for the end of the process. */
module.exports = class PlainReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests: passed, numPendingTests: skipped, numRuntimeErrorTestSuites: broken } = results;
    const failed = results.numFailedTests + broken;
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    process.once("exit", () => process.stdout.write(`node ${process.versions.node}\n${line}\n`));
  }
};
