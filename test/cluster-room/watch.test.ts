import type {ServerResponse} from 'node:http';

import {expect, onTestFinished, test} from 'vitest';

import type {WatchHandler} from '../../src/cluster/cluster.ts';
import {credentialsFor} from '../../src/cluster/credentials.ts';
import {createDialer} from '../../src/cluster/dial.ts';
import {loadClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {createTransport, type Transport} from '../../src/cluster/transport.ts';
import {startWatch, type Watchable} from '../../src/cluster/watch.ts';
import {fakeApi, type Question, reply, temporaryFile} from './fake-api.ts';

const names = (objects: Watchable[]) => objects.map(({metadata}) => metadata?.name).join(',');

/** What the handler was told, as words, and a way to wait for the next of them. */
function recorder() {
  const told: string[] = [];
  let notify: (() => void) | undefined;
  const tell = (word: string) => {
    told.push(word);
    notify?.();
  };
  const handler: WatchHandler<Watchable> = {
    replaced: objects => tell(`=${names(objects)}`),
    changed: object => tell(`+${names([object])}`),
    deleted: object => tell(`-${names([object])}`),
  };
  return {
    told,
    handler,
    async until(count: number) {
      while (told.length < count) await new Promise<void>(resolve => (notify = resolve));
      return told;
    },
  };
}

function event(type: string, name: string, resourceVersion: string): string {
  return `${JSON.stringify({type, object: {metadata: {name, uid: name, resourceVersion}}})}\n`;
}

const list = (resourceVersion: string, ...members: string[]) => ({
  metadata: {resourceVersion},
  items: members.map(name => ({metadata: {name, uid: name, resourceVersion}})),
});

/** Lists are answered in turn, and so are watches: each is a function that writes to an answer that stays open. */
async function watchedApi(lists: object[], watches: ((response: ServerResponse) => void)[]) {
  const api = await fakeApi({
    answer({query}, response) {
      if (!query.has('watch')) return reply(response, 200, lists.shift() ?? list('99'));
      response.writeHead(200);
      watches.shift()?.(response);
    },
  });
  const asked = (isWatch: boolean) =>
    api.questions.filter(({query}: Question) => query.has('watch') === isWatch);
  return {api, lists: () => asked(false), watches: () => asked(true)};
}

async function watchSecrets(
  api: Awaited<ReturnType<typeof fakeApi>>,
  handler: WatchHandler<Watchable>,
  log: (line: string) => void = () => {},
) {
  const {cluster} = await api.connect({log});
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  return cluster.watch('secrets', handler, abort.signal);
}

test('a list comes first, then every change of it, asked for by our labels', async () => {
  const server = await watchedApi(
    [list('5', 'a', 'b')],
    [
      response =>
        response.write(event('MODIFIED', 'a', '6') + event('ADDED', 'c', '7') + event('DELETED', 'b', '8')),
    ],
  );
  const {told, until, handler} = recorder();

  const watch = await watchSecrets(server.api, handler);
  await watch.ready;
  const first = [...told];
  await until(4);

  expect(first).toEqual(['=a,b']);
  expect(told).toEqual(['=a,b', '+a', '+c', '-b']);
  expect(watch.age()).toBeLessThan(5000);
  expect(server.lists()[0]?.query.get('labelSelector')).toBe(
    'app.kubernetes.io/managed-by=badidea,badidea.dev/owner=tester',
  );
  expect(server.watches()[0]?.query.get('resourceVersion')).toBe('5');
});

test('a long list is read in pages and told as one', async () => {
  const page = list('5', 'a');
  const server = await watchedApi(
    [{...page, metadata: {resourceVersion: '5', continue: 'more'}}, list('5', 'b')],
    [],
  );
  const {told, handler} = recorder();

  await (
    await watchSecrets(server.api, handler)
  ).ready;

  expect(told).toEqual(['=a,b']);
  expect(server.lists()[1]?.query.get('continue')).toBe('more');
});

test('a watch that the server ends goes on from the last bookmark, without a new list', async () => {
  const server = await watchedApi(
    [list('5', 'a')],
    [
      response => setTimeout(() => response.end(event('BOOKMARK', '', '40')), 1100),
      response => response.write(event('ADDED', 'b', '41')),
    ],
  );
  const {told, until, handler} = recorder();

  await watchSecrets(server.api, handler);
  await until(2);

  expect(told).toEqual(['=a', '+b']);
  expect(server.watches()[1]?.query.get('resourceVersion')).toBe('40');
});

test('a connection that breaks within a line loses and repeats nothing', async () => {
  const server = await watchedApi(
    [list('5')],
    [
      response => {
        response.write(event('ADDED', 'a', '6') + event('ADDED', 'b', '7').slice(0, 20));
        setTimeout(() => server.api.cut(), 50);
      },
      response => response.write(event('ADDED', 'b', '7')),
    ],
  );
  const {told, until, handler} = recorder();

  await watchSecrets(server.api, handler);
  await until(3);

  expect(told).toEqual(['=', '+a', '+b']);
  expect(server.watches()[1]?.query.get('resourceVersion')).toBe('6');
});

test.for(['as an event', 'as the answer'])('too old a place (410, %s) is a new list', async how => {
  let expired = false;
  const api = await fakeApi({
    answer({query}, response) {
      if (!query.has('watch')) return reply(response, 200, expired ? list('90', 'b') : list('5', 'a'));
      if (expired) return void response.writeHead(200).write(event('ADDED', 'c', '91'));
      expired = true;
      const gone = {kind: 'Status', code: 410, message: 'too old resource version'};
      if (how === 'as the answer') return reply(response, 410, gone);
      response.writeHead(200).write(`${JSON.stringify({type: 'ERROR', object: gone})}\n`);
    },
  });
  const {told, until, handler} = recorder();

  await watchSecrets(api, handler);
  await until(3);

  expect(told).toEqual(['=a', '=b', '+c']);
});

test('a first list that is refused is told to who waits, and the watch comes when it may', async () => {
  const api = await fakeApi({
    answer(_question, response) {
      if (api.questions.length === 1) reply(response, 403, {message: 'secrets is forbidden'});
      else reply(response, 200, list('5', 'a'));
    },
  });
  const {until, handler} = recorder();

  const watch = await watchSecrets(api, handler);

  await expect(watch.ready).rejects.toThrow('secrets is forbidden');
  expect(await until(1)).toEqual(['=a']);
});

test('a watch that says nothing for too long is opened anew', async () => {
  const server = await watchedApi(
    [list('5')],
    [() => {}, response => response.write(event('ADDED', 'a', '6'))],
  );
  const {told, until, handler} = recorder();
  const abort = new AbortController();
  onTestFinished(() => abort.abort());

  startWatch({
    handler,
    transport: await transportTo(server.api),
    path: '/api/v1/namespaces/room/secrets',
    labelSelector: '',
    log: () => {},
    signal: abort.signal,
    silenceMs: 200,
  });
  await until(2);

  expect(told).toEqual(['=', '+a']);
});

test('a handler that throws is logged, and the next change is told all the same', async () => {
  const server = await watchedApi(
    [list('5')],
    [response => response.write(event('ADDED', 'a', '6') + event('ADDED', 'b', '7'))],
  );
  const {told, until, handler} = recorder();
  const lines: string[] = [];
  const failing = {
    ...handler,
    changed(object: Watchable) {
      handler.changed(object);
      if (object.metadata?.name === 'a') throw new Error('a bug');
    },
  };

  await watchSecrets(server.api, failing, line => lines.push(line));
  await until(3);

  expect(told).toEqual(['=', '+a', '+b']);
  expect(lines.join()).toContain('a bug');
});

async function transportTo(api: Awaited<ReturnType<typeof fakeApi>>): Promise<Transport> {
  const file = temporaryFile('kubeconfig', api.kubeconfig());
  const target = await loadClusterTarget({kubeconfig: file, env: {}});
  const dialer = await createDialer(target, {});
  const transport = createTransport({
    dialer,
    credentials: await credentialsFor(target, () => {}),
    countCall: undefined,
  });
  onTestFinished(() => transport.reset());
  return transport;
}
