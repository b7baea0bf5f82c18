import {createServer} from 'node:net';

import {listenOnSocket} from '../../src/daemon/private-socket.ts';

/** Tries to listen on the socket named by its argument, says how that went, and stays. */
const outcome = await listenOnSocket(createServer(), process.argv[2] ?? '');
process.stdout.write(`${outcome}\n`);
if (outcome === 'occupied') process.exit(0);
