import {describe, expect, test} from 'vitest';

import type {Program} from '../fakes/scripted-engine.ts';
import {ask} from '../helpers/api-client.ts';
import {requestText, upgradeHeaders} from '../helpers/raw-client.ts';
import {cat, framesOf, split, withContainer} from '../helpers/streams.ts';

describe('wait', () => {
  test('its head comes at once, its one line when the container has ended', async () => {
    const {path, connect} = await withContainer(async () => 7);
    const client = await connect();

    client.send(requestText('POST /containers/c/wait?condition=next-exit'));
    expect(await client.until('\r\n\r\n')).toContain('Content-Type: application/json\r\n');
    await ask(path, 'POST /containers/c/start');

    expect(await client.until('0\r\n\r\n')).toContain('{"StatusCode":7}\n');
  });

  test('without a condition it asks for the oldest, and a created container satisfies it', async () => {
    const {path, engine} = await withContainer(cat);

    expect((await ask(path, 'POST /containers/c/wait')).body).toBe('{"StatusCode":0}\n');
    expect(engine.calls.waits).toEqual(['not-running']);
  });

  test('a client that drops it, as docker run -d does, ends it', async () => {
    const {connect, engine} = await withContainer(cat);
    const client = await connect();
    client.send(requestText('POST /containers/c/wait?condition=removed'));
    await client.until('\r\n\r\n');

    client.socket.destroy();

    await expect.poll(() => engine.calls.signals[0]?.aborted).toBe(true);
  });
});

describe('logs', () => {
  const time = '2023-11-14T22:13:20.123456789Z';
  const program: Program = async ({write}) => {
    await write(1, 'one\n');
    await write(2, 'two\n');
    return 0;
  };
  const labelled = {
    Labels: {team: 'a b'},
    Env: ['STAGE=x,y'],
    HostConfig: {LogConfig: {Config: {labels: 'team,none', env: 'STAGE'}}},
  };

  test.each([
    ['stdout=1&stderr=1', ['1:one\n', '2:two\n']],
    ['stdout=true&stderr=True&timestamps=1', [`1:${time} one\n`, `2:${time} two\n`]],
    ['stdout=1&stderr=1&details=1', ['1:STAGE=x%2Cy,team=a%20b one\n', '2:STAGE=x%2Cy,team=a%20b two\n']],
    [
      'stdout=1&stderr=1&timestamps=1&details=1',
      [`1:${time} STAGE=x%2Cy,team=a%20b one\n`, `2:${time} STAGE=x%2Cy,team=a%20b two\n`],
    ],
  ])('%s', async (query, frames) => {
    const {path, engine} = await withContainer(program, labelled);
    await ask(path, 'POST /containers/c/start');
    await [...engine.all.values()][0]?.exited.promise;

    const answer = await ask(path, `GET /containers/c/logs?${query}`);

    expect(answer.headers['content-type']).toBe('application/vnd.docker.multiplexed-stream');
    expect(framesOf(answer.body)).toEqual(frames);
  });

  test('of a terminal are bare', async () => {
    const {path, engine} = await withContainer(program, {Tty: true});
    await ask(path, 'POST /containers/c/start');
    await [...engine.all.values()][0]?.exited.promise;

    const answer = await ask(path, 'GET /containers/c/logs?stdout=1');

    expect(answer.headers['content-type']).toBe('application/vnd.docker.raw-stream');
    expect(answer.body).toBe('one\ntwo\n');
  });

  test('that are followed end when the client goes', async () => {
    const {path, connect, engine} = await withContainer(cat);
    await ask(path, 'POST /containers/c/start');
    const client = await connect();
    client.send(requestText('GET /containers/c/logs?stdout=1&follow=1'));
    await client.until('err');

    client.half();

    await expect.poll(() => engine.calls.signals[0]?.aborted).toBe(true);
  });
});

