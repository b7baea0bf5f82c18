import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import type {Duplex} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, test} from 'vitest';

import type {Cluster, Pod, Secret, Watched} from '../../src/cluster/cluster.ts';
import {CommandFailed, Conflict, InvalidRequest, NotFound, NotReady} from '../../src/errors.ts';

export interface ContractSubject {
  cluster: Cluster;
  /** The same namespace as another owner sees it. */
  stranger: Cluster;
  close(): Promise<void>;
}

/** What every `Cluster` promises, in memory and over a real API server alike. */
export function describeClusterContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`the cluster contract: ${name}`, {timeout: 60_000}, () => {
    let subject: ContractSubject;
    let cluster: Cluster;
    let stranger: Cluster;
    /** One Pod for all that only reads from it. */
    let running: Pod;

    beforeAll(async () => {
      subject = await open();
      ({cluster, stranger} = subject);
      running = await cluster.createPod(sleepingPod(uniqueName()));
      await (await execWhenReady(cluster, nameOf(running), ['true'])).resume().end();
    }, 60_000);

    afterAll(async () => {
      await cluster.deletePod(nameOf(running), {gracePeriodSeconds: 0});
      await subject.close();
    });

    test('a new Pod is seen by a watch, Pending first and Running later, and has a uid', async () => {
      const seen = await observe(cluster, 'pods');
      const pod = await cluster.createPod(sleepingPod(uniqueName()));

      const shown = await seen.until(
        ({type, object}) => type === 'changed' && isSame(object, pod) && object.status?.phase === 'Running',
      );

      expect(pod.status?.phase).toBe('Pending');
      expect(shown.object.metadata?.uid).toBe(pod.metadata?.uid);
      expect(shown.object.metadata?.managedFields).toBeUndefined();
      await cluster.deletePod(nameOf(pod), {gracePeriodSeconds: 0});
      await seen.until(({type, object}) => type === 'deleted' && isSame(object, pod));
      seen.end();
    });

    test('a watch begins with every object of ours that exists', async () => {
      const seen = await observe(cluster, 'pods');

      expect(seen.first.map(nameOf)).toContain(nameOf(running));
      expect(seen.age()).toBeLessThan(5_000);
      seen.end();
    });

    test('an aborted watch tells nothing more', async () => {
      const seen = await observe(cluster, 'secrets');
      seen.end();

      const secret = await cluster.createSecret(secretNamed(uniqueName()));
      await cluster.deleteSecret(nameOf(secret));
      await sleep(100);

      expect(seen.events).toEqual([]);
    });

    test('a name that is taken is a Conflict', async () => {
      const pod = sleepingPod(nameOf(running));

      await expect(cluster.createPod(pod)).rejects.toThrow(Conflict);
    });

    test('a patch of a Pod changes what it names and leaves the rest', async () => {
      const patched = await cluster.patchPod(nameOf(running), {
        metadata: {annotations: {'badidea.dev/test': 'yes'}},
      });

      expect(patched.metadata?.annotations?.['badidea.dev/test']).toBe('yes');
      expect(patched.metadata?.labels).toEqual(running.metadata?.labels);
      expect(patched.metadata?.uid).toBe(running.metadata?.uid);
    });

    test('a Secret is stored, merged by a patch, and a stale patch of it is a Conflict', async () => {
      const secret = await cluster.createSecret({...secretNamed(uniqueName()), stringData: {one: '1'}});
      const name = nameOf(secret);

      const patched = await cluster.patchSecret(name, {
        stringData: {two: '2'},
        metadata: {resourceVersion: secret.metadata?.resourceVersion},
      });
      const stale = cluster.patchSecret(name, {
        stringData: {two: '3'},
        metadata: {resourceVersion: secret.metadata?.resourceVersion},
      });

      await expect(stale).rejects.toThrow(Conflict);
      expect(patched.data).toEqual({one: 'MQ==', two: 'Mg=='});
      await cluster.deleteSecret(name);
    });

    test('the changes of a Secret are told in order', async () => {
      const seen = await observe(cluster, 'secrets');
      const secret = await cluster.createSecret(secretNamed(uniqueName()));
      await cluster.patchSecret(nameOf(secret), {stringData: {step: '1'}});
      await cluster.deleteSecret(nameOf(secret));
      await seen.until(({type, object}) => type === 'deleted' && isSame(object, secret));

      const steps = seen.events
        .filter(({object}) => isSame(object, secret))
        .map(({type, object}) => [type, object.data?.['step']]);

      expect(steps).toEqual([
        ['changed', undefined],
        ['changed', 'MQ=='],
        ['deleted', 'MQ=='],
      ]);
      seen.end();
    });

    test('deleting what is not there is fine, and a uid protects a namesake', async () => {
      const secret = await cluster.createSecret(secretNamed(uniqueName()));
      const otherUid = '11111111-2222-4333-8444-555555555555';

      await cluster.deletePod('bad-absent', {});
      await cluster.deleteSecret('bad-absent');
      await cluster.deleteSecret(nameOf(secret), {uid: otherUid});
      await cluster.deletePod(nameOf(running), {uid: otherUid, gracePeriodSeconds: 0});

      await expect(cluster.patchSecret(nameOf(secret), {})).resolves.toBeDefined();
      await expect(cluster.patchPod(nameOf(running), {})).resolves.toBeDefined();
      await cluster.deleteSecret(nameOf(secret));
    });

    test("another owner's objects are invisible and untouchable", async () => {
      const theirs = await stranger.createSecret(secretNamed(uniqueName()));
      const seen = await observe(cluster, 'secrets');

      await cluster.deleteSecret(nameOf(theirs));

      expect(seen.first.map(nameOf)).not.toContain(nameOf(theirs));
      await expect(cluster.patchSecret(nameOf(theirs), {})).rejects.toThrow(NotFound);
      await expect(stranger.exec(nameOf(running), {container: 'main', command: ['true']})).rejects.toThrow(
        NotFound,
      );
      await expect(stranger.podLog(nameOf(running), {container: 'main'})).rejects.toThrow(NotFound);
      await expect(stranger.patchSecret(nameOf(theirs), {})).resolves.toBeDefined();
      seen.end();
      await stranger.deleteSecret(nameOf(theirs));
    });

    test('an exec stream carries bytes both ways and ends after its stdin has ended', async () => {
      const stream = await cluster.exec(nameOf(running), {container: 'main', command: ['cat']});

      stream.write('ping');
      const [echo] = (await once(stream, 'data')) as [Buffer];
      const rest = buffer(stream);
      stream.end(' pong');

      expect(echo.toString()).toBe('ping');
      expect((await rest).toString()).toBe(' pong');
    });

    test('8 MB survive an exec stream unchanged in both directions', async () => {
      const sent = randomBytes(8 * 1024 * 1024);
      const stream = await cluster.exec(nameOf(running), {container: 'main', command: ['cat']});

      const received = buffer(stream);
      stream.end(sent);

      expect(sha256(await received)).toBe(sha256(sent));
    });

    test('output that nobody reads is held back and not lost', async () => {
      const stream = await cluster.exec(nameOf(running), {
        container: 'main',
        command: ['sh', '-c', 'seq 1 300000'],
      });
      stream.end();
      await sleep(300);

      const buffered = stream.readableLength;
      const output = await buffer(stream);

      expect(buffered).toBeLessThan(2 * 1024 * 1024);
      expect(output.toString().trimEnd().split('\n')).toHaveLength(300_000);
    });

    test('a failed command gives its output first, then its exit code and its stderr', async () => {
      const command = ['sh', '-c', 'echo out; echo wrong >&2; exit 3'];
      const stream = await cluster.exec(nameOf(running), {container: 'main', command});
      stream.end();
      let output = '';

      const failure = await (async () => {
        for await (const chunk of stream) output += String(chunk);
        return undefined;
      })().catch((error: unknown) => error);

      expect(output).toBe('out\n');
      expect(failure).toBeInstanceOf(CommandFailed);
      expect(failure).toMatchObject({exitCode: 3, message: 'wrong'});
    });

    test('a program that is not there fails with 127', async () => {
      const failure = await cluster
        .exec(nameOf(running), {container: 'main', command: ['/no/such/program']})
        .then(stream => once(stream.resume(), 'end'))
        .catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(CommandFailed);
      expect(failure).toMatchObject({exitCode: 127});
    });

    test('an exec is refused in an absent Pod, an unknown container, a Pod that does not run', async () => {
      const exec = {container: 'main', command: ['true']};
      const pod = await cluster.createPod({
        ...sleepingPod(uniqueName()),
        spec: {
          ...sleepingPod('').spec,
          nodeSelector: {'badidea.dev/no-such-node': 'x'},
          containers: sleepingPod('').spec?.containers ?? [],
        },
      });

      await expect(cluster.exec('bad-absent', exec)).rejects.toThrow(NotFound);
      await expect(cluster.exec(nameOf(running), {...exec, container: 'wrong'})).rejects.toThrow(
        InvalidRequest,
      );
      await expect(execAtOnce(cluster, nameOf(pod))).rejects.toThrow(NotReady);
      await cluster.deletePod(nameOf(pod), {gracePeriodSeconds: 0});
    });

    test('the signal ends an exec stream', async () => {
      const abort = new AbortController();
      const options = {container: 'main', command: ['cat'], signal: abort.signal};
      const stream = await cluster.exec(nameOf(running), options);
      stream.on('error', () => {});

      abort.abort();
      await new Promise(resolve => stream.once('close', resolve));

      await expect(cluster.exec(nameOf(running), options)).rejects.toThrow();
    });

    test('the log of a Pod is what its container wrote, or the last lines of it', async () => {
      const whole = await cluster.podLog(nameOf(running), {container: 'main'});
      const tail = await cluster.podLog(nameOf(running), {container: 'main', tailLines: 1});

      expect(whole).toBe('one\ntwo\n');
      expect(tail).toBe('two\n');
    });

    test('a ConfigMap is made once; another content under its name is a Conflict', async () => {
      const configMap = {metadata: {name: uniqueName()}, binaryData: {agent: 'AAEC'}};

      await cluster.ensureConfigMap(configMap);
      await cluster.ensureConfigMap(configMap);

      await expect(cluster.ensureConfigMap({...configMap, binaryData: {agent: 'AAED'}})).rejects.toThrow(
        Conflict,
      );
      await cluster.deleteConfigMaps();
      await cluster.ensureConfigMap({...configMap, binaryData: {agent: 'AAED'}});
      await cluster.deleteConfigMaps();
    });
  });
}

