import {createServer} from 'node:net';
import {createInterface} from 'node:readline/promises';

import {testCluster, type TestCluster} from '../test/cluster/test-cluster.ts';
import {type Installation, install} from '../test/e2e/support/badidea.ts';
import type {Outcome} from '../test/e2e/support/run.ts';

/**
 * The main job, shown: `npm run demo`. A namespace of its own on a cluster for tests, a home of its own on this machine: nothing of the user's is touched.
 */
const IMAGE = 'nginx';

try {
  await demo();
  console.log('demo: ok');
} catch (error) {
  console.error(`demo: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();

async function demo(): Promise<void> {
  const found = await step('find a cluster', testCluster);
  if (!found.cluster) throw new Error(`there is no cluster to show it on: ${found.skip}`);
  const {cluster} = found;
  const namespace = `badidea-demo-${process.pid}`;
  console.log(`cluster: ${cluster.kubeconfigBadidea} (${cluster.from}), namespace ${namespace}`);
  await agree(cluster);
  const installation = await step('make a namespace', () => install(cluster, namespace));
  try {
    await show(installation);
  } finally {
    await step('clean up', () => installation.remove());
  }
}

async function show(badidea: Installation): Promise<void> {
  const port = await freePort(8080);
  const url = `http://localhost:${port}`;
  print(await step('badidea up', () => badidea.up()));
  await shown('docker pull', badidea, ['pull', IMAGE]);
  await shown('docker run', badidea, ['run', '-d', '--name', 'web', '-p', `${port}:80`, IMAGE]);
  await step(`curl ${url}`, () => answers(url));
  await shown('docker exec', badidea, ['exec', 'web', 'hostname']);
  await shown('docker logs', badidea, ['logs', 'web']);
  await shown('docker ps', badidea, ['ps']);
  await shown('docker rm', badidea, ['rm', '-f', 'web']);
  print(await step('badidea down', () => succeeded(badidea.badidea(['down']))));
}

async function shown(title: string, badidea: Installation, args: string[]): Promise<void> {
  print(
    await step(title, () => succeeded(badidea.docker(args)), `docker --context badidea ${args.join(' ')}`),
  );
}

async function step<T>(title: string, work: () => Promise<T>, detail = title): Promise<T> {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    console.log(`${((performance.now() - begun) / 1000).toFixed(2).padStart(7)} s  ${detail}`);
  }
}

async function succeeded(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  if (outcome.code === 0) return outcome;
  throw new Error(`exit code ${outcome.code}: ${outcome.stderr.trim() || outcome.stdout.trim()}`);
}

function print({stderr, stdout}: Outcome): void {
  for (const line of `${stdout}${stderr}`.trim().split('\n')) console.log(`           ${line}`);
}

/** The server needs a moment after its start; the port accepts from the first. */
async function answers(url: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const status = await fetch(url).then(
      async response => {
        await response.arrayBuffer();
        return response.status;
      },
      (error: unknown) => error,
    );
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer 200 but ${String(status)}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** The port wanted, or another one when it is taken. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () => resolve(freePort(0)));
    server.listen({host: '127.0.0.1', port: wanted}, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no free port')),
      );
    });
  });
}

/** A cluster that this project did not start is somebody's: they are asked, if there is somebody to ask. */
async function agree(cluster: TestCluster): Promise<void> {
  if (cluster.from === 'built' || !process.stdin.isTTY) return;
  const terminal = createInterface({input: process.stdin, output: process.stdout});
  const answer = await terminal.question('Use this cluster? A namespace is made, and deleted again. [y/N] ');
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('not agreed to; nothing was changed');
}
