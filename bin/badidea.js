#!/usr/bin/env node
// Old versions of Node must still be able to read this file: no static import of anything that they cannot.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `badidea needs Node 24 or newer; this is ${process.version}. Install it: https://nodejs.org (BAD-220)\n`,
  );
  process.exit(9);
}
// `badidea status | head -1`: a reader that has gone is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
const {execute} = await import('@oclif/core/execute');
await execute({dir: import.meta.url});
