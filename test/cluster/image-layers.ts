import {createHash} from 'node:crypto';
import {createReadStream, createWriteStream, existsSync, readFileSync} from 'node:fs';
import {mkdir, rename, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {PassThrough, type Readable, Transform} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';

import {pack} from 'tar-stream';

import {cacheFolder} from './paths.ts';

/** A layer as a registry wants it: `digest` and `size` of the gzip file, `diffId` of the tar in it. */
export type Layer = {file: string; digest: string; diffId: string; size: number};

/** One entry of a small layer; a folder if it has neither content nor a link. */
export type Entry = {
  path: string;
  mode?: number;
  uid?: number;
  gid?: number;
  link?: string;
  /** Text, or the path of a file of this machine. */
  content?: string | {file: string};
};

/** A layer from a list of entries; the same list gives the same bytes. */
export async function layerOf(name: string, entries: Entry[]): Promise<Layer> {
  const hash = createHash('sha256').update(JSON.stringify(entries));
  for (const {content} of entries) {
    hash.update(typeof content === 'object' ? readFileSync(content.file) : '');
  }
  return cachedLayer(`${name}-${hash.digest('hex').slice(0, 16)}`, async () => tarOf(entries));
}

/** A layer from the cache, or from a tar stream if it is not there. */
export async function cachedLayer(name: string, tar: () => Promise<Readable>): Promise<Layer> {
  const file = join(cacheFolder, 'layers', `${name}.tar.gz`);
  const facts = `${file}.json`;
  if (!existsSync(facts)) {
    await mkdir(dirname(file), {recursive: true});
    const [inner, outer] = [measure(), measure()];
    // Another process may make the same layer: the bytes are the same, so the last one may win.
    const unfinished = `${file}.${process.pid}`;
    await pipeline(
      await tar(),
      inner.stream,
      createGzip({level: 3}),
      outer.stream,
      createWriteStream(unfinished),
    );
    await rename(unfinished, file);
    const {digest, size} = outer.result();
    await writeFile(`${unfinished}.json`, JSON.stringify({digest, size, diffId: inner.result().digest}));
    await rename(`${unfinished}.json`, facts);
  }
  const known = JSON.parse(readFileSync(facts, 'utf8')) as Omit<Layer, 'file'>;
  return {...known, file};
}

function tarOf(entries: Entry[]): Readable {
  const tar = pack();
  for (const {path, mode, uid = 0, gid = 0, link, content} of entries) {
    const header = {name: path, uid, gid, mtime: new Date(0)};
    if (link !== undefined) {
      tar.entry({...header, type: 'symlink', linkname: link, mode: mode ?? 0o777});
    } else if (content === undefined) {
      tar.entry({...header, type: 'directory', mode: mode ?? 0o755});
    } else {
      const bytes = typeof content === 'string' ? Buffer.from(content) : readFileSync(content.file);
      tar.entry({...header, type: 'file', mode: mode ?? 0o644}, bytes);
    }
  }
  tar.finalize();
  return tar.pipe(new PassThrough());
}

function measure(): {stream: Transform; result: () => {digest: string; size: number}} {
  const hash = createHash('sha256');
  let size = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(undefined, chunk);
    },
  });
  return {stream, result: () => ({digest: `sha256:${hash.digest('hex')}`, size})};
}

/** The bytes of a layer, for an upload. */
export function readLayer(layer: Layer): Readable {
  return createReadStream(layer.file);
}
