import {spawn} from 'node:child_process';
import {readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/**
 * `npm test`: all tests, then one closing line. Without a cluster the tests on the real cluster are skipped with a line that says why; with CI set that is a
 * failure, because a green CI must mean that they ran.
 */
interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numPendingTests: number;
}

const reportFile = path.join(tmpdir(), `badidea-tests-${process.pid}.json`);
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const args = [
  vitest,
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile}`,
  ...process.argv.slice(2),
];
const code = await new Promise<number>(resolve => {
  spawn(process.execPath, args, {stdio: 'inherit'}).on('close', status => resolve(status ?? 1));
});
const report = await readReport();
await rm(reportFile, {force: true});

const failed = Math.max(report.numFailedTests, report.numFailedTestSuites, code === 0 ? 0 : 1);
const skipped = report.numPendingTests;
const skippedInCi = process.env['CI'] === 'true' && skipped > 0;
if (skippedInCi) console.error(`${skipped} tests were skipped; in CI every test must run`);
console.log(`${report.numPassedTests} passed, ${failed + (skippedInCi ? skipped : 0)} failed`);
process.exit(failed > 0 || skippedInCi || report.numPassedTests === 0 ? 1 : 0);

async function readReport(): Promise<Report> {
  const none = {
    success: false,
    numPassedTests: 0,
    numFailedTests: 0,
    numFailedTestSuites: 1,
    numPendingTests: 0,
  };
  try {
    return {...none, numFailedTestSuites: 0, ...JSON.parse(await readFile(reportFile, 'utf8'))};
  } catch {
    // It was ended before it could write one.
    return none;
  }
}
