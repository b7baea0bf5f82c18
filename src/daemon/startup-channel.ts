import {Failure} from '../failures/failure.ts';
import {type FromDaemon, isToDaemon, type StartOrder, type ToDaemon} from './messages.ts';
import type {ClusterTarget, Startup} from './types.ts';

/** The daemon's end of the IPC channel to the `up` that started it. */
export interface StartupChannel {
  /** The first message; rejects when the parent goes, or says nothing. */
  order: Promise<StartOrder>;
  startup: Startup;
  /** What `confirm` was called with, as soon as it was. */
  target(): ClusterTarget | undefined;
  send(message: FromDaemon): Promise<void>;
  /** From here on the parent may go: the daemon lives on its own. */
  release(): void;
}

/** Opens it. `abandoned` aborts when the parent goes before `release`, for nobody would learn of this daemon. */
export function openStartupChannel(abandoned: AbortController): StartupChannel {
  const order = Promise.withResolvers<StartOrder>();
  const agreed = Promise.withResolvers<void>();
  let confirmed: ClusterTarget | undefined;
  // Neither may be waited for yet when the parent goes.
  order.promise.catch(() => undefined);
  agreed.promise.catch(() => undefined);

  process.on('message', message => {
    if (isToDaemon(message)) receive(message);
  });
  process.once('disconnect', gone);
  if (!process.connected) gone();

  function receive(message: ToDaemon): void {
    switch (message.type) {
      case 'start':
        return order.resolve(message);
      case 'proceed':
        return agreed.resolve();
      case 'cancel':
        return agreed.reject(new Failure(message.failure));
    }
  }

  function gone(): void {
    const error = new Error('the process that started the daemon has gone');
    abandoned.abort(error);
    order.reject(error);
    agreed.reject(error);
  }

  const startup: Startup = {
    signal: abandoned.signal,
    async step(title, work, detail) {
      abandoned.signal.throwIfAborted();
      void send({type: 'step-started', title});
      try {
        const result = await work();
        const words = detail?.(result);
        void send({type: 'step-done', title, ...(words === undefined ? {} : {detail: words})});
        return result;
      } catch (error) {
        void send({type: 'step-failed', title});
        throw error;
      }
    },
    async confirm(target) {
      confirmed = target;
      void send({type: 'confirm', target});
      await agreed.promise;
    },
  };

  return {
    order: order.promise,
    startup,
    send,
    target: () => confirmed,
    release() {
      process.off('disconnect', gone);
      process.removeAllListeners('message');
      if (process.connected) process.disconnect();
    },
  };
}

function send(message: FromDaemon): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  // A parent that has gone is noticed by `disconnect`.
  if (process.connected && process.send) process.send(message, () => resolve());
  else resolve();
  return promise;
}
