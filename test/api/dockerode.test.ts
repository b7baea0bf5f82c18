import Docker from 'dockerode';
import {expect, test} from 'vitest';

import {scriptedEngine, type Program} from '../fakes/scripted-engine.ts';
import {serveApi} from '../helpers/api-server.ts';

const greet: Program = async ({stdin, write}) => {
  await write(1, 'out\n');
  await write(2, 'err\n');
  let heard = 0;
  for await (const chunk of stdin) heard += (chunk as Buffer).length;
  await write(1, `heard ${heard}\n`);
  return 3;
};

async function connect(program: Program) {
  const engine = scriptedEngine(program);
  const {path} = await serveApi(engine);
  return {engine, docker: new Docker({socketPath: path})};
}

async function read(stream: NodeJS.ReadableStream, docker: Docker): Promise<{out: string; err: string}> {
  const said = {out: '', err: ''};
  const writer = (key: 'out' | 'err') => ({write: (chunk: Buffer) => (said[key] += chunk.toString())});
  docker.modem.demuxStream(stream, writer('out') as never, writer('err') as never);
  await new Promise(resolve => stream.on('end', resolve).on('close', resolve));
  return said;
}

test('creates with a request that is repeated in the query, 20 KB and more', async () => {
  const {docker, engine} = await connect(greet);

  const container = await docker.createContainer({
    Image: 'busybox',
    name: 'big',
    Labels: {x: 'a'.repeat(20_000)},
  });

  expect((await container.inspect()).Name).toBe('/big');
  expect([...engine.all.values()][0]?.request.Labels['x']).toHaveLength(20_000);
  expect(await docker.listContainers({all: true})).toHaveLength(1);
});

test('attaches with a body, starts, writes and waits', async () => {
  const {docker} = await connect(greet);
  const container = await docker.createContainer({Image: 'busybox', OpenStdin: true, StdinOnce: true});

  const stream = await container.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  });
  const reading = read(stream, docker);
  const waiting = container.wait({condition: 'next-exit'});
  await container.start();
  stream.end('12345');

  expect(await reading).toEqual({out: 'out\nheard 5\n', err: 'err\n'});
  expect(await waiting).toEqual({StatusCode: 3});
});

test('attaches without an upgrade', async () => {
  const {docker} = await connect(async ({write}) => {
    await write(2, 'err\n');
    return 0;
  });
  const container = await docker.createContainer({Image: 'busybox'});

  const reading = read(await container.attach({stream: true, stdout: true, stderr: true}), docker);
  await container.start();

  expect(await reading).toEqual({out: '', err: 'err\n'});
});

test.each([true, false])('runs an exec and writes to it (hijack: %j)', async hijack => {
  const {docker} = await connect(async ({stdin, write}) => {
    for await (const chunk of stdin) {
      await write(1, `heard ${String(chunk)}\n`);
      return 0;
    }
    return 1;
  });
  const container = await docker.createContainer({Image: 'busybox', OpenStdin: true});
  await container.start();
  const exec = await container.exec({Cmd: ['cat'], AttachStdin: true, AttachStdout: true});

  const stream = await exec.start({hijack, stdin: true});
  const reading = read(stream, docker);
  stream.write('hello');

  expect(await reading).toMatchObject({out: 'heard hello\n'});
  expect((await exec.inspect()).ExitCode).toBe(0);
});

test('pulls and follows the progress', async () => {
  const {docker} = await connect(greet);

  const messages = await new Promise<{status?: string}[]>((resolve, reject) => {
    void docker.pull('busybox:latest', (error: Error | null, stream: NodeJS.ReadableStream) =>
      error
        ? reject(error)
        : docker.modem.followProgress(stream, (failure, output) =>
            failure ? reject(failure) : resolve(output),
          ),
    );
  });

  expect(messages.at(-1)?.status).toContain('Downloaded newer image');
});

test('reads errors', async () => {
  const {docker} = await connect(greet);

  await expect(docker.getContainer('nope').inspect()).rejects.toMatchObject({
    statusCode: 404,
    json: {message: 'No such container: nope'},
  });
  await expect(
    docker.getContainer('nope').attach({stream: true, stdout: true, hijack: true}),
  ).rejects.toThrow('No such container: nope');
});
