import {spawn} from 'node:child_process';
import {createHash, randomBytes} from 'node:crypto';

import {expect, test} from 'vitest';

import {onCluster} from './support/suite.ts';
import {inTerminal} from './support/terminal.ts';

const MEGABYTE = 1024 * 1024;

onCluster('streams', stage => {
  const docker = (...args: string[]) => stage.badidea.docker(args);

  /** Pipes bytes into a docker command and hashes what comes out, without ever holding them all. */
  function throughPipe(
    args: string[],
    megabytes: number,
  ): Promise<{sent: string; received: string; code: number}> {
    const child = spawn('docker', ['--context', 'badidea', ...args], {
      env: stage.badidea.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const sent = createHash('sha256');
    const received = createHash('sha256');
    child.stdout.on('data', (chunk: Buffer) => received.update(chunk));
    void (async () => {
      for (let count = 0; count < megabytes; count++) {
        const block = randomBytes(MEGABYTE);
        sent.update(block);
        if (!child.stdin.write(block)) await new Promise(resolve => child.stdin.once('drain', resolve));
      }
      child.stdin.end();
    })();
    return new Promise(resolve => {
      child.on('close', code =>
        resolve({sent: sent.digest('hex'), received: received.digest('hex'), code: code ?? -1}),
      );
    });
  }

  test('100 MB through the stdin of a run come out of its stdout as they were', async () => {
    const {code, received, sent} = await throughPipe(['run', '--rm', '-i', 'busybox', 'cat'], 100);

    expect(code).toBe(0);
    expect(received).toBe(sent);
  });

  test('100 MB through an exec come out as they were', async () => {
    await docker('run', '-d', '--name', 'pipe', 'busybox', 'sleep', '1000');
    const {code, received, sent} = await throughPipe(['exec', '-i', 'pipe', 'cat'], 100);
    await docker('rm', '-f', 'pipe');

    expect(code).toBe(0);
    expect(received).toBe(sent);
  });

  test('the end of stdin reaches the process, and its late answer comes back', async () => {
    const outcome = await stage.badidea.docker(
      ['run', '--rm', '-i', 'busybox', 'sh', '-c', 'wc -c; sleep 1; echo late'],
      {input: 'abc'},
    );

    expect(outcome.stdout).toBe('3\nlate\n');
  });

  test('run -it has a terminal of the right size, and resizes with it', async () => {
    const terminal = inTerminal(
      'docker --context badidea run --rm -it --name sized busybox sh -c \'stty size; trap "stty size" WINCH; while :; do sleep 0.1; done\'',
      {
        env: stage.badidea.env,
        rows: 31,
        columns: 99,
      },
    );
    await terminal.shows('31 99');
    // The docker CLI tells its size once after the start; a resize before that may reach the container first and be undone.
    const told = [
      'events',
      '--since',
      '60s',
      '--until',
      '0s',
      '--filter',
      'event=resize',
      '--filter',
      'container=sized',
    ];
    await expect
      .poll(async () => (await docker(...told)).stdout, {timeout: 10_000, interval: 300})
      .not.toBe('');
    await terminal.resize(44, 120);
    await terminal.shows('44 120');
    terminal.type('\u0003');

    expect(await terminal.ended).toBe(130);
  });

  test('exec -it talks to a shell', async () => {
    await docker('run', '-d', '--name', 'shell', 'busybox', 'sleep', '1000');
    const terminal = inTerminal('docker --context badidea exec -it shell sh', {
      env: stage.badidea.env,
      rows: 25,
      columns: 81,
    });
    await terminal.shows('#');
    terminal.type('stty size; echo $((40 + 2)); exit 9\n');
    await terminal.shows('25 81');
    await terminal.shows('42');
    const code = await terminal.ended;
    await docker('rm', '-f', 'shell');

    expect(code).toBe(9);
  });

  test('several clients attached at once see the same', async () => {
    await docker('run', '-d', '-i', '--name', 'seen', 'busybox', 'sh', '-c', 'sleep 3; echo all');
    const outcomes = await Promise.all([1, 2, 3].map(() => docker('attach', '--no-stdin', 'seen')));
    await docker('rm', '-f', 'seen');

    expect(outcomes.map(({stdout}) => stdout)).toEqual(['all\n', 'all\n', 'all\n']);
  });
});