function uniqueName(): string {
  return `bad-${randomBytes(10).toString('hex')}`;
}

function sleepingPod(name: string): Pod {
  return {
    metadata: {name},
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          name: 'main',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', 'echo one; echo two; exec sleep 600'],
        },
      ],
    },
  };
}

function secretNamed(name: string): Secret {
  return {metadata: {name}, type: 'Opaque'};
}

function nameOf(object: {metadata?: {name?: string}}): string {
  return object.metadata?.name ?? '';
}

function isSame(one: Pod | Secret, other: Pod | Secret): boolean {
  return one.metadata?.uid === other.metadata?.uid;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The refusal of a server that accepts first and asks the kubelet afterwards counts as well. */
async function execAtOnce(cluster: Cluster, pod: string): Promise<void> {
  const stream = await cluster.exec(pod, {container: 'main', command: ['true']});
  await buffer(stream);
}

async function execWhenReady(cluster: Cluster, pod: string, command: string[]): Promise<Duplex> {
  for (;;) {
    try {
      return await cluster.exec(pod, {container: 'main', command});
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await sleep(50);
    }
  }
}

interface Observed<T> {
  type: 'changed' | 'deleted';
  object: T;
}

/** A watch whose events are kept, and can be waited for. */
async function observe<K extends keyof Watched>(cluster: Cluster, kind: K) {
  const abort = new AbortController();
  const events: Observed<Watched[K]>[] = [];
  let first: Watched[K][] = [];
  let notify = () => {};
  const tell = (event: Observed<Watched[K]>) => {
    events.push(event);
    notify();
  };
  const watch = cluster.watch(
    kind,
    {
      replaced: objects => (first = objects),
      changed: object => tell({type: 'changed', object}),
      deleted: object => tell({type: 'deleted', object}),
    },
    abort.signal,
  );
  await watch.ready;
  return {
    first,
    events,
    age: () => watch.age(),
    end: () => abort.abort(),
    async until(matches: (event: Observed<Watched[K]>) => boolean): Promise<Observed<Watched[K]>> {
      for (;;) {
        const found = events.find(matches);
        if (found) return found;
        await new Promise<void>(resolve => (notify = resolve));
      }
    },
  };
}
