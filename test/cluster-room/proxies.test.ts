import {connect as connectTcp, createServer, type Socket} from 'node:net';

import {expect, onTestFinished, test} from 'vitest';

import {fakeApi, reply} from './fake-api.ts';

const version = {gitVersion: 'v1.36.0', platform: 'linux/amd64'};

test('calls and exec go through an HTTP proxy, with its password', async () => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, version), exec: () => {}});
  const proxy = await httpProxy();
  const {administration, cluster} = await api.connect({
    cluster: {'proxy-url': `http://me:p%40ss@127.0.0.1:${proxy.port}`},
  });

  await administration.serverVersion();
  api.questions.length = 0;
  await cluster.exec('bad-1', {container: 'main', command: ['true']}).catch(() => {});

  const head = `CONNECT ${new URL(api.url).host} HTTP/1.1`;
  expect(proxy.heads[0]).toContain(head);
  expect(proxy.heads[0]).toContain(`Proxy-Authorization: Basic ${Buffer.from('me:p@ss').toString('base64')}`);
});

test('calls go through a SOCKS 5 proxy', async () => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, version)});
  const proxy = await socksProxy();
  const {administration} = await api.connect({cluster: {'proxy-url': `socks5://127.0.0.1:${proxy.port}`}});

  await expect(administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
  expect(proxy.tunnels()).toBe(1);
});

test('a proxy that refuses is named with its answer', async () => {
  const api = await fakeApi({});
  const proxy = await httpProxy('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  const {administration} = await api.connect({cluster: {'proxy-url': `http://127.0.0.1:${proxy.port}`}});

  await expect(administration.serverVersion()).rejects.toThrow(/proxy.*407 Proxy Authentication Required/);
});

async function httpProxy(refusal?: string) {
  const heads: string[] = [];
  const proxy = await listen(socket => {
    socket.once('data', head => {
      heads.push(head.toString());
      if (refusal !== undefined) {
        socket.end(refusal);
        return;
      }
      const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+)/.exec(head.toString()) ?? [];
      tunnel(socket, host, Number(port), 'HTTP/1.1 200 OK\r\n\r\n');
    });
  });
  return {...proxy, heads};
}

async function socksProxy() {
  let tunnels = 0;
  const proxy = await listen(socket => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', request => {
        tunnels++;
        const host = request.subarray(5, 5 + (request[4] ?? 0)).toString();
        tunnel(
          socket,
          host,
          request.readUInt16BE(request.length - 2),
          Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        );
      });
    });
  });
  return {...proxy, tunnels: () => tunnels};
}

function tunnel(socket: Socket, host: string, port: number, answer: string | Buffer) {
  const upstream = connectTcp(port, host, () => {
    socket.write(answer);
    socket.pipe(upstream).pipe(socket);
  });
  for (const end of [socket, upstream]) end.on('error', () => {});
}

async function listen(onConnection: (socket: Socket) => void): Promise<{port: number}> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return {port: typeof address === 'object' && address ? address.port : 0};
}
