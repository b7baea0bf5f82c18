import {describe, expect, it} from 'vitest';

import {findImage} from '../../src/images/find-image.ts';
import {imageInspect, imageSummaries} from '../../src/images/image-answers.ts';
import {selectImages} from '../../src/images/image-filters.ts';
import {busybox, image} from './image.ts';

describe('the answers', () => {
  it('of inspect have the names of an image together and leave out what is empty', () => {
    const all = [
      image(busybox, 'ab12'),
      image('docker.io/library/busybox:1', 'ab12'),
      image('quay.io/x/y:1', 'cc'),
    ];

    const answer = imageInspect(findImage(all, 'busybox'), all);

    expect(answer).toMatchObject({
      Id: `sha256:${'ab12'.padEnd(64, '0')}`,
      RepoTags: ['busybox:1', 'busybox:latest'],
      RepoDigests: [`busybox@sha256:${'ab12'.padEnd(64, '0')}`],
      Architecture: 'amd64',
      Size: 1600,
      RootFS: {Type: 'layers', Layers: [`sha256:${'e'.repeat(64)}`]},
    });
    expect(answer.Config).toEqual({
      Env: ['A=1'],
      Cmd: ['sh'],
      ExposedPorts: {'80/tcp': {}},
      Labels: {tier: 'web'},
    });
  });

  it('of the list are one for each image and follow the filters', () => {
    const old = {created: '2020-01-01T00:00:00Z', config: {...image(busybox, 'a').config, Labels: {}}};
    const all = [
      image(busybox, 'ab12'),
      image('docker.io/library/busybox:1', 'ab12'),
      image('quay.io/x/y:1', 'cc', old),
    ];
    const ids = (key: string, ...values: string[]) =>
      imageSummaries(selectImages(all, new Map([[key, values]]))).map(({Id}) => Id.slice(7, 9));

    expect(imageSummaries(all).map(({Id}) => Id.slice(7, 9))).toEqual(['ab', 'cc']);
    expect(ids('reference', 'busybox')).toEqual(['ab']);
    expect(ids('reference', 'busybox:1*')).toEqual(['ab']);
    expect(ids('reference', '*')).toEqual(['ab']);
    expect(ids('reference', 'quay.io/*/y')).toEqual(['cc']);
    expect(ids('reference', 'nope')).toEqual([]);
    expect(ids('label', 'tier=web')).toEqual(['ab']);
    expect(ids('label', 'tier', 'other')).toEqual([]);
    expect(ids('dangling', 'true')).toEqual([]);
    expect(ids('dangling', 'false')).toEqual(['ab', 'cc']);
    expect(ids('before', 'busybox')).toEqual(['cc']);
    expect(ids('since', 'quay.io/x/y:1')).toEqual(['ab']);
    expect(ids('until', '2021-01-01')).toEqual(['cc']);
    expect(() => ids('nonsense', 'x')).toThrow("invalid filter 'nonsense'");
  });

  it('of a pattern full of stars come at once', () => {
    const all = [image(`docker.io/library/${'a'.repeat(200)}:latest`, 'ab')];

    const before = performance.now();
    selectImages(all, new Map([['reference', ['*a'.repeat(100) + 'b']]]));

    expect(performance.now() - before).toBeLessThan(200);
  });
});