describe('exec', () => {
  async function execOf(path: string, body: object): Promise<string> {
    await ask(path, 'POST /containers/c/start');
    return JSON.parse(
      (await ask(path, 'POST /containers/c/exec', {body: {Cmd: ['cat'], AttachStdin: true, ...body}})).body,
    ).Id;
  }

  test.each([
    ['with an upgrade', upgradeHeaders, 'HTTP/1.1 101 UPGRADED', 'application/vnd.docker.multiplexed-stream'],
    ['without one, as dockerode asks', {}, 'HTTP/1.1 200 OK', 'application/vnd.docker.raw-stream'],
  ])('streams both ways, %s', async (_, headers, status, type) => {
    const {path, connect} = await withContainer(cat);
    const id = await execOf(path, {});
    const client = await connect();

    client.send(requestText(`POST /v1.51/exec/${id}/start`, {headers, body: '{"Detach":false,"Tty":false}'}));
    await client.until('err');
    client.send('typed');
    client.half();

    const {head, body} = split(await client.ended());
    expect(head).toContain(`${status}\r\nApi-Version: 1.51\r\n`);
    expect(head).toContain(`Content-Type: ${type}\r\n`);
    expect(head).not.toMatch(/Transfer-Encoding|Content-Length/);
    expect(framesOf(body)).toEqual(['1:out\n', '2:err\n', '1:typed']);
    expect(JSON.parse((await ask(path, `GET /exec/${id}/json`)).body)).toMatchObject({
      Running: false,
      ExitCode: 3,
    });
  });

  test('its frames follow the terminal of the start request', async () => {
    const {path, connect} = await withContainer(cat);
    const id = await execOf(path, {Tty: true});
    const client = await connect();

    client.send(
      requestText(`POST /exec/${id}/start`, {
        headers: upgradeHeaders,
        body: '{"Tty":true,"ConsoleSize":[24,80]}',
      }),
    );
    client.half();

    expect(split(await client.ended()).body).toBe('out\nerr\n');
  });

  test('detached it is 200 and empty', async () => {
    const {path} = await withContainer(cat);
    const id = await execOf(path, {});

    expect(await ask(path, `POST /exec/${id}/start`, {body: {Detach: true}})).toMatchObject({
      status: 200,
      body: '',
    });
  });

  test('an unknown one is a 404, also on an upgrade', async () => {
    const {connect} = await withContainer(cat);
    const client = await connect();

    client.send(requestText('POST /exec/nope/start', {headers: upgradeHeaders, body: '{}'}));

    expect(await client.ended()).toContain('404 Not Found');
  });
});

describe('pull', () => {
  test('its messages are lines that end with CRLF', async () => {
    const {path, engine} = await withContainer(cat);
    const auth = Buffer.from('{"username":"me","password":"p"}').toString('base64url');

    const answer = await ask(path, 'POST /images/create?fromImage=busybox&tag=1&platform=linux/arm64', {
      headers: {'X-Registry-Auth': auth},
    });

    expect(
      answer.body
        .split('\r\n')
        .slice(0, 2)
        .map(line => JSON.parse(line).status),
    ).toEqual(['Pulling from library/busybox', 'Status: Downloaded newer image for busybox:latest']);
    expect(engine.calls.pull).toMatchObject([
      {reference: 'docker.io/library/busybox:1', platform: 'linux/arm64', auth: {username: 'me'}},
    ]);
  });

  test('that fails on the way says so in its last message', async () => {
    const {path, failures} = await withContainer(cat);

    const {status, body} = await ask(path, 'POST /images/create?fromImage=broken');

    expect(status).toBe(200);
    expect(JSON.parse(body.split('\r\n').at(-2) ?? '')).toEqual({
      errorDetail: {message: 'the layer is gone'},
      error: 'the layer is gone',
    });
    expect(failures).toEqual([]);
  });

  test('of a tar archive is refused with what to do instead', async () => {
    const {path} = await withContainer(cat);

    expect(await ask(path, 'POST /images/create?fromSrc=-')).toMatchObject({status: 501});
  });
});

test('events come as they happen, one line each, with the head before the first', async () => {
  const {connect, engine} = await withContainer(cat);
  const client = await connect();
  client.send(requestText('GET /v1.51/events'));
  await client.until('\r\n\r\n');
  await new Promise(resolve => setTimeout(resolve, 20));

  engine.publish({
    Type: 'container',
    Action: 'die',
    Actor: {ID: 'abc', Attributes: {image: 'busybox'}},
    nanoseconds: 1_700_000_000_123_456_789n,
  });

  const heard = await client.until('}\n');
  expect(heard).toContain('Content-Type: application/json\r\n');
  expect(heard).toContain('"status":"die","id":"abc","from":"busybox"');
  expect(heard).toContain('"timeNano":1700000000123456789}');
});

test('resize takes rows and columns', async () => {
  const {path, engine} = await withContainer(cat);

  expect((await ask(path, 'POST /containers/c/resize?h=24&w=80')).status).toBe(200);

  expect([...engine.all.values()][0]?.sizes).toEqual([{rows: 24, columns: 80}]);
});

test('stop and kill pass on what was asked for', async () => {
  const {path, engine} = await withContainer(cat);

  expect((await ask(path, 'POST /containers/c/stop?t=-1&signal=INT')).status).toBe(304);
  expect((await ask(path, 'POST /containers/c/stop')).status).toBe(304);
  expect((await ask(path, 'POST /containers/c/kill?signal=HUP')).status).toBe(409);
  expect((await ask(path, 'POST /containers/c/kill?signal=BOGUS')).status).toBe(400);

  expect(engine.calls.stop).toEqual([
    {signal: 'INT', timeout: -1},
    {signal: undefined, timeout: undefined},
  ]);
});
