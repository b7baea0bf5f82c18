import {expect, test} from 'vitest';

import {endpoints} from '../../src/api/api.ts';
import {unsupported} from '../../src/api/unsupported.ts';
import {scriptedEngine} from '../fakes/scripted-engine.ts';
import {ask} from '../helpers/api-client.ts';
import {serveApi} from '../helpers/api-server.ts';
import {operations} from './operations.ts';

const key = ({method, path}: {method: string; path: string}): string => `${method} ${path}`;

test('API 1.51 has 107 operations', () => {
  expect(new Set(operations.map(operation => operation.join(' '))).size).toBe(107);
});

test('every operation is either served or refused, and none is both', () => {
  const served = endpoints.map(key);
  const refused = unsupported.map(key);

  expect(
    operations
      .map(operation => operation.join(' '))
      .filter(one => !served.includes(one) && !refused.includes(one)),
  ).toEqual([]);
  expect(served.filter(one => refused.includes(one))).toEqual([]);
  expect(new Set([...served, ...refused]).size).toBe(served.length + refused.length);
});

test('no operation is unknown to the router, with a version or without', async () => {
  const {path} = await serveApi(scriptedEngine());

  for (const [method, pattern] of operations) {
    const target = pattern.replaceAll(/\{\w+\}/g, 'a/b:c');
    const answers = await Promise.all(
      ['', '/v1.24', '/v1.51'].map(version => refusalOf(path, method, `${version}${target}`)),
    );
    expect(answers, `${method} ${target}`).not.toContain('page not found');
  }
});

test('each refusal names badidea, the thing in the words of docker, and what to do instead', async () => {
  const {path, failures} = await serveApi(scriptedEngine());

  for (const {method, path: pattern} of unsupported) {
    const target = pattern.replaceAll(/\{\w+\}/g, 'x');
    if (method === 'HEAD') continue;
    const {status, body} = await ask(path, `${method} ${target}`, {headers: {Connection: 'close'}});
    if (status === 501)
      expect(JSON.parse(body).message, target).toMatch(/^badidea does not .+\nfix: .{20,}$/);
    else expect([200, 400, 404, 500, 503], target).toContain(status);
  }
  expect(failures).toEqual([]);
});

async function refusalOf(path: string, method: string, target: string): Promise<string | undefined> {
  // some would go on for ever, or need a body
  const {status, body} = await ask(
    path,
    `${method} ${target}${target.endsWith('/events') ? '?until=1&since=2' : ''}`,
  );
  return status === 404 && body.includes('message') ? JSON.parse(body).message : undefined;
}
