import {randomBytes} from 'node:crypto';
import {createServer} from 'node:net';
import {createInterface} from 'node:readline/promises';

import {demoCluster} from '../test/cluster/demo-cluster.ts';
import type {TestCluster} from '../test/cluster/test-cluster.ts';
import {type Installation, install} from '../test/e2e/support/badidea.ts';
import type {Outcome} from '../test/e2e/support/run.ts';

/**
 * The main job, shown: `npm run demo`. A namespace of its own on the cluster, a home of its own on this machine: nothing of the user's is touched.
 */
const IMAGE = 'nginx';

const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopped.abort(new Error(`stopped by ${name}`)));

try {
  await demo();
  console.log('demo: ok');
} catch (error) {
  // On ctrl-C the program that runs is stopped too; that it failed is not the reason.
  console.error(`demo: failed: ${reasonOf(stopped.signal.aborted ? stopped.signal.reason : error)}`);
  process.exitCode = 1;
}
process.exit();

async function demo(): Promise<void> {
  const found = await step('find a cluster', () => demoCluster(stopped.signal));
  if (!found.cluster) throw new Error(`there is no cluster to show it on: ${found.skip}`);
  const {cluster} = found;
  const namespace = `badidea-demo-${randomBytes(4).toString('hex')}`;
  console.log(`cluster:   ${cluster.name}`);
  console.log(`namespace: ${namespace}, made for this and deleted after it`);
  await agree(cluster);
  const installation = await step('make a namespace', () => makeInstallation(cluster, namespace));
  try {
    await Promise.race([show(installation), stop()]);
  } finally {
    await step('clean up', () => installation.remove(), `delete namespace ${namespace}`);
  }
}

/** Deletion, once the cluster has agreed to it, needs nobody to watch it. */
async function makeInstallation(cluster: TestCluster, namespace: string): Promise<Installation> {
  const remove = (name: string) => cluster.remove(name, {wait: false});
  try {
    return await install({...cluster, remove}, namespace);
  } catch (error) {
    // It may be there in part.
    await remove(namespace).catch(() => {});
    throw error;
  }
}

function stop(): Promise<never> {
  return new Promise((_, reject) => {
    const {signal} = stopped;
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
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
  if (cluster.from === 'built' || cluster.from === 'kind' || !process.stdin.isTTY) return;
  const terminal = createInterface({input: process.stdin, output: process.stdout});
  // On a terminal readline takes ctrl-C for itself.
  terminal.once('SIGINT', () => stopped.abort(new Error('stopped by SIGINT')));
  const question = terminal.question('Use this cluster? [y/N] ', {signal: stopped.signal});
  const answer = await question.finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('not agreed to; nothing was changed');
}
