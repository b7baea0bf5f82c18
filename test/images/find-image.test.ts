import {describe, expect, it} from 'vitest';

import {InvalidRequest, NotFound} from '../../src/errors.ts';
import {findImage} from '../../src/images/find-image.ts';
import {busybox, image} from './image.ts';

describe('an image is found', () => {
  const images = [
    image(busybox, 'ab12'),
    image('docker.io/library/busybox:1', 'ab12'),
    image('docker.io/grafana/grafana:2', 'ab99'),
    image('localhost:5000/deadbeef:latest', 'cc'),
    image(`quay.io/x/y@sha256:${'f1'.padEnd(64, '0')}`, 'f1'),
  ];

  it.each([
    ['busybox', 'ab12'],
    ['busybox:latest', 'ab12'],
    ['library/busybox', 'ab12'],
    ['docker.io/library/busybox', 'ab12'],
    ['index.docker.io/busybox:1', 'ab12'],
    [`busybox@sha256:${'ab12'.padEnd(64, '0')}`, 'ab12'],
    [`busybox:any@sha256:${'ab12'.padEnd(64, '0')}`, 'ab12'],
    ['ab12', 'ab12'],
    ['sha256:ab1', 'ab12'],
    [`sha256:${'ab12'.padEnd(64, '0')}`, 'ab12'],
    ['ab12'.padEnd(64, '0'), 'ab12'],
    ['grafana/grafana:2', 'ab99'],
    ['localhost:5000/deadbeef', 'cc'],
    [`quay.io/x/y@sha256:${'f1'.padEnd(64, '0')}`, 'f1'],
    ['f1', 'f1'],
  ])('by %s', (text, id) => {
    expect(findImage(images, text).id).toBe(`sha256:${id.padEnd(64, '0')}`);
  });

  it.each([
    ['alpine', 'No such image: alpine:latest'],
    ['docker.io/library/alpine:3', 'No such image: alpine:3'],
    ['grafana/grafana', 'No such image: grafana/grafana:latest'],
    [`sha256:${'9'.repeat(64)}`, `No such image: sha256:${'9'.repeat(64)}`],
    [
      `quay.io/other@sha256:${'f1'.padEnd(64, '0')}`,
      `No such image: quay.io/other@sha256:${'f1'.padEnd(64, '0')}`,
    ],
    ['f', 'No such image: f:latest'],
  ])('not by %s', (text, message) => {
    expect(() => findImage(images.slice(0, 4), text)).toThrow(new NotFound(message));
  });

  it('not by the beginning of two ids, nor by what is no name', () => {
    expect(() => findImage(images, 'ab')).toThrow(InvalidRequest);
    for (const text of ['', '-x', '../x', 'a b', 'x'.repeat(300), 'ünïcode', 'x:', 'x@sha256:1']) {
      expect(() => findImage(images, text)).toThrow(InvalidRequest);
    }
  });
});
