import {expect, test} from 'vitest';

import {scriptedEngine} from '../fakes/scripted-engine.ts';
import {ask} from '../helpers/api-client.ts';
import {serveApi} from '../helpers/api-server.ts';

test.each([
  ['text/plain', '400'],
  ['application/x-www-form-urlencoded', '400'],
  ['multipart/form-data; boundary=x', '400'],
  ['', '400'],
  ['application/json', '201'],
  ['Application/JSON; charset=utf-8', '201'],
])('a create as %j is %s', async (type, status) => {
  const {path} = await serveApi(scriptedEngine());

  const answer = await ask(path, 'POST /containers/create', {
    body: '{"Image":"busybox"}',
    headers: {'Content-Type': type},
  });

  expect(String(answer.status)).toBe(status);
});

test('a create of more than 4 MiB is 413, and the daemon lives', async () => {
  const {path} = await serveApi(scriptedEngine());
  const create = (size: number): ReturnType<typeof ask> =>
    ask(path, 'POST /containers/create', {body: {Image: 'busybox', Labels: {x: 'a'.repeat(size)}}});

  expect((await create(4 * 1024 * 1024)).status).toBe(413);
  expect((await create(2_000_000)).status).toBe(201);
});

test.each([
  ['{"Image":"busybox","HostConfig":{"privileged":true}}', {HostConfig: {Privileged: true}}],
  [
    '{"image":"busybox","hostconfig":{"MEMORY":5,"mounts":[{"type":"bind"}]}}',
    {Image: 'busybox', HostConfig: {Memory: 5, Mounts: [{Type: 'bind'}]}},
  ],
  [
    '{"Image":"busybox","HostConfig":{"Privileged":false,"Privileged":true}}',
    {HostConfig: {Privileged: true}},
  ],
])('policy sees %s as Docker would read it', async (body, seen) => {
  const engine = scriptedEngine();
  const {path} = await serveApi(engine);

  expect((await ask(path, 'POST /containers/create', {body})).status).toBe(201);

  expect([...engine.all.values()][0]?.raw).toMatchObject(seen);
});

test.each([
  ['{"Image":"busybox","HostConfig":{"Privileged":false,"privileged":true}}', 'is there twice'],
  ['{"__proto__":{"Image":"busybox"}}', '__proto__'],
  [`{"Image":"busybox","Labels":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 'levels deep'],
  [
    '{"Image":"busybox","HostConfig":{"Memory":1e400}}',
    'HostConfig.Memory: expected number, received Infinity',
  ],
  ['{"Image":"busybox","HostConfig":{"Memory":9007199254740993}}', 'HostConfig.Memory: Too big'],
  [
    '{"Image":3,"Cmd":[1],"Env":"x"}',
    'Image: expected string, received number\nEnv: expected array, received string\nCmd: expected a list',
  ],
  [
    '{"Image":"busybox","ExposedPorts":{"99999":{}}}',
    'ExposedPorts.99999: invalid port specification: "99999"',
  ],
  ['[]', 'the body: expected object, received array'],
  ['garbage', "invalid character 'g' looking for beginning of value"],
])('a create of %.60s is one readable sentence', async (body, sentence) => {
  const {path, failures} = await serveApi(scriptedEngine());

  const answer = await ask(path, 'POST /containers/create', {body});

  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body).message).toContain(sentence);
  expect(failures).toEqual([]);
});
