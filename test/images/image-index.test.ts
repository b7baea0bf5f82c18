import {randomBytes} from 'node:crypto';

import {describe, expect, it} from 'vitest';

import {Forbidden} from '../../src/errors.ts';
import {imageSummaries} from '../../src/images/image-answers.ts';
import {ImageIndex, imagesSecretName} from '../../src/images/image-index.ts';
import type {ImageRecord} from '../../src/images/image-record.ts';
import {busybox, image} from './image.ts';
import {Secrets} from './secrets.ts';

describe('the index of images', () => {
  it('is in the cluster: a second daemon sees what the first pulled', async () => {
    const secrets = new Secrets();
    const first = new ImageIndex(secrets, 'ada');
    await first.put(image(busybox, 'a1'));
    await first.put(image('quay.io/x/y:1', 'b2'));

    const second = new ImageIndex(secrets, 'ada');
    second.replaceSecrets([...secrets.kept.values()]);

    expect(second.all()).toEqual(first.all());
    expect(second.all().length).toBe(2);
    expect([...secrets.kept.keys()]).toEqual([imagesSecretName('ada')]);
    expect([...secrets.kept.values()][0]).toMatchObject({
      type: 'badidea.dev/images',
      metadata: {labels: {'app.kubernetes.io/managed-by': 'badidea', 'badidea.dev/owner': 'ada'}},
    });
  });

  it('takes writes of two daemons that do not see each other, and loses none', async () => {
    const secrets = new Secrets();
    const [first, second] = [new ImageIndex(secrets, 'ada'), new ImageIndex(secrets, 'ada')];

    await Promise.all([
      ...[1, 2, 3].map(n => first.put(image(`docker.io/library/first:${n}`, `a${n}`))),
      ...[1, 2, 3].map(n => second.put(image(`docker.io/library/second:${n}`, `b${n}`))),
    ]);

    const seen = new ImageIndex(secrets, 'ada');
    seen.replaceSecrets([...secrets.kept.values()]);
    expect(seen.all().length).toBe(6);
  });

  it('of another owner is not touched', async () => {
    const secrets = new Secrets();
    await new ImageIndex(secrets, 'bob').put(image(busybox, 'a1'));

    const ada = new ImageIndex(secrets, 'ada');
    ada.replaceSecrets([...secrets.kept.values()]);

    expect(ada.all()).toEqual([]);
  });

  it('does not go back to what a late watch event tells', async () => {
    const secrets = new Secrets();
    const index = new ImageIndex(secrets, 'ada');
    await index.put(image(busybox, 'a1'));
    const late = [...secrets.kept.values()][0];
    await index.put(image('quay.io/x/y:1', 'b2'));

    index.applySecret(late ?? {});

    expect(index.all().length).toBe(2);
  });

  it('is made anew when somebody has deleted it', async () => {
    const secrets = new Secrets();
    const index = new ImageIndex(secrets, 'ada');
    await index.put(image(busybox, 'a1'));
    secrets.kept.clear();

    await index.put(image('quay.io/x/y:1', 'b2'));

    expect(index.all().map(({reference}) => reference)).toEqual(['quay.io/x/y:1']);
  });

  it('that somebody has spoilt is empty, and is written over', async () => {
    const secrets = new Secrets();
    const index = new ImageIndex(secrets, 'ada');
    await index.put(image(busybox, 'a1'));
    for (const [name, secret] of secrets.kept) {
      secrets.kept.set(name, {
        ...secret,
        data: {'images.json.gz': Buffer.from('rubbish').toString('base64')},
      });
    }

    index.replaceSecrets([...secrets.kept.values()]);
    expect(index.all()).toEqual([]);
    await index.put(image(busybox, 'a1'));

    expect(index.all().length).toBe(1);
  });

  it('keeps an image whose tag moved on, without its tag', async () => {
    const index = new ImageIndex(new Secrets(), 'ada');
    await index.put(image(busybox, 'a1'));

    const newer = await index.put(image(busybox, 'b2'));
    const same = await index.put(image(busybox, 'b2'));

    expect([newer, same]).toEqual([true, false]);
    expect(imageSummaries(index.all()).map(({RepoTags, RepoDigests}) => [RepoTags, RepoDigests])).toEqual([
      [['busybox:latest'], [`busybox@sha256:b2${'0'.repeat(62)}`]],
      [[], [`busybox@sha256:a1${'0'.repeat(62)}`]],
    ]);
  });

  it('drops untagged images when it is full, and then says what to do', async () => {
    const index = new ImageIndex(new Secrets(), 'ada');
    await index.put(image(busybox, 'a1', {config: large()}));
    await index.put(image(busybox, 'b2', {config: large()}));
    await index.put(image('quay.io/x/y:1', 'c3', {config: large()}));

    await index.put(image('quay.io/x/y:2', 'd4', {config: large()}));

    expect(
      index
        .all()
        .map(({reference}) => reference)
        .toSorted(),
    ).toEqual([busybox, 'quay.io/x/y:1', 'quay.io/x/y:2']);
    await expect(index.put(image('quay.io/x/y:3', 'e5', {config: large()}))).rejects.toThrow(Forbidden);
    expect(index.all().length).toBe(3);
  });
});

/** Noise, which does not get smaller by compression. */
function large(): ImageRecord['config'] {
  return {...image(busybox, 'a1').config, Env: [`X=${randomBytes(200_000).toString('base64')}`]};
}
