import {execFileSync} from 'node:child_process';
import {join} from 'node:path';

import {expect, test} from 'vitest';

import {TestAgent, execShell, output, shell} from './agent.ts';

const QEMU = 'qemu-aarch64-static';
const BINARY = join(import.meta.dirname, '../../src/agent/bin/agent-arm64');

function hasQemu(): boolean {
  try {
    execFileSync(QEMU, ['--version']);
    return true;
  } catch {
    return false;
  }
}

test.runIf(process.arch !== 'arm64' && hasQemu())('the arm64 binary does the same under qemu', async () => {
  await using agent = await TestAgent.start({runner: [QEMU], binary: BINARY});
  const link = await agent.relayed();
  const records = output(link);

  await shell(link, 'echo out; echo err >&2; exit 3');

  expect((await link.exited()).exitCode).toBe(3);
  expect(await execShell(link, 'echo exec; exit 4')).toEqual({code: 4, stdout: 'exec\n', stderr: ''});
  await records.finished();
  expect([records.output(1), records.output(2)]).toEqual(['out\n', 'err\n']);
});
