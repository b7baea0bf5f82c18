import {down} from './down.ts';
import {ClusterError} from './errors.ts';
import {kubeconfigPaths} from './paths.ts';
import {pushTestImages} from './push-images.ts';
import {restartApiServer} from './restart-api-server.ts';
import {status} from './status.ts';
import {up} from './up.ts';

const usage = `A one-node Kubernetes on this machine, for the tests (test/cluster/README.md).

  npm run cluster -- up                                 build what is not cached, start; no-op if it runs
  npm run cluster -- down                               end it and remove all of it but the cache
  npm run cluster -- status                             what runs, and where; code 1 if it is not whole
  npm run cluster -- kubeconfig [admin|badidea]         print the path of a kubeconfig (badidea's if not said)
  npm run cluster -- restart-apiserver [--down SECONDS] kill -9 the API server and start it again
  npm run cluster -- images URL                         make the test images and push them to a registry
`;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => interrupted.abort(new ClusterError(`Stopped by ${name}.`)));
}

try {
  process.exitCode = await main(process.argv.slice(2), interrupted.signal);
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${explain(error)}\n`);
}

async function main([command, ...words]: string[], signal: AbortSignal): Promise<number> {
  switch (command) {
    case 'up': {
      const started = performance.now();
      const outcome = await up(signal);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(
        outcome === 'started' ? `cluster: Ready (${seconds} s)\n` : 'cluster: runs already\n',
      );
      return 0;
    }
    case 'down':
      process.stdout.write((await down(signal)) ? 'cluster: down\n' : 'cluster: was not up\n');
      return 0;
    case 'status': {
      const {text, ready} = await status(signal);
      process.stdout.write(text);
      return ready ? 0 : 1;
    }
    case 'kubeconfig': {
      const user = words[0] ?? 'badidea';
      if (user !== 'admin' && user !== 'badidea') {
        throw new ClusterError(`There is no user ${user}: the kubeconfigs are admin and badidea.`);
      }
      process.stdout.write(`${kubeconfigPaths[user]}\n`);
      return 0;
    }
    case 'restart-apiserver': {
      const seconds = words[0] === '--down' ? Number(words[1]) : 0;
      if (!(seconds >= 0 && seconds <= 600)) {
        throw new ClusterError('--down wants a number of seconds from 0 to 600.');
      }
      await restartApiServer({downForMs: seconds * 1000});
      process.stdout.write('kube-apiserver: restarted\n');
      return 0;
    }
    case 'images': {
      const {left} = await pushTestImages(words[0] ?? '', signal);
      const note = left.length === 0 ? '' : `; not ${left.join(', ')}, which only root can make`;
      process.stdout.write(`images: pushed${note}\n`);
      return 0;
    }
    default:
      process.stderr.write(usage);
      return 2;
  }
}

/** What the person can act on is said in words; only what we did not foresee shows its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const foreseen = error instanceof ClusterError || 'code' in error;
  const own = foreseen ? error.message : (error.stack ?? error.message);
  return error.cause === undefined ? own : `${own}\n${explain(error.cause)}`;
}
