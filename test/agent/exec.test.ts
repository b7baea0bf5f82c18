import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {TestAgent, exec, execShell} from './agent.ts';
import {SPEC, u16, u8} from './bytes.ts';

const root = process.getuid?.() === 0;

test('an exec answers with stdout, stderr and its exit code, whether the main process runs or not', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  expect(await execShell(link, 'echo out; echo err >&2; exit 3')).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
});

test('the environment is the given one and HOME; the working directory is the given one', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const env = ['A=1', 'EMPTY=', 'U=ä b'];

  const plain = await execShell(link, '/usr/bin/env | /usr/bin/sort; pwd', {env, cwd: '/usr/lib'});
  const home = await execShell(link, 'echo $HOME', {env: ['HOME=/mine']});

  expect(plain.stdout.split('\n')).toEqual([
    'A=1',
    'EMPTY=',
    expect.stringMatching(/^HOME=\//),
    'PWD=/usr/lib',
    'U=ä b',
    '/usr/lib',
    '',
  ]);
  expect(home.stdout).toBe('/mine\n');
});

test('argv[0] is looked up in the PATH of env', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const failure = async (argv: string[], env: string[]) => {
    const failed = await exec(link, {argv, env}).expect(0x51);
    return [failed.u8(), failed.u32(), failed.text()];
  };

  expect(await failure(['ls'], ['PATH=/nowhere:/etc'])).toEqual([4, 2, 'ls: No such file or directory']);
  expect(await failure(['passwd'], ['PATH=/etc'])).toEqual([4, 13, 'passwd: Permission denied']);
  const found = exec(link, {argv: ['ls', '/dev/null'], env: ['PATH=/nowhere:/usr/bin:/bin']});
  expect((await found.expect(0x52)).u32()).toBe(0);
});

test('a missing working directory fails an exec at its stage', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const failed = await exec(link, {argv: ['true'], cwd: '/no/such'}).expect(0x51);

  expect([failed.u8(), failed.u32(), failed.text()]).toEqual([3, 2, '/no/such: No such file or directory']);
});

test.runIf(root).each([
  ['nobody', '65534 65534 65534'],
  ['1234', '1234 0 0'],
  ['daemon:tty', '1 5 5'],
  [':4', '0 4 4'],
  ['2:77', '2 77 77'],
])('the user %s runs with uid, gid, groups %s', async (user, ids) => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const {stdout} = await execShell(link, 'echo $(id -u) $(id -g) $(id -G)', {user});

  expect(stdout).toBe(`${ids}\n`);
});

test('stdin goes in and ends', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stream = exec(link, {argv: ['sh', '-c', 'wc -c; sleep 0.1; echo after >&2'], flags: SPEC.stdin});

  await stream.write(Buffer.alloc(5_000_000));
  stream.end();
  await stream.expect(0x52);

  expect(stream.data(1).toString().trim()).toBe('5000000');
  expect(stream.data(2).toString()).toBe('after\n');
});

test('without stdin the process reads an end at once', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  expect(await execShell(link, 'cat; echo done')).toMatchObject({stdout: 'done\n', code: 0});
});

test('a terminal has a size, can be resized, and takes ctrl-C', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stream = exec(link, {
    argv: ['sh', '-c', 'trap "stty size" WINCH; stty size; while :; do sleep 0.05; done'],
    flags: SPEC.tty | SPEC.stdin,
    rows: 10,
    columns: 20,
  });

  await link.until(() => stream.data(1).includes('10 20'));
  stream.message(3, Buffer.concat([u16(30), u16(40)]));
  await link.until(() => stream.data(1).includes('30 40'));
  await stream.write(Buffer.from('\x03'));

  expect((await stream.expect(0x52)).u32()).toBe(130);
});

test('KILL sends a signal', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stream = exec(link, {argv: ['sleep', '100']});
  await stream.expect(0x50);

  stream.message(4, u8(15));

  expect((await stream.expect(0x52)).u32()).toBe(143);
});

test('a detached exec ends its stream’s output at once and tells its exit code at the end', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stream = exec(link, {
    argv: ['sh', '-c', 'cat; echo dropped; sleep 0.2; exit 4'],
    flags: SPEC.detached | SPEC.stdin,
  });
  stream.end();

  await stream.finished();
  expect(stream.messages.map(one => one.message)).toEqual([0x50]);
  expect((await stream.expect(0x52)).u32()).toBe(4);
  expect(stream.data().length).toBe(0);
});

test('an exec whose child keeps the pipes open still ends, two seconds after its exit', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const begun = Date.now();

  const result = await execShell(link, 'sleep 30 & echo out');

  expect(result).toMatchObject({code: 0, stdout: 'out\n'});
  expect(Date.now() - begun).toBeLessThan(4000);
});

test('after RESET the process runs on and its output goes nowhere', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const file = `${agent.directory}/done`;
  const stream = exec(link, {argv: ['sh', '-c', `head -c 3000000 /dev/zero; echo yes >${file}`]});
  stream.grants = false;
  await stream.expect(0x50);

  link.send(0x13, stream.id, Buffer.alloc(8));

  for (let i = 0; i < 100 && (await execShell(link, `cat ${file} 2>/dev/null`)).stdout !== 'yes\n'; i++)
    await sleep(20);
  expect((await execShell(link, `cat ${file}`)).stdout).toBe('yes\n');
});

test('many execs at once each get their own output', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const results = await Promise.all(
    Array.from({length: 40}, (_, i) => execShell(link, `echo ${i}; exit ${i}`)),
  );

  expect(results.map(one => [one.stdout, one.code])).toEqual(results.map((_, i) => [`${i}\n`, i]));
});
