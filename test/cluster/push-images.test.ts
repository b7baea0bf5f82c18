import {expect, it} from 'vitest';

import {registryAddress} from './push-images.ts';

it.each([
  ['http://127.0.0.1:5000', 'http://127.0.0.1:5000'],
  ['https://registry.example/', 'https://registry.example'],
])('%s is the address of a registry', (text, address) => {
  expect(registryAddress(text)).toBe(address);
});

it.each([
  '',
  '127.0.0.1:5000',
  'ftp://registry.example',
  'http://registry.example/v2',
  'http://me:pw@registry.example',
])('"%s" is not the address of a registry', text => {
  expect(() => registryAddress(text)).toThrow(/^The address of a registry is wanted as in/);
});
