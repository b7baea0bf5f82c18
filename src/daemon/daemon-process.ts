import {randomUUID} from 'node:crypto';

import {createControlServer} from './control-server.ts';
import {createLife, type Life} from './life.ts';
import {openLog} from './log.ts';
import type {StartOrder} from './messages.ts';
import {startTicks} from './pid.ts';
import {listenOnSocket, watchSocket} from './private-socket.ts';
import {type DaemonRecord, writeRecord} from './record.ts';
import {openStartupChannel, type StartupChannel} from './startup-channel.ts';
import {startupFailure} from './startup-failure.ts';
import type {ClusterTarget, Log, StartDaemon} from './types.ts';

/**
 * The life of the background process: takes its orders from the `up` that spawned it, takes the control socket (which is the lock), starts the daemon and
 * tells how that goes, and then serves the control socket until it is told to stop. `load` brings the daemon's code, only once the lock is held.
 */
export async function runDaemonProcess(load: () => Promise<StartDaemon>): Promise<void> {
  process.umask(0o077);
  const abandoned = new AbortController();
  const channel = openStartupChannel(abandoned);
  const order = await channel.order;
  const log = openLog(order.paths.log);
  const life = createLife({log, recordPath: order.paths.record, release: () => control.close()});
  const control = createControlServer(life, {log, logPath: order.paths.log});
  endOnSignals(life, log);

  if ((await listenOnSocket(control, order.paths.controlSocket)) === 'occupied') {
    await channel.send({type: 'occupied'});
    process.exit(0);
  }
  abandoned.signal.addEventListener(
    'abort',
    () => void life.end('the command that started it was interrupted'),
  );
  await watchSocket(
    order.paths.controlSocket,
    () => void life.endUnreachable(),
    new AbortController().signal,
  );
  await start({load, order, channel, life, log});
}

async function start({load, order, channel, life, log}: Start): Promise<void> {
  log.info('starting', {
    version: order.version,
    node: process.version,
    purpose: order.purpose,
    settings: order.settings,
  });
  try {
    const startDaemon = await channel.startup.step('Start daemon', load, () => `pid ${process.pid}`);
    const daemon = await startDaemon(order.settings, log, channel.startup);
    const record = await recordOf(order, daemon.status().cluster);
    await writeRecord(order.paths.record, record);
    life.begin(daemon, record);
    log.info('ready', {instance: record.instance});
    if (order.purpose === 'remove') {
      await channel.send({type: 'removed', result: await life.remove()});
      channel.release();
      await life.end('everything is removed');
    } else {
      await channel.send({type: 'ready', record});
      channel.release();
    }
  } catch (error) {
    const failure = startupFailure(error, {
      settings: order.settings,
      target: channel.target(),
      log: order.paths.log,
    });
    log.error('could not start', {code: failure.code, error});
    life.fail(failure);
    await channel.send({type: 'failed', failure: failure.toJSON()});
    channel.release();
    await life.end('it could not start');
  }
}

interface Start {
  load: () => Promise<StartDaemon>;
  order: StartOrder;
  channel: StartupChannel;
  life: Life;
  log: Log;
}

async function recordOf(order: StartOrder, cluster: ClusterTarget): Promise<DaemonRecord> {
  const {contextName, server, userName, namespace} = cluster;
  return {
    pid: process.pid,
    startTicks: (await startTicks(process.pid)) ?? '',
    instance: randomUUID(),
    version: order.version,
    startedAt: new Date().toISOString(),
    settings: order.settings,
    target: {contextName, server, userName, namespace},
  };
}

function endOnSignals(life: Life, log: Log): void {
  process.on('SIGTERM', signal => void life.end(signal));
  process.on('SIGINT', signal => void life.end(signal));
  // A terminal that closes is no reason to end: the daemon is detached from it.
  process.on('SIGHUP', () => undefined);
  process.on('unhandledRejection', error =>
    log.error('a promise failed and nobody was told: a bug', {error}),
  );
  process.on('uncaughtException', error => {
    // What it was about to do is unknown, so it ends; all truth is in the cluster and the next `up` finds it there.
    log.error('an unexpected error ended the daemon: a bug', {error});
    process.exit(1);
  });
}
