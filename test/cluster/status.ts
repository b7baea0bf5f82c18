import {versions} from './build.ts';
import {componentNames} from './components.ts';
import {apiUrl} from './config-files.ts';
import {registryUrl} from './network.ts';
import {isNodeUsable} from './objects.ts';
import {cacheFolder, kubeconfigPaths, logFolder} from './paths.ts';
import {isAlive} from './processes.ts';
import {readState} from './state.ts';

/** What `npm run cluster -- status` prints; `ready` is false if any part is missing. */
export async function status(signal: AbortSignal): Promise<{text: string; ready: boolean}> {
  const state = readState();
  if (state === undefined) {
    return {text: 'The test cluster is down. Start it: npm run cluster -- up\n', ready: false};
  }
  const nodeReady = await isNodeUsable(signal);
  const parts = componentNames.map(name => {
    const recorded = state.components[name];
    return {name, recorded, alive: recorded !== undefined && isAlive(recorded)};
  });
  const lines = [
    ...parts.map(({name, recorded, alive}) => [name, alive ? `runs, pid ${recorded?.pid}` : 'does not run']),
    ['node', nodeReady ? 'Ready' : 'not Ready'],
    ['started', state.startedAt],
    ['versions', Object.entries(versions).flat().join(' ')],
    ['API server', apiUrl],
    ['registry', registryUrl],
    ['kubeconfig admin', kubeconfigPaths.admin],
    ['kubeconfig badidea', kubeconfigPaths.badidea],
    ['logs', logFolder],
    ['cache', cacheFolder],
  ];
  const text = lines.map(([name = '', value = '']) => `${name.padEnd(25)}${value}\n`).join('');
  return {text, ready: nodeReady && parts.every(part => part.alive)};
}
