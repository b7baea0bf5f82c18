import type {Cluster, Secret} from '../../src/cluster/cluster.ts';
import {Conflict, NotFound} from '../../src/errors.ts';

/** The Secrets of a namespace as the API server keeps them: versions that grow, stale writes refused. */
export class Secrets implements Pick<Cluster, 'createSecret' | 'patchSecret'> {
  readonly kept = new Map<string, Secret>();
  writes = 0;
  #version = 100;

  async createSecret(secret: Secret): Promise<Secret> {
    const name = secret.metadata?.name ?? '';
    if (this.kept.has(name)) {
      throw new Conflict(`secrets "${name}" already exists`);
    }
    return this.#keep(name, {...secret, metadata: {...secret.metadata, uid: `uid-${name}`}});
  }

  async patchSecret(name: string, patch: Partial<Secret>): Promise<Secret> {
    const present = this.kept.get(name);
    if (present === undefined) {
      throw new NotFound(`secrets "${name}" not found`);
    }
    const stale =
      patch.metadata?.resourceVersion !== undefined &&
      patch.metadata.resourceVersion !== present.metadata?.resourceVersion;
    if (stale) {
      throw new Conflict(
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
    return Object.keys(patch).length === 0
      ? present
      : this.#keep(name, {...present, data: {...present.data, ...patch.data}});
  }

  #keep(name: string, secret: Secret): Secret {
    this.writes++;
    const kept = {...secret, metadata: {...secret.metadata, resourceVersion: String(++this.#version)}};
    this.kept.set(name, kept);
    return kept;
  }
}
