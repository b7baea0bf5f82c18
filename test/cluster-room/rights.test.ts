import {expect, test} from 'vitest';

import {badideaRole, neededRules} from '../../src/cluster/role.ts';
import {fakeApi, reply} from './fake-api.ts';

async function missing(rules: object[], {incomplete = false, allowed = false} = {}): Promise<string[]> {
  const api = await fakeApi({
    answer({path}, response) {
      const status = path.endsWith('selfsubjectrulesreviews')
        ? {incomplete, resourceRules: rules}
        : {allowed};
      reply(response, 201, {status});
    },
  });
  const {administration} = await api.connect();
  return await administration.missingRights();
}

test('who has the Role lacks nothing', async () => {
  await expect(missing(badideaRole('room').rules)).resolves.toEqual([]);
});

test('wildcards count: everything, all resources, all verbs, a subresource of all', async () => {
  await expect(missing([{apiGroups: ['*'], resources: ['*'], verbs: ['*']}])).resolves.toEqual([]);
  await expect(
    missing([
      {apiGroups: [''], resources: ['pods', 'secrets', 'configmaps'], verbs: ['*']},
      {apiGroups: [''], resources: ['*/exec', 'pods/portforward', 'pods/log'], verbs: ['get', 'create']},
    ]),
  ).resolves.toEqual([]);
});

test('what is missing is one line per resource, with the commands that need it', async () => {
  const rules = badideaRole('room').rules.filter(({resources}) => !resources.includes('pods/log'));
  for (const rule of rules) rule.verbs = rule.verbs.filter(verb => verb !== 'patch');

  const lines = await missing(rules);

  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^pods: patch \(for docker run/);
  expect(lines[1]).toMatch(/^pods\/log: get \(for docker logs/);
});

test('a right to named objects or to another API group is none', async () => {
  const named = badideaRole('room').rules.map(rule => Object.assign(rule, {resourceNames: ['one']}));
  const foreign = badideaRole('room').rules.map(rule => Object.assign(rule, {apiGroups: ['apps']}));

  await expect(missing(named)).resolves.toHaveLength(neededRules.length);
  await expect(missing(foreign)).resolves.toHaveLength(neededRules.length);
});

test('where the cluster cannot list the rules, each right is asked for', async () => {
  await expect(missing([], {incomplete: true, allowed: true})).resolves.toEqual([]);
  await expect(missing([], {incomplete: true, allowed: false})).resolves.toHaveLength(neededRules.length);
});
