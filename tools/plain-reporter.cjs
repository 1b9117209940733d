/** Ends a test run with one plain line that scripts can read, after the default reporter's summary. */
module.exports = class PlainReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests: passed, numPendingTests: skipped, numRuntimeErrorTestSuites: broken } = results;
    const failed = results.numFailedTests + broken;
    process.stdout.write(`node ${process.versions.node}\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  }
};
