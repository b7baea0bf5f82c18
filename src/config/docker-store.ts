import {createHash} from 'node:crypto';
import {lstat, mkdir, readlink, rm} from 'node:fs/promises';
import {homedir} from 'node:os';
import {dirname, isAbsolute, join, resolve} from 'node:path';

import {failure} from '../failures/failure.ts';
import {refuseUnsafeDirectory} from './private-directory.ts';
import {readIfThere, writePrivateFile} from './private-file.ts';

/** A context as docker keeps it (cli/context/store): keys of ours in Metadata survive docker's own updates. */
export interface ContextMeta {
  Name: string;
  Metadata: Record<string, unknown>;
  Endpoints: {docker?: {Host?: string; SkipTLSVerify?: boolean}};
}

export interface TlsFiles {
  ca: string;
  certificate: string;
  key: string;
}

/** docker's files in `$DOCKER_CONFIG`, read and written in its own layout: for reading always, for writing where there is no docker CLI to ask. */
export interface DockerStore {
  readContext(name: string): Promise<ContextMeta | undefined>;
  /** TLS files first and meta.json last, as docker does: a context that can be seen is whole. */
  writeContext(meta: ContextMeta, tls?: TlsFiles): Promise<void>;
  /** Changes the Metadata of a context that is there, and nothing else of it. */
  editMetadata(
    name: string,
    edit: (metadata: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void>;
  removeContext(name: string): Promise<void>;
  /** The current context by config.json; `default` if none is set. Neither DOCKER_HOST nor DOCKER_CONTEXT counts. */
  currentContext(): Promise<string>;
  setCurrentContext(name: string): Promise<void>;
  /** BAD-610 where a folder that we or docker would write to is a link or open to others. */
  refuseUnsafe(name: string): Promise<void>;
}

export function dockerStore(env: NodeJS.ProcessEnv): DockerStore {
  const root = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  const configFile = join(root, 'config.json');
  const metaFile = (name: string) => join(root, 'contexts', 'meta', folderName(name), 'meta.json');
  const tlsFolder = (name: string) => join(root, 'contexts', 'tls', folderName(name));

  return {
    async readContext(name) {
      const text = await readIfThere(metaFile(name));
      return text === undefined ? undefined : asMeta(parseJson(metaFile(name), text), name);
    },
    async writeContext(meta, tls) {
      if (tls) {
        const folder = join(tlsFolder(meta.Name), 'docker');
        await mkdir(folder, {recursive: true, mode: 0o700});
        await writePrivateFile(join(folder, 'ca.pem'), tls.ca);
        await writePrivateFile(join(folder, 'cert.pem'), tls.certificate);
        await writePrivateFile(join(folder, 'key.pem'), tls.key);
      } else {
        await rm(tlsFolder(meta.Name), {recursive: true, force: true});
      }
      await mkdir(dirname(metaFile(meta.Name)), {recursive: true, mode: 0o755});
      await writePrivateFile(metaFile(meta.Name), JSON.stringify(meta), 0o644);
    },
    async editMetadata(name, edit) {
      const file = metaFile(name);
      const text = await readIfThere(file);
      if (text === undefined) return;
      const meta = asObject(parseJson(file, text));
      await writePrivateFile(
        file,
        JSON.stringify({...meta, Metadata: edit(asObject(meta['Metadata']))}),
        0o644,
      );
    },
    async removeContext(name) {
      await rm(dirname(metaFile(name)), {recursive: true, force: true});
      await rm(tlsFolder(name), {recursive: true, force: true});
    },
    async currentContext() {
      const text = await readIfThere(configFile);
      if (text === undefined) return 'default';
      const current = asObject(parseJson(configFile, text))['currentContext'];
      return typeof current === 'string' && current !== '' ? current : 'default';
    },
    async setCurrentContext(name) {
      const text = await readIfThere(configFile);
      const {currentContext: _, ...rest} = asObject(text === undefined ? {} : parseJson(configFile, text));
      const config = name === 'default' ? rest : {...rest, currentContext: name};
      // The file may be a link into a folder of dotfiles: what it leads to is rewritten, the link stays.
      const target = await linkTarget(configFile);
      const mode = await lstat(target).then(
        found => found.mode & 0o777,
        () => 0o600,
      );
      await mkdir(dirname(target), {recursive: true, mode: 0o700});
      await writePrivateFile(target, JSON.stringify(config, undefined, '\t'), mode);
    },
    async refuseUnsafe(name) {
      const folders = [
        root,
        join(root, 'contexts'),
        join(root, 'contexts', 'meta'),
        join(root, 'contexts', 'tls'),
        dirname(metaFile(name)),
        tlsFolder(name),
        join(tlsFolder(name), 'docker'),
      ];
      await Promise.all(folders.map(refuseUnsafeDirectory));
    },
  };
}

function folderName(context: string): string {
  return createHash('sha256').update(context).digest('hex');
}

async function linkTarget(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSymbolicLink()) return path;
  const target = await readlink(path);
  return isAbsolute(target) ? target : resolve(dirname(path), target);
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failure(
      'BAD-613',
      {path, why: 'It is not JSON; docker itself cannot read it either.'},
      {cause: error},
    );
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? {...value} : {};
}

function asMeta(value: unknown, name: string): ContextMeta {
  const {Metadata, Endpoints} = asObject(value);
  const host = asObject(asObject(Endpoints)['docker'])['Host'];
  return {
    Name: name,
    Metadata: asObject(Metadata),
    Endpoints: {docker: typeof host === 'string' ? {Host: host} : {}},
  };
}
