import {expect, test} from 'vitest';

import {Forbidden} from '../../src/errors.ts';
import {connect, isFree, publish, serve, take} from './support.ts';

const http = (hostPorts: number[], hostIp = '') => ({containerPort: '80/tcp', hostIp, hostPorts});

/** A few ports in a row that are free on both addresses, below those that Linux gives to outgoing connections. */
async function freeRange(count: number): Promise<number[]> {
  for (let first = 20_000 + Math.floor(Math.random() * 10_000); ; first += count) {
    const ports = Array.from({length: count}, (_, index) => first + index);
    const free = await Promise.all(ports.flatMap(port => [isFree(port, '127.0.0.1'), isFree(port, '::1')]));
    if (free.every(Boolean)) return ports;
  }
}

test('a port without an address listens on both loopbacks, with one number', async () => {
  const inside = await serve(socket => socket.end('hello'));
  const {ports} = await publish([{containerPort: `${inside}/tcp`, hostIp: '', hostPorts: [0]}]);

  expect(ports.map(({hostIp}) => hostIp)).toEqual(['127.0.0.1', '::1']);
  expect(new Set(ports.map(({hostPort}) => hostPort)).size).toBe(1);
  for (const {hostIp, hostPort} of ports) {
    const socket = await connect(hostPort, hostIp);
    expect(String(await socket.toArray())).toBe('hello');
  }
});

test('an address of loopback is listened on alone', async () => {
  const {ports} = await publish([http([0], '127.0.0.1')]);

  expect(ports).toEqual([{containerPort: '80/tcp', hostIp: '127.0.0.1', hostPort: expect.any(Number)}]);
  expect(await isFree(ports[0]?.hostPort ?? 0, '::1')).toBe(true);
});

test('of a range the first port that is free on both addresses is taken', async () => {
  const [first = 0, second = 0, third = 0] = await freeRange(3);
  await take(first, '127.0.0.1');
  await take(second, '::1');

  const {ports} = await publish([http([first, second, third])]);

  expect(ports.map(({hostPort}) => hostPort)).toEqual([third, third]);
});

test('a range that is taken whole says so in the words of dockerd', async () => {
  const range = await freeRange(2);
  for (const port of range) await take(port, '127.0.0.1');

  await expect(publish([http(range)])).rejects.toThrow(/^all ports are allocated$/);
});

test.each(['127.0.0.1', '::1'])(
  'a port that is taken on %s is a conflict that leaves nothing bound',
  async host => {
    const [free = 0, port = 0] = await freeRange(2);
    await take(port, host);

    const conflict = publish([http([free]), {containerPort: '81/tcp', hostIp: '', hostPorts: [port]}]);

    await expect(conflict).rejects.toThrow(`Bind for 0.0.0.0:${port} failed: port is already allocated`);
    expect(await isFree(free, '127.0.0.1')).toBe(true);
    expect(await isFree(free, '::1')).toBe(true);
    expect(await isFree(port, host === '::1' ? '127.0.0.1' : '::1')).toBe(true);
  },
);

test('a conflict names the address that was asked for', async () => {
  const {port} = await take(0, '127.0.0.1');

  await expect(publish([http([port], '127.0.0.1')])).rejects.toThrow(
    `Bind for 127.0.0.1:${port} failed: port is already allocated`,
  );
});

test('two publications of one port are a conflict, and after a close the port is free at once', async () => {
  const {close, ports} = await publish([http([0])]);
  const port = ports[0]?.hostPort ?? 0;
  await expect(publish([http([port])])).rejects.toThrow('port is already allocated');

  close();

  await expect(publish([http([port])])).resolves.toBeDefined();
});

test.each(['0.0.0.0', '::', '10.0.0.1', '169.254.169.254', '1.2.3.4'])(
  '%s is refused unless the setting allows it',
  async hostIp => {
    await expect(publish([http([0], hostIp)])).rejects.toThrow(Forbidden);
    await expect(publish([http([0], hostIp)])).rejects.toThrow('forward.allowNonLoopback');
  },
);

test('with the setting another address is listened on', async () => {
  const {ports} = await publish([http([0], '0.0.0.0')], undefined, true);

  expect(ports).toEqual([{containerPort: '80/tcp', hostIp: '0.0.0.0', hostPort: expect.any(Number)}]);
});

test('no ports ask for nothing', async () => {
  expect((await publish([])).ports).toEqual([]);
});
