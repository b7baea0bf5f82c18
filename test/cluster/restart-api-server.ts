import {setTimeout as sleep} from 'node:timers/promises';

import {ensureBinaries} from './build.ts';
import {ClusterError} from './errors.ts';
import {hasKind, killKindApiServer} from './kind.ts';
import {waitForApi} from './objects.ts';
import {kill} from './processes.ts';
import {startComponent} from './start.ts';
import {readState, withLock} from './state.ts';

/**
 * Ends the API server as a crash would and starts it again `downForMs` later; everything else runs on. Without a cluster of
 * ours it is the one of kind, whose kubelet starts it when that likes.
 */
export async function restartApiServer({downForMs = 0}: {downForMs?: number} = {}): Promise<void> {
  const signal = AbortSignal.timeout(60_000 + downForMs);
  await withLock(signal, async () => {
    const state = readState();
    const running = state?.components['kube-apiserver'];
    if (running === undefined && (await hasKind(signal))) {
      await killKindApiServer(signal);
      return;
    }
    if (state === undefined || running === undefined) {
      throw new ClusterError(
        'No cluster of ours runs, so its API server cannot be restarted. Start it: npm run cluster -- up',
      );
    }
    await kill(running);
    await sleep(downForMs, undefined, {signal});
    await startComponent(state, 'kube-apiserver', {binaries: await ensureBinaries(signal), signal});
    await waitForApi(signal);
  });
}
