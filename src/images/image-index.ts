import {createHash} from 'node:crypto';
import {gunzipSync, gzipSync} from 'node:zlib';

import {z} from 'zod';

import type {Cluster, Secret} from '../cluster/cluster.ts';
import {Conflict, Forbidden, NotFound} from '../errors.ts';
import {ownLabels} from '../translate/labels.ts';
import {explained} from './explained.ts';
import {ImageRecord} from './image-record.ts';

const IMAGES_SECRET_TYPE = 'badidea.dev/images';

const key = 'images.json.gz';
/** etcd takes 1.5 MiB and Kubernetes 1 MiB of a Secret's data, which is base64 here. */
const storedLimit = 700 * 1024;
/** What a Secret that somebody else wrote may swell to. */
const readLimit = 64 * 2 ** 20;
const attempts = 5;
const Entries = z.array(ImageRecord);

/**
 * The images that an owner has pulled. The truth is one Secret in the cluster; this is its copy in memory, fed by the daemon's watch, and the one writer to
 * it. A write carries the version it was made from and is made again when somebody was faster.
 */
export class ImageIndex {
  readonly #cluster: Pick<Cluster, 'createSecret' | 'patchSecret'>;
  readonly #owner: string;
  readonly #name: string;
  #secret: Secret | undefined;
  #entries: ReadonlyMap<string, ImageRecord> = new Map();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(cluster: Pick<Cluster, 'createSecret' | 'patchSecret'>, owner: string) {
    this.#cluster = cluster;
    this.#owner = owner;
    this.#name = imagesSecretName(owner);
  }

  /** Newest first. */
  all(): ImageRecord[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.pulledAt < b.pulledAt ? 1 : -1));
  }

  /** By full reference. */
  get(reference: string): ImageRecord | undefined {
    return this.#entries.get(reference);
  }

  /** A Secret of the watch, any: others' are passed over, and news older than what we wrote ourselves as well. */
  applySecret(secret: Secret): void {
    if (secret.metadata?.name === this.#name && !isOlder(secret, this.#secret)) {
      this.#secret = secret;
      this.#entries = entriesOf(secret);
    }
  }

  removeSecret(secret: Secret): void {
    if (secret.metadata?.name === this.#name) {
      this.#secret = undefined;
      this.#entries = new Map();
    }
  }

  /** Every Secret that exists, after a list. */
  replaceSecrets(secrets: readonly Secret[]): void {
    const own = secrets.find(secret => secret.metadata?.name === this.#name);
    if (own !== undefined) {
      this.applySecret(own);
    } else if (this.#secret !== undefined) {
      this.removeSecret(this.#secret);
    }
  }

  /**
   * Writes an image under its reference. What the reference meant before stays, without its tag. Resolves with whether it meant something else before;
   * rejects with Forbidden when the index is full or the cluster refuses.
   */
  put(image: ImageRecord): Promise<boolean> {
    return this.#update(entries => {
      const before = entries.get(image.reference);
      entries.set(image.reference, image);
      if (image.reference !== image.pullReference) {
        entries.delete(image.pullReference);
      }
      if (before !== undefined && before.id !== image.id && before.reference !== before.pullReference) {
        entries.set(before.pullReference, {...before, reference: before.pullReference});
      }
      return before?.id !== image.id;
    });
  }

  /** Writers of this daemon wait for each other; conflicts are then with other daemons only. */
  #update<T>(change: (entries: Map<string, ImageRecord>) => T): Promise<T> {
    const write = this.#writing.then(() => this.#write(change));
    this.#writing = write.catch(() => undefined);
    return write;
  }

  async #write<T>(change: (entries: Map<string, ImageRecord>) => T): Promise<T> {
    /* oxlint-disable no-await-in-loop -- an attempt is made only after the one before it failed */
    for (let attempt = 1; ; attempt++) {
      const entries = new Map(this.#entries);
      const result = change(entries);
      const data = {[key]: encode(entries)};
      try {
        this.applySecret(await this.#send(data));
        return result;
      } catch (error) {
        if (!(error instanceof Conflict || error instanceof NotFound) || attempt === attempts) {
          throw error;
        }
        await this.#refresh();
      }
    }
    /* oxlint-enable no-await-in-loop */
  }

  #send(data: Record<string, string>): Promise<Secret> {
    const resourceVersion = this.#secret?.metadata?.resourceVersion;
    if (this.#secret !== undefined) {
      return this.#cluster.patchSecret(this.#name, {
        ...(resourceVersion === undefined ? {} : {metadata: {resourceVersion}}),
        data,
      });
    }
    return this.#cluster.createSecret({
      apiVersion: 'v1',
      kind: 'Secret',
      type: IMAGES_SECRET_TYPE,
      metadata: {name: this.#name, labels: ownLabels(this.#owner)},
      data,
    });
  }

  /** An empty patch changes nothing and answers with what is there. */
  async #refresh(): Promise<void> {
    try {
      this.applySecret(await this.#cluster.patchSecret(this.#name, {}));
    } catch (error) {
      if (!(error instanceof NotFound)) {
        throw error;
      }
      this.#secret = undefined;
      this.#entries = new Map();
    }
  }
}

/** The name of the Secret that lists an owner's images. */
export function imagesSecretName(owner: string): string {
  return `bad-images-${createHash('sha256').update(owner).digest('hex').slice(0, 20)}`;
}

/** Images without a tag make room, oldest first; then there is none. */
function encode(entries: Map<string, ImageRecord>): string {
  for (;;) {
    const packed = gzipSync(JSON.stringify([...entries.values()]));
    if (packed.length <= storedLimit) {
      return packed.toString('base64');
    }
    const untagged = [...entries.values()].filter(({reference}) => reference.includes('@'));
    const oldest = untagged.toSorted((a, b) => (a.pulledAt < b.pulledAt ? -1 : 1))[0];
    if (oldest === undefined) {
      throw new Forbidden(
        explained(`The list of pulled images is full: ${entries.size} images.`, {
          why: 'It is kept in one Secret of the cluster, which holds at most 1 MiB.',
          fix: 'Start another list with another profile (badidea up --profile NAME), or begin anew: badidea down --remove.',
        }),
      );
    }
    entries.delete(oldest.reference);
  }
}

/** What cannot be read is an empty index: the images are pulled again. */
function entriesOf(secret: Secret): ReadonlyMap<string, ImageRecord> {
  try {
    const packed = Buffer.from(secret.data?.[key] ?? '', 'base64');
    const entries = Entries.parse(JSON.parse(gunzipSync(packed, {maxOutputLength: readLimit}).toString()));
    return new Map(entries.map(entry => [entry.reference, entry]));
  } catch {
    return new Map();
  }
}

/** The API server's versions grow; a watch may still be telling of what was before our own write. */
function isOlder(secret: Secret, than: Secret | undefined): boolean {
  const [a, b] = [secret, than].map(object => object?.metadata?.resourceVersion);
  if (secret.metadata?.uid !== than?.metadata?.uid || !/^\d+$/.test(a ?? '') || !/^\d+$/.test(b ?? '')) {
    return false;
  }
  return BigInt(a ?? 0) < BigInt(b ?? 0);
}
