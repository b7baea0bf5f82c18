import {expect, test} from 'vitest';

import type {ExecCreateRequest} from '../../src/api/engine.ts';
import {Conflict, InvalidRequest, NotFound} from '../../src/errors.ts';
import {create, runDetached, written} from './client.ts';
import {event, openEngine, type TestEngine, until} from './support.ts';

const prefix = 'OCI runtime exec failed: exec failed: unable to start container process: ';

function request(Cmd: string[], more: Partial<ExecCreateRequest> = {}): ExecCreateRequest {
  return {
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    DetachKeys: '',
    Tty: false,
    Env: [],
    Cmd,
    Privileged: false,
    User: '',
    WorkingDir: '',
    ConsoleSize: undefined,
    ...more,
  };
}

async function openExec(
  command: string[],
  more: Partial<ExecCreateRequest> = {},
  container: Record<string, unknown> = {},
) {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], container);
  const {Id} = await engine.execs.create(id, request(command, more));
  return {engine, id, exec: Id};
}

function start({execs}: TestEngine, exec: string, tty = false) {
  return execs.start(exec, {tty, size: undefined});
}

test('an exec has its output on two channels, and its exit code when the output ends', async () => {
  const {engine, exec, id} = await openExec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
  expect(engine.execs.inspect(exec)).toMatchObject({
    ID: exec,
    ContainerID: id,
    Running: false,
    ExitCode: null,
    Pid: 0,
  });

  const output = await written(await start(engine, exec));

  expect(output.split(/(?=[12]:)/).toSorted()).toEqual(['1:out\n', '2:err\n']);
  expect(engine.execs.inspect(exec)).toMatchObject({Running: false, ExitCode: 3, CanRemove: true});
});

test('a running exec has a pid, no exit code, and its id in the container', async () => {
  const {engine, exec, id} = await openExec(['cat'], {AttachStdin: true});
  const attachment = await start(engine, exec);
  await until(() => engine.execs.inspect(exec).Pid > 0);

  expect(engine.execs.inspect(exec)).toMatchObject({
    Running: true,
    ExitCode: null,
    OpenStdin: true,
    ProcessConfig: {entrypoint: 'cat', arguments: []},
  });
  expect(engine.containers.inspect(id)['ExecIDs']).toEqual([exec]);
  attachment.stdin?.end('hello');

  expect(await written(attachment)).toBe('1:hello');
  expect(engine.containers.inspect(id)['ExecIDs']).toBeNull();
});

test.each([
  [['nocmd'], {}, 127, `${prefix}exec: "nocmd": executable file not found in $PATH: unknown`],
  [[''], {}, 127, `${prefix}exec: "": executable file not found in $PATH: unknown`],
  [['/no/such'], {}, 127, `${prefix}exec: "/no/such": stat /no/such: no such file or directory: unknown`],
  [['/etc/passwd'], {}, 126, `${prefix}exec: "/etc/passwd": permission denied: unknown`],
  [['/etc'], {}, 126, `${prefix}exec: "/etc": permission denied: unknown`],
  [
    ['true'],
    {WorkingDir: '/nope'},
    127,
    `${prefix}chdir to cwd ("/nope") set in config.json failed: no such file or directory: unknown`,
  ],
])(
  'an exec of %j with %j says in its output why it cannot run, and has code %i',
  async (command, more, code, words) => {
    const {engine, exec} = await openExec(command, more);

    const output = await written(await start(engine, exec));

    expect(output).toBe(`1:${words}\r\n`);
    expect(engine.execs.inspect(exec)).toMatchObject({Running: false, ExitCode: code});
  },
);

test('a detached exec answers when it runs, or with why it does not', async () => {
  const {engine, exec, id} = await openExec(['sh', '-c', 'exit 5']);
  const {Id: failing} = await engine.execs.create(id, request(['nocmd']));

  await engine.execs.startDetached(exec);
  await expect(engine.execs.startDetached(failing)).rejects.toThrow(
    new InvalidRequest(`${prefix}exec: "nocmd": executable file not found in $PATH: unknown`),
  );

  await until(() => engine.execs.inspect(exec).ExitCode === 5);
  expect(engine.execs.inspect(failing).ExitCode).toBe(127);
});

test.each([
  ['nouser', 'unable to find user nouser: no matching entries in passwd file'],
  ['0:nogroup-at-all', 'unable to find group nogroup-at-all: no matching entries in group file'],
])('an exec as %s is refused when it is made', async (User, words) => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);

  await expect(engine.execs.create(id, request(['true'], {User}))).rejects.toThrow(words);
});

