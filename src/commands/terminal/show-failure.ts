import {CLIError, ExitError} from '@oclif/core/errors';

import {Failure, failure, failureLines} from '../../failures/failure.ts';

/** Prints an error for a person (stderr) or a program (`json`: stdout) and returns the exit code of its family. */
export async function showFailure(error: Error, {json}: {json: boolean}): Promise<number> {
  if (error instanceof ExitError) return error.oclif.exit ?? 1;
  const shown = error instanceof Failure ? error : (usageFailure(error) ?? (await unexpected(error)));
  if (json) process.stdout.write(`${JSON.stringify({error: shown.toJSON()})}\n`);
  else process.stderr.write(`${failureLines(shown).join('\n')}\n`);
  return shown.exitCode;
}

/** oclif's own errors are all about how the command was called: an unknown flag, a missing value. */
function usageFailure(error: Error): Failure | undefined {
  if (!(error instanceof CLIError)) return undefined;
  return failure('BAD-002', {
    what: error.message.replaceAll(/\s*\n\s*/g, ' ').replace(/ ?See more help with --help$/, ''),
    why: 'badidea does not know how to read that command line.',
    fix: 'See what it takes: badidea --help, badidea up --help',
  });
}

/** A bug: the stack goes to a log file, not to the screen. */
async function unexpected(error: Error): Promise<Failure> {
  const {logUnexpected} = await import('../../config/crash-log.ts');
  return failure(
    'BAD-001',
    {message: error.message, log: await logUnexpected(error, process.env)},
    {cause: error},
  );
}
