import net from 'node:net';

import {expect, test} from 'vitest';

import {attach, create, runDetached, waitFor} from './client.ts';
import {openEngine, recorded, successorOf} from './support.ts';

test('a published port is open again under a new daemon, on the same number', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {
    HostConfig: {PortBindings: {'80/tcp': [{HostPort: '0'}]}},
  });
  const {Ports} = engine.containers.inspect(id).NetworkSettings;
  await recorded(engine, id, 'running');

  const successor = await successorOf(engine);

  expect(successor.containers.inspect(id).NetworkSettings.Ports).toEqual(Ports);
  await expect(connect(Number(Ports['80/tcp']?.[0]?.HostPort))).resolves.toBeUndefined();
});

test('so is that of a container with --rm', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {
    HostConfig: {AutoRemove: true, PortBindings: {'80/tcp': [{HostPort: '0'}]}},
  });
  const {Ports} = engine.containers.inspect(id).NetworkSettings;
  await recorded(engine, id, 'running');

  const successor = await successorOf(engine);

  expect(successor.containers.inspect(id).NetworkSettings.Ports).toEqual(Ports);
  await expect(connect(Number(Ports['80/tcp']?.[0]?.HostPort))).resolves.toBeUndefined();
});

test('a container whose port somebody took meanwhile runs on without it, and the log says so', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {
    HostConfig: {PortBindings: {'80/tcp': [{HostPort: '0'}]}},
  });
  const port = Number(engine.containers.inspect(id).NetworkSettings.Ports['80/tcp']?.[0]?.HostPort);
  await recorded(engine, id, 'running');
  engine.kill();
  const thief = net.createServer();
  await new Promise<void>(resolve => void thief.listen(port, '127.0.0.1', resolve));

  const successor = await openEngine({namespace: engine.namespace});
  thief.close();

  expect(successor.containers.inspect(id).State).toMatchObject({Running: true, ExitCode: 0, Error: ''});
  expect(successor.logged).toEqual([expect.stringContaining('port is already allocated')]);
});

test('a container that ended while no daemon ran has no open port', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'read line'], {
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {PortBindings: {'80/tcp': [{HostPort: '0'}]}},
  });
  await attach(engine, id, {stdin: true});
  await engine.containers.start(id);
  const port = Number(engine.containers.inspect(id).NetworkSettings.Ports['80/tcp']?.[0]?.HostPort);
  await recorded(engine, id, 'running');

  const successor = await successorOf(engine);
  await waitFor(successor, id, 'not-running');

  await expect(connect(port)).rejects.toThrow('ECONNREFUSED');
});

function connect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
