import {runDaemonProcess} from './daemon-process.ts';

/** Entry of the background process; `up` spawns it. The daemon itself, and with it the Kubernetes client, is loaded once this is the only one. */
await runDaemonProcess(async () => (await import('./daemon.ts')).startDaemon);
