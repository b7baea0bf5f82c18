import {spawn} from 'node:child_process';
import net from 'node:net';

import {alternately, type BenchStage, type Row, timed} from './table.ts';

const MEGABYTES = 200;

/** HTTP through `-p` against `kubectl port-forward` to the same server: a request whose connection the server closes, and 200 MB. */
export async function measurePorts({badidea, cluster, rounds}: BenchStage): Promise<Row[]> {
  const make = `mkdir /w; echo hello > /w/small; head -c ${MEGABYTES * 2 ** 20} /dev/zero > /w/large; echo ready; exec httpd -f -p 80 -h /w`;
  const {stdout: id} = await badidea.docker([
    'run',
    '-d',
    '--name',
    'served',
    '-p',
    '0:80',
    'busybox',
    'sh',
    '-c',
    make,
  ]);
  const {stdout: published} = await badidea.docker(['port', 'served', '80/tcp']);
  const own = Number(published.trim().split('\n')[0]?.split(':').at(-1));
  const forward = await kubectlForward(
    ['--kubeconfig', cluster.kubeconfigAdmin, '-n', badidea.namespace],
    `bad-${id.trim().slice(0, 20)}`,
  );
  await ready(badidea);
  try {
    const request = await alternately(
      rounds,
      () => timed(() => get(own, '/small')),
      () => timed(() => get(forward.port, '/small')),
    );
    const large = await alternately(
      rounds,
      () => rate(own),
      () => rate(forward.port),
    );
    return [
      {
        ours: {name: 'one HTTP request through `-p`, `Connection: close`', unit: 'ms', values: request.ours},
        against: {name: '`kubectl port-forward`', unit: 'ms', values: request.against},
        goal: '≤ 0.2 ×',
      },
      {
        ours: {name: `${MEGABYTES} MB through \`-p\``, unit: 'MiB/s', values: large.ours},
        against: {name: '`kubectl port-forward`', unit: 'MiB/s', values: large.against},
        goal: '≥ 1 ×',
      },
    ];
  } finally {
    forward.stop();
    await badidea.docker(['rm', '-f', 'served']);
  }
}

async function ready(badidea: BenchStage['badidea']): Promise<void> {
  await badidea.docker([
    'exec',
    'served',
    'sh',
    '-c',
    'until wget -q -O /dev/null http://127.0.0.1/small; do sleep 0.1; done',
  ]);
}

/** A request on a connection of its own; resolves with the bytes of the answer when the server has closed it. */
function get(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.0\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', chunk => (bytes += chunk.length));
    socket.on('end', () => resolve(bytes));
    socket.on('error', reject);
  });
}

async function rate(port: number): Promise<number> {
  let bytes = 0;
  const milliseconds = await timed(async () => (bytes = await get(port, '/large')));
  if (bytes < MEGABYTES * 2 ** 20) throw new Error(`only ${bytes} bytes came`);
  return bytes / 2 ** 20 / (milliseconds / 1000);
}

function kubectlForward(options: string[], pod: string): Promise<{port: number; stop(): void}> {
  const child = spawn('kubectl', [...options, 'port-forward', `pod/${pod}`, ':80'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.stdout.on('data', (chunk: Buffer) => {
      const port = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())?.[1];
      if (port !== undefined) resolve({port: Number(port), stop: () => void child.kill()});
    });
  });
}
