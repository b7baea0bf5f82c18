import {expect, test} from 'vitest';

import {checkProfileName, contextName, profilePaths} from '../../src/config/paths.ts';

test('every file has its place by the XDG folders', () => {
  const env = {
    HOME: '/home/me',
    XDG_RUNTIME_DIR: '/run/user/1000',
    XDG_STATE_HOME: '/s',
    XDG_DATA_HOME: '/d',
    XDG_CONFIG_HOME: '/c',
  };

  expect(profilePaths('work', env, 'linux')).toEqual({
    configDirectory: '/c/badidea',
    tlsDirectory: '/d/badidea/work/tls',
    stateDirectory: '/s/badidea/work',
    runtimeDirectory: '/run/user/1000/badidea/work',
    dockerSocket: '/run/user/1000/badidea/work/docker.sock',
    controlSocket: '/run/user/1000/badidea/work/ctl.sock',
    record: '/s/badidea/work/daemon.json',
    log: '/s/badidea/work/daemon.log',
    previousContext: '/s/badidea/work/previous-context',
  });
});

test('without XDG folders, or with relative ones, they are below the home folder', () => {
  const paths = profilePaths('default', {HOME: '/home/me', XDG_STATE_HOME: 'relative'}, 'linux');

  expect(paths.runtimeDirectory).toBe('/home/me/.badidea/run/default');
  expect(paths.stateDirectory).toBe('/home/me/.local/state/badidea/default');
});

test('macOS has no runtime folder of its own', () => {
  expect(
    profilePaths('default', {HOME: '/Users/me', XDG_RUNTIME_DIR: '/run'}, 'darwin').runtimeDirectory,
  ).toBe('/Users/me/.badidea/run/default');
});

test.each([
  ['linux', 107],
  ['darwin', 103],
] as const)('on %s a socket path of more than %i bytes is refused', (platform, limit) => {
  const rest = '/.badidea/run/default/docker.sock'.length;
  const home = (length: number) => ({HOME: `/${'h'.repeat(length - rest - 1)}`});

  expect(() => profilePaths('default', home(limit), platform)).not.toThrow();
  expect(() => profilePaths('default', home(limit + 1), platform)).toThrow(
    expect.objectContaining({code: 'BAD-203'}),
  );
});

test('each profile has a docker context of its own', () => {
  expect([contextName('default'), contextName('work')]).toEqual(['badidea', 'badidea-work']);
});

test.each(['a', 'work-2', 'a_b', '0'.repeat(32)])('%s is a name for a profile', name => {
  expect(checkProfileName(name)).toBe(name);
});

test.each(['', '-a', '../a', 'a/b', 'A', 'a b', '0'.repeat(33), '__proto__\n'])('%j is not', name => {
  expect(() => checkProfileName(name)).toThrow(expect.objectContaining({exitCode: 2}));
});
