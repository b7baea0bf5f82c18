import {mkdtemp, readFile, writeFile} from 'node:fs/promises';
import http from 'node:http';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, test} from 'vitest';

import {install} from './support/badidea.ts';
import {onCluster} from './support/suite.ts';

onCluster('bad input', stage => {
  interface Answer {
    status: number;
    message: string;
  }

  function post(url: string, body: string | Buffer, contentType = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body)};
      const request = http.request(
        {socketPath: stage.badidea.socket, path: url, method: 'POST', headers},
        response => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({status: response.statusCode ?? 0, message: messageOf(Buffer.concat(chunks).toString())}),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  function messageOf(text: string): string {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null && 'message' in answer ? String(answer.message) : '';
  }

  const create = (body: unknown) => post('/v1.51/containers/create', JSON.stringify(body));

  async function expectAlive(): Promise<void> {
    expect((await stage.badidea.docker(['version'])).code).toBe(0);
  }

  test('unknown fields are passed over as in Docker; in HostConfig they are named in a warning', async () => {
    const outcome = await post(
      '/v1.51/containers/create?name=odd',
      JSON.stringify({Image: 'busybox', Cmd: ['true'], Nonsense: {a: 1}}),
    );
    await stage.badidea.docker(['rm', 'odd']);

    expect(outcome.status).toBe(201);
  });

  test.each([
    ['a number for the image', {Image: 7}],
    ['text for the environment', {Image: 'busybox', Env: 'A=b'}],
    ['a list for HostConfig', {Image: 'busybox', HostConfig: []}],
    [
      'a port that is none',
      {Image: 'busybox', Cmd: ['true'], HostConfig: {PortBindings: {'99999/tcp': [{HostPort: '1'}]}}},
    ],
    ['a label that is a number', {Image: 'busybox', Labels: {a: 1}}],
  ])('%s is one sentence, 400', async (_, body) => {
    const {message, status} = await create(body);

    expect(status).toBe(400);
    expect(message.length).toBeGreaterThan(10);
    expect(message).not.toMatch(/ {4}at |\.ts:|Zod/);
  });

  test('garbage for a body is 400 in Docker’s words', async () => {
    expect(await post('/v1.51/containers/create', '{bad')).toEqual({
      status: 400,
      message: "invalid JSON: invalid character 'b' looking for beginning of object key string",
    });
    expect((await post('/v1.51/containers/create', Buffer.from([0, 255, 1, 254]))).status).toBe(400);
    expect(
      (await post('/v1.51/containers/create', JSON.stringify({Image: 'busybox'}), 'text/plain')).status,
    ).toBe(400);
    await expectAlive();
  });

  test('a create of 2 MB says what is too large, and leaves nothing', async () => {
    const {message, status} = await create({
      Image: 'busybox',
      Cmd: ['true'],
      Env: [`BIG=${'x'.repeat(2 * 2 ** 20)}`],
    });
    const listed = await stage.badidea.docker(['ps', '-aq']);

    expect(status).toBe(400);
    expect(message).toContain('too large');
    expect(message).toContain('fix:');
    expect(listed.stdout).toBe('');
    await expectAlive();
  });

  test('a body above 4 MiB is 413', async () => {
    const {status} = await create({Image: 'busybox', Env: ['x'.repeat(5 * 2 ** 20)]});

    expect(status).toBe(413);
    await expectAlive();
  });

  test('everything that cannot be had is named at once', async () => {
    const refused = await stage.badidea.docker([
      'run',
      '--rm',
      '--privileged',
      '--pid',
      'host',
      '--cap-add',
      'SYS_ADMIN',
      '-v',
      '/etc:/x',
      'busybox',
      'true',
    ]);

    expect(refused.code).toBe(125);
    for (const flag of ['--privileged', '--pid', 'SYS_ADMIN', '/etc', 'why:', 'fix:'])
      expect(refused.stderr).toContain(flag);
  });

  test('what is not there answers 501 with a sentence', async () => {
    const outcome = await stage.badidea.docker(['pause', 'x']);

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/No such container|badidea/);
  });

  test('an unreachable cluster is one clear error of up, with its own exit code', async () => {
    const outcome = await upWith(text =>
      text.replace(/"server": *"[^"]*"/, '"server": "https://127.0.0.1:9"'),
    );

    expect(outcome.code).toBe(4);
    expect(outcome.stderr + outcome.stdout).toMatch(/BAD-103[\s\S]*why:[\s\S]*fix:/);
  });

  test('a token that is not valid any more is one clear error of up', async () => {
    const outcome = await upWith(text => text.replace(/"token": *"[^"]*"/, '"token": "expired"'));

    expect(outcome.code).toBe(4);
    expect(outcome.stderr + outcome.stdout).toMatch(/BAD-104/);
  });

  test('a namespace without rights says which are missing', async () => {
    const outcome = await upWith(text => text, 'kube-system');

    expect(outcome.code).toBe(5);
    expect(outcome.stderr + outcome.stdout).toMatch(/BAD-501[\s\S]*pods/);
  });

  /** `badidea up` of another installation, with a kubeconfig that was changed. */
  async function upWith(change: (kubeconfig: string) => string, namespace?: string) {
    const folder = await mkdtemp(path.join(tmpdir(), 'kubeconfig-'));
    const kubeconfig = path.join(folder, 'config');
    await writeFile(kubeconfig, change(await readFile(stage.cluster.kubeconfigBadidea, 'utf8')), {
      mode: 0o600,
    });
    const other = await install(
      {...stage.cluster, grant: async () => {}, remove: async () => {}},
      namespace ?? stage.badidea.namespace,
      {kubeconfig},
    );
    try {
      return await other.badidea(['up', '--kubeconfig', kubeconfig, '--namespace', other.namespace, '-y']);
    } finally {
      await other.remove();
    }
  }
});