test('an exec needs a running container and a command', async () => {
  const engine = await openEngine();
  const created = await create(engine, ['true']);
  const running = await runDetached(engine, ['sleep', '60']);

  await expect(engine.execs.create(created, request(['true']))).rejects.toThrow(
    new Conflict(`container ${created} is not running`),
  );
  await expect(engine.execs.create(running, request([]))).rejects.toThrow(
    new InvalidRequest('No exec command specified'),
  );
  await expect(engine.execs.create('nope', request(['true']))).rejects.toThrow(
    new NotFound('No such container: nope'),
  );
  expect(() => engine.execs.inspect('nope')).toThrow(new NotFound('No such exec instance: nope'));
});

test('an exec runs once', async () => {
  const {engine, exec} = await openExec(['true']);
  await written(await start(engine, exec));

  await expect(start(engine, exec)).rejects.toThrow(Conflict);
});

test('an exec has the variables and the directory of its container, and its own over them', async () => {
  const command = ['sh', '-c', 'echo $A $B $C $HOSTNAME $TERM; pwd'];
  const {engine, exec} = await openExec(
    command,
    {Env: ['B=exec', 'C=exec']},
    {Env: ['A=container', 'B=container'], WorkingDir: '/tmp', Hostname: 'web'},
  );

  expect(await written(await start(engine, exec))).toBe('1:container exec exec web\n/tmp\n');
});

test('a resize that comes before the start waits for it', async () => {
  const {engine, exec} = await openExec(['sh', '-c', 'read line; stty size'], {Tty: true, AttachStdin: true});
  const resized = engine.execs.resize(exec, {rows: 33, columns: 44});

  const attachment = await start(engine, exec, true);
  await resized;
  attachment.stdin?.write('\n');

  expect(await written(attachment)).toContain('33 44\r\n');
});

test('the size that comes with the start is the first size', async () => {
  const {engine, exec} = await openExec(['stty', 'size'], {Tty: true, AttachStdin: true});

  const attachment = await engine.execs.start(exec, {tty: true, size: {rows: 12, columns: 34}});

  expect(await written(attachment)).toBe('1:12 34\r\n');
});

test('a client that detaches leaves the exec running', async () => {
  const {engine, exec} = await openExec(['sh', '-c', 'seq 1 100000; exit 6']);
  const {output} = await start(engine, exec);

  output.destroy();

  await until(() => engine.execs.inspect(exec).ExitCode === 6);
});

test('the events of an exec carry its command, its id and its exit code', async () => {
  const {engine, exec, id} = await openExec(['sh', '-c', 'exit 2']);
  await written(await start(engine, exec));
  await event(engine, 'exec_die', id);

  const told = engine.happened.filter(({Actor}) => Actor.Attributes['execID'] === exec);
  expect(told.map(({Action}) => Action)).toEqual([
    'exec_create: sh -c exit 2',
    'exec_start: sh -c exit 2',
    'exec_die',
  ]);
  expect(told.at(-1)?.Actor.Attributes).toMatchObject({exitCode: '2', image: 'alpine'});
});

test('an exec ends with its container', async () => {
  const {engine, exec, id} = await openExec(['sleep', '60']);
  const output = written(await start(engine, exec));
  await until(() => engine.execs.inspect(exec).Pid > 0);

  await engine.containers.kill(id, undefined);

  expect(await output).toBe('');
  expect(engine.execs.inspect(exec)).toMatchObject({Running: false, ExitCode: 137});
});

test('an exec whose Pod vanishes ends with 137, and its stream with an error', async () => {
  const {engine, exec, id} = await openExec(['sleep', '60']);
  const output = written(await start(engine, exec));
  await until(() => engine.execs.inspect(exec).Pid > 0);

  engine.namespace.vanish(`bad-${id.slice(0, 20)}`);

  await expect(output).rejects.toThrow('the Pod was deleted');
  expect(engine.execs.inspect(exec)).toMatchObject({Running: false, ExitCode: 137});
});

test('an exec goes on over connections that are cut', async () => {
  const {engine, exec} = await openExec([
    'sh',
    '-c',
    'for i in 1 2 3 4 5; do echo $i; sleep 0.03; done; exit 3',
  ]);
  const {output} = await start(engine, exec);

  let text = '';
  for await (const {bytes} of output) {
    text += String(bytes);
    engine.namespace.cutStreams();
  }

  expect(text).toBe('1\n2\n3\n4\n5\n');
  expect(engine.execs.inspect(exec).ExitCode).toBe(3);
});
