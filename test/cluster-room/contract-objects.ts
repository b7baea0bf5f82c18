import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {Conflict, NotFound} from '../../src/errors.ts';
import {isSame, nameOf, observe, secretNamed, sleepingPod, type Stage, uniqueName} from './contract-stage.ts';

/** Pods, Secrets and ConfigMaps, and the watch that tells of them. */
export function describeObjects(stage: Stage): void {
  test('a new Pod is seen by a watch, Pending first and Running later, and has a uid', async () => {
    const seen = await observe(stage.cluster, 'pods');
    const pod = await stage.cluster.createPod(sleepingPod(uniqueName()));

    const shown = await seen.until(
      ({type, object}) => type === 'changed' && isSame(object, pod) && object.status?.phase === 'Running',
    );

    expect(pod.status?.phase).toBe('Pending');
    expect(shown.object.metadata?.uid).toBe(pod.metadata?.uid);
    expect(shown.object.metadata?.managedFields).toBeUndefined();
    await stage.cluster.deletePod(nameOf(pod), {gracePeriodSeconds: 0});
    await seen.until(({type, object}) => type === 'deleted' && isSame(object, pod));
    seen.end();
  });

  test('a watch begins with every object of ours that exists', async () => {
    const seen = await observe(stage.cluster, 'pods');

    expect(seen.first.map(nameOf)).toContain(nameOf(stage.running));
    expect(seen.age()).toBeLessThan(5_000);
    seen.end();
  });

  test('an aborted watch tells nothing more', async () => {
    const seen = await observe(stage.cluster, 'secrets');
    seen.end();

    const secret = await stage.cluster.createSecret(secretNamed(uniqueName()));
    await stage.cluster.deleteSecret(nameOf(secret));
    await sleep(100);

    expect(seen.events).toEqual([]);
  });

  test('a name that is taken is a Conflict', async () => {
    const pod = sleepingPod(nameOf(stage.running));

    await expect(stage.cluster.createPod(pod)).rejects.toThrow(Conflict);
  });

  test('a patch of a Pod changes what it names and leaves the rest', async () => {
    const patched = await stage.cluster.patchPod(nameOf(stage.running), {
      metadata: {annotations: {'badidea.dev/test': 'yes'}},
    });

    expect(patched.metadata?.annotations?.['badidea.dev/test']).toBe('yes');
    expect(patched.metadata?.labels).toEqual(stage.running.metadata?.labels);
    expect(patched.metadata?.uid).toBe(stage.running.metadata?.uid);
  });

  test('a Secret is stored, merged by a patch, and a stale patch of it is a Conflict', async () => {
    const secret = await stage.cluster.createSecret({...secretNamed(uniqueName()), stringData: {one: '1'}});
    const name = nameOf(secret);

    const patched = await stage.cluster.patchSecret(name, {
      stringData: {two: '2'},
      metadata: {resourceVersion: secret.metadata?.resourceVersion},
    });
    const stale = stage.cluster.patchSecret(name, {
      stringData: {two: '3'},
      metadata: {resourceVersion: secret.metadata?.resourceVersion},
    });

    await expect(stale).rejects.toThrow(Conflict);
    expect(patched.data).toEqual({one: 'MQ==', two: 'Mg=='});
    await stage.cluster.deleteSecret(name);
  });

  test('the changes of a Secret are told in order', async () => {
    const seen = await observe(stage.cluster, 'secrets');
    const secret = await stage.cluster.createSecret(secretNamed(uniqueName()));
    await stage.cluster.patchSecret(nameOf(secret), {stringData: {step: '1'}});
    await stage.cluster.deleteSecret(nameOf(secret));
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
    const secret = await stage.cluster.createSecret(secretNamed(uniqueName()));
    const otherUid = '11111111-2222-4333-8444-555555555555';

    await stage.cluster.deletePod('bad-absent', {});
    await stage.cluster.deleteSecret('bad-absent');
    await stage.cluster.deleteSecret(nameOf(secret), {uid: otherUid});
    await stage.cluster.deletePod(nameOf(stage.running), {uid: otherUid, gracePeriodSeconds: 0});

    await expect(stage.cluster.patchSecret(nameOf(secret), {})).resolves.toBeDefined();
    await expect(stage.cluster.patchPod(nameOf(stage.running), {})).resolves.toBeDefined();
    await stage.cluster.deleteSecret(nameOf(secret));
  });

  test("another owner's objects are invisible and untouchable", async () => {
    const theirs = await stage.stranger.createSecret(secretNamed(uniqueName()));
    const seen = await observe(stage.cluster, 'secrets');

    await stage.cluster.deleteSecret(nameOf(theirs));

    expect(seen.first.map(nameOf)).not.toContain(nameOf(theirs));
    await expect(stage.cluster.patchSecret(nameOf(theirs), {})).rejects.toThrow(NotFound);
    await expect(
      stage.stranger.exec(nameOf(stage.running), {container: 'main', command: ['true']}),
    ).rejects.toThrow(NotFound);
    await expect(stage.stranger.podLog(nameOf(stage.running), {container: 'main'})).rejects.toThrow(NotFound);
    await expect(stage.stranger.patchSecret(nameOf(theirs), {})).resolves.toBeDefined();
    seen.end();
    await stage.stranger.deleteSecret(nameOf(theirs));
  });

  test('a patch does not touch a namesake that another owner made since', async () => {
    const ours = await stage.cluster.createSecret(secretNamed(uniqueName()));
    await stage.stranger.deleteSecret(nameOf(ours), {uid: ours.metadata?.uid ?? ''});
    const theirs = await stage.stranger.createSecret(secretNamed(nameOf(ours)));

    await expect(stage.cluster.patchSecret(nameOf(ours), {stringData: {a: 'b'}})).rejects.toThrow(NotFound);

    await expect(stage.stranger.patchSecret(nameOf(theirs), {})).resolves.toMatchObject({
      metadata: {uid: theirs.metadata?.uid},
    });
    await stage.stranger.deleteSecret(nameOf(theirs));
  });

  test('a ConfigMap is made once; another content under its name is a Conflict', async () => {
    const configMap = {metadata: {name: uniqueName()}, binaryData: {agent: 'AAEC'}};

    await stage.cluster.ensureConfigMap(configMap);
    await stage.cluster.ensureConfigMap(configMap);

    await expect(stage.cluster.ensureConfigMap({...configMap, binaryData: {agent: 'AAED'}})).rejects.toThrow(
      Conflict,
    );
    await stage.cluster.deleteConfigMaps();
    await stage.cluster.ensureConfigMap({...configMap, binaryData: {agent: 'AAED'}});
    await stage.cluster.deleteConfigMaps();
  });
}
