import {expect, test} from 'vitest';

import {
  commandLine,
  configuredEnvironment,
  entrypointAndCommand,
  environmentOf,
  hostnameOf,
  mergedEnvironment,
  processForContainer,
} from '../../src/translate/process-for-container.ts';
import {imageNamed, recordOf, someId} from './records.ts';

const both = imageNamed('nginx', {Entrypoint: ['/entry.sh'], Cmd: ['nginx', '-g']});
const onlyCommand = imageNamed('busybox', {Cmd: ['sh']});

test.each([
  ['nothing given', both, {}, ['/entry.sh', 'nginx', '-g']],
  ['a command', both, {Cmd: ['bash']}, ['/entry.sh', 'bash']],
  ['an empty command', both, {Cmd: []}, ['/entry.sh', 'nginx', '-g']],
  ['an entrypoint, which resets the command', both, {Entrypoint: ['cat']}, ['cat']],
  ['both', both, {Entrypoint: ['cat'], Cmd: ['-n']}, ['cat', '-n']],
  ['`--entrypoint ""`', both, {Entrypoint: [''], Cmd: ['bash']}, ['bash']],
  ['`--entrypoint ""` and no command', both, {Entrypoint: ['']}, []],
  ['an empty entrypoint, which is none given', both, {Entrypoint: []}, ['/entry.sh', 'nginx', '-g']],
  ['null for both', both, {Entrypoint: null, Cmd: null}, ['/entry.sh', 'nginx', '-g']],
  ['texts instead of lists', both, {Entrypoint: 'cat', Cmd: '-n'}, ['cat', '-n']],
  ['an image without an entrypoint', onlyCommand, {}, ['sh']],
  ['an image without both, and a command', imageNamed('scratch', {Cmd: []}), {Cmd: ['/app']}, ['/app']],
])('%s', (_, image, request, words) => {
  const record = recordOf(request, {image});

  expect(commandLine(record.request, image.config)).toEqual(words);
  const {entrypoint, command} = entrypointAndCommand(record.request, image.config);
  expect([...entrypoint, ...command]).toEqual(words);
});

test.each([
  ['a later value wins in the place of the first', ['A=1', 'B=2'], ['A=3'], ['A=3', 'B=2']],
  ['a name alone takes its variable away', ['A=1', 'B=2'], ['A'], ['B=2']],
  ['an empty value is a value', ['A=1'], ['A='], ['A=']],
  ['a value may hold =', ['A=1'], ['A=b=c=d'], ['A=b=c=d']],
  ['a name that begins another is another', ['AB=1'], ['A=2'], ['AB=1', 'A=2']],
  ['of two the last counts', [], ['A=1', 'A=2'], ['A=2']],
])('%s', (_, base, over, merged) => {
  expect(mergedEnvironment(base, over)).toEqual(merged);
});

test('inspect shows the variables of the request, then those of the image that it leaves alone', () => {
  const record = recordOf(
    {Env: ['A', 'B=', 'B=2', 'C=1']},
    {image: imageNamed('x', {Env: ['PATH=/bin', 'B=image', 'A=image']})},
  );

  expect(configuredEnvironment(record)).toEqual(['A', 'B=', 'B=2', 'C=1', 'PATH=/bin']);
});

test('a process has PATH and HOSTNAME, TERM with a terminal, and then what it is given', () => {
  const image = imageNamed('x', {Env: []});

  expect(environmentOf(recordOf({Env: ['A', 'B=', 'C=1', 'C=2']}, {image}))).toEqual([
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOSTNAME=28d40059b483',
    'B=',
    'C=2',
  ]);
  expect(environmentOf(recordOf({Tty: true, Env: ['TERM=vt100', 'PATH=/opt']}, {image}))).toEqual([
    'PATH=/opt',
    'HOSTNAME=28d40059b483',
    'TERM=vt100',
  ]);
  expect(environmentOf(recordOf({Tty: true}, {image}))).toContain('TERM=xterm');
  expect(environmentOf(recordOf({Tty: true}, {image}), false)).not.toContain('TERM=xterm');
});

test('the hostname is that of the request, or the short id', () => {
  expect(hostnameOf(recordOf())).toBe(someId.slice(0, 12));
  expect(hostnameOf(recordOf({Hostname: 'web.example.org'}))).toBe('web.example.org');
});

test('user and directory are those of the request, else of the image', () => {
  const image = imageNamed('x', {User: 'app', WorkingDir: '/srv'});

  expect(processForContainer(recordOf({}, {image}))).toMatchObject({user: 'app', cwd: '/srv'});
  expect(processForContainer(recordOf({User: '1000:1000', WorkingDir: '/tmp'}, {image}))).toMatchObject({
    user: '1000:1000',
    cwd: '/tmp',
  });
  expect(processForContainer(recordOf())).toMatchObject({user: '', cwd: '/'});
});

test('terminal, stdin and groups go to the agent as they were asked for', () => {
  const record = recordOf({
    Tty: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {GroupAdd: ['video', '44']},
  });

  expect(processForContainer(record)).toMatchObject({
    tty: true,
    stdin: true,
    stdinOnce: true,
    groups: ['video', '44'],
    detached: false,
  });
  expect(processForContainer(recordOf())).toMatchObject({
    tty: false,
    stdin: false,
    stdinOnce: false,
    groups: [],
  });
});

test('a terminal has the size of the client’s from the first moment', () => {
  const sized = processForContainer(recordOf({Tty: true, HostConfig: {ConsoleSize: [31, 99]}}));
  const unsized = processForContainer(recordOf({Tty: true}));

  expect([sized.rows, sized.columns]).toEqual([31, 99]);
  expect([unsized.rows, unsized.columns]).toEqual([0, 0]);
});
