import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {BINARY, TestAgent, exec, execShell, output, shell} from './agent.ts';
import {TestLink} from './link.ts';

/** A PID namespace of its own, as a container has it. `sleep infinity` in it belongs to the test: the agent must kill it. */
const RUNNER = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

function mayUnshare(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
}

const possible = mayUnshare();

/** The agent's process as this machine sees it. */
function pidOutside(agent: TestAgent): number {
  const pid = agent.process.pid ?? 0;
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

/** `agent connect` in the namespace, as pods/exec starts it. */
function relayInside(agent: TestAgent): Duplex {
  const enter = ['-t', String(pidOutside(agent)), '-p', '-m', BINARY, 'connect', '--run', agent.directory];
  const relay = spawn('nsenter', enter, {stdio: ['pipe', 'pipe', 'inherit']});
  return Duplex.from({readable: relay.stdout, writable: relay.stdin});
}

test.runIf(possible)(
  'when the main process ends, all others are killed but the relay, and nothing stays unreaped',
  async () => {
    await using agent = await TestAgent.start({runner: RUNNER, endedBy: 'SIGKILL'});
    const link = new TestLink(() => relayInside(agent));
    await link.open();
    const records = output(link);
    const detached = exec(link, {
      argv: ['sh', '-c', '(sleep 100 & sleep 100 & sleep 100) & sleep 100'],
      flags: 8,
    });
    await detached.expect(0x50);
    await execShell(link, 'setsid sleep 100 >/dev/null 2>&1 & true');

    await shell(
      link,
      'trap "" HUP; (setsid sh -c "trap \'\' TERM HUP; sleep 100" &) ; sleep 0.1; echo main; exit 3',
    );
    const state = await link.exited();
    await records.finished();
    const left = await execShell(link, 'for p in /proc/[0-9]*; do echo $p $(cat $p/comm 2>/dev/null); done');

    expect(state.exitCode).toBe(3);
    expect(records.output()).toBe('main\n');
    expect((await detached.expect(0x52)).u32()).toBe(137);
    expect(left.stdout).not.toMatch(/sleep/);
    expect(left.stdout).toMatch(/^\/proc\/1 agent/m);
    link.cut();
  },
);

test.runIf(possible)('orphans come to the agent and are reaped', async () => {
  await using agent = await TestAgent.start({runner: RUNNER, endedBy: 'SIGKILL'});
  const link = await agent.link();

  await execShell(link, '(sleep 0.1 &) ; (sleep 0.1 &) ; true');
  await sleep(300);
  const {stdout} = await execShell(link, 'cat /proc/[0-9]*/stat | grep -c " Z " || true');

  expect(stdout).toBe('0\n');
});

test.runIf(possible)(
  'a signal from inside is passed on and the agent stays; SIGTERM from outside ends both',
  async () => {
    await using agent = await TestAgent.start({runner: RUNNER, endedBy: 'SIGKILL'});
    const link = await agent.link();
    const records = output(link);
    await shell(
      link,
      'trap "echo hup" HUP; trap "echo term; exit 8" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await link.until(() => records.output() === 'ready\n');

    await execShell(link, 'kill -HUP 1');
    await link.until(() => records.output() === 'ready\nhup\n');
    await execShell(link, 'kill -TERM 1');
    expect((await link.exited()).exitCode).toBe(8);
    await link.ping();
    expect(link.closed).toBe(false);

    await shell(link, 'trap "exit 9" TERM; echo again; while :; do sleep 0.05; done');
    await link.until(() => records.ended);
    await sleep(200);
    process.kill(pidOutside(agent), 'SIGTERM');
    const [code] =
      agent.process.exitCode === null ? await once(agent.process, 'exit') : [agent.process.exitCode];
    expect(code).toBe(9);
  },
);
