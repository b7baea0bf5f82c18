#!/usr/bin/env node
// Old versions of Node must still be able to read this file: no static import of anything that they cannot.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `badidea needs Node 24 or newer; this is ${process.version}. Install it: https://nodejs.org (BAD-220)\n`,
  );
  process.exit(9);
}
const {execute} = await import('@oclif/core/execute');
await execute({dir: import.meta.url});
