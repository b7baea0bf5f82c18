import {expect, test} from 'vitest';

import {startFailure} from '../../src/translate/start-failure.ts';

const user = 2;
const cwd = 3;
const program = 4;
const limits = 6;
const enoent = 2;
const enoexec = 8;
const eagain = 11;
const eacces = 13;
const enotdir = 20;
const eisdir = 21;

const container =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ';
const exec = 'OCI runtime exec failed: exec failed: unable to start container process: ';

// Sentences and codes are recorded from dockerd 28.5.2 with runc 1.1.5.
test.each([
  [{stage: program, errno: enoent}, 'nocmd', 'exec: "nocmd": executable file not found in $PATH', 127],
  [{stage: program, errno: enoent}, '', 'exec: "": executable file not found in $PATH', 127],
  [
    {stage: program, errno: enoent},
    '/no/such',
    'exec: "/no/such": stat /no/such: no such file or directory',
    127,
  ],
  [{stage: program, errno: enoent}, './no', 'exec: "./no": stat ./no: no such file or directory', 127],
  [
    {stage: program, errno: enotdir},
    '/etc/passwd/x',
    'exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory',
    127,
  ],
  [{stage: program, errno: eacces}, '/etc/passwd', 'exec: "/etc/passwd": permission denied', 126],
  [{stage: program, errno: eisdir}, '/etc', 'exec: "/etc": permission denied', 126],
  [{stage: program, errno: enoexec}, '/etc/passwd', 'exec: "/etc/passwd": exec format error', 126],
  [
    {stage: cwd, errno: enoent},
    'true',
    'chdir to cwd ("/nope") set in config.json failed: no such file or directory',
    127,
  ],
  [
    {stage: cwd, errno: eacces},
    'true',
    'chdir to cwd ("/nope") set in config.json failed: permission denied',
    126,
  ],
  [{stage: limits, errno: eagain}, 'true', 'the agent says so', 126],
])('%j of the program %j', (problem, name, words, exitCode) => {
  const failure = {...problem, message: 'the agent says so'};
  const process = {program: name, cwd: '/nope'};

  expect(startFailure(failure, process)).toEqual({message: `${container}${words}: unknown`, exitCode});
  expect(startFailure(failure, process, 'exec')).toEqual({message: `${exec}${words}: unknown`, exitCode});
});

test('a directory that is a file is a failure of its own for a container, and of runc for an exec', () => {
  const failure = {stage: cwd, errno: enotdir, message: ''};
  const process = {program: 'true', cwd: '/etc/passwd'};

  expect(startFailure(failure, process).message).toBe('Cannot mkdir: /etc/passwd is not a directory');
  expect(startFailure(failure, process, 'exec')).toEqual({
    message: `${exec}chdir to cwd ("/etc/passwd") set in config.json failed: not a directory: unknown`,
    exitCode: 127,
  });
});

test("an unknown user is told in the agent's words, which are dockerd's", () => {
  const message = 'unable to find user nouser: no matching entries in passwd file';

  expect(startFailure({stage: user, errno: enoent, message}, {program: 'true', cwd: '/'})).toEqual({
    message,
    exitCode: 126,
  });
});

test.each(['\u001b[31m', 'a"b', 'a\nb'])('the program %j cannot change the sentence around it', name => {
  const {message} = startFailure({stage: program, errno: enoent, message: ''}, {program: name, cwd: '/'});

  expect(message).toBe(
    `${container}exec: ${JSON.stringify(name)}: executable file not found in $PATH: unknown`,
  );
});
