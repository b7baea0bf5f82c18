import {readFile, rm} from 'node:fs/promises';

import {failure} from '../failures/failure.ts';
import {dockerContextCommand, endpointOption} from './docker-cli.ts';
import {type ContextMeta, type DockerStore, dockerStore, type TlsFiles} from './docker-store.ts';
import {readIfThere, writePrivateFile} from './private-file.ts';

/** Our key in a context's Metadata: what bears it was made by us. */
const marker = 'dev.badidea';
const description = 'Containers as Pods, by badidea';

export interface ContextEndpoint {
  /** `unix:///…/docker.sock` or `tcp://127.0.0.1:2376` */
  host: string;
  /** Paths of PEM files; for tcp. */
  tls?: TlsFiles;
}

/** The docker context of one profile. It is ours, or it is left alone: BAD-205. */
export interface OwnContext {
  name: string;
  /** The Unix socket of this profile's daemon. */
  socketHost: string;
  env: NodeJS.ProcessEnv;
}

/** Makes the context, or points it to where the daemon is now. `force` writes it again though the address is the same: certificates are new. */
export async function ensureContext(
  own: OwnContext,
  endpoint: ContextEndpoint,
  force = false,
): Promise<'created' | 'updated' | 'unchanged'> {
  const store = dockerStore(own.env);
  const found = await readOwn(store, own);
  const marked = found?.Metadata[marker] !== undefined;
  if (marked && !force && found.Endpoints.docker?.Host === endpoint.host) return 'unchanged';

  await store.refuseUnsafe(own.name);
  const option = endpointOption({
    host: endpoint.host,
    ...(endpoint.tls ? {ca: endpoint.tls.ca, cert: endpoint.tls.certificate, key: endpoint.tls.key} : {}),
  });
  const command = found
    ? ['update', own.name, '--docker', option]
    : ['create', own.name, '--description', description, '--docker', option];
  if (await dockerContextCommand(command, own.env)) {
    await mark(store, own.name);
  } else {
    const meta = {
      Name: own.name,
      Metadata: {Description: description, ...found?.Metadata, [marker]: {}},
      Endpoints: {docker: {Host: endpoint.host, SkipTLSVerify: false}},
    };
    await store.writeContext(meta, endpoint.tls && (await contentsOf(endpoint.tls)));
  }
  return found ? 'updated' : 'created';
}

/** Throws BAD-205 when the name is taken by a context that is not ours: to be asked before anything is started. */
export async function refuseForeignContext(own: OwnContext): Promise<void> {
  await readOwn(dockerStore(own.env), own);
}

export async function currentContext(env: NodeJS.ProcessEnv): Promise<string> {
  return dockerStore(env).currentContext();
}

/** Makes ours the current context; what was current before is kept in the file for `restoreContext`. */
export async function switchToContext(own: OwnContext, previousFile: string): Promise<void> {
  const store = dockerStore(own.env);
  const current = await store.currentContext();
  if (current === own.name) return;
  await writePrivateFile(previousFile, `${current}\n`);
  await use(store, own.name, own.env);
}

/** Gives the previous context back, if ours is still the current one. Returns the name of what is current now, undefined if nothing was changed. */
export async function restoreContext(own: OwnContext, previousFile: string): Promise<string | undefined> {
  const store = dockerStore(own.env);
  const wanted = (await readIfThere(previousFile))?.trim() || 'default';
  if ((await store.currentContext()) !== own.name) {
    await rm(previousFile, {force: true});
    return undefined;
  }
  const previous = wanted !== 'default' && (await store.readContext(wanted)) ? wanted : 'default';
  await use(store, previous, own.env);
  await rm(previousFile, {force: true});
  return previous;
}

/** Takes our context out of docker's store. A foreign one of that name stays. */
export async function removeContext(own: OwnContext): Promise<boolean> {
  const store = dockerStore(own.env);
  const found = await store.readContext(own.name);
  if (!found || !isOwn(found, own)) return false;
  await store.refuseUnsafe(own.name);
  if (!(await dockerContextCommand(['rm', '--force', own.name], own.env)))
    await store.removeContext(own.name);
  return true;
}

async function use(store: DockerStore, name: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (!(await dockerContextCommand(['use', name], env))) await store.setCurrentContext(name);
}

async function readOwn(store: DockerStore, own: OwnContext): Promise<ContextMeta | undefined> {
  const found = await store.readContext(own.name);
  if (found && !isOwn(found, own)) throw failure('BAD-205', {context: own.name});
  return found;
}

/** By the marker, or by pointing to our own private socket: a killed `up` may have made it and not yet marked it. */
function isOwn(meta: ContextMeta, own: OwnContext): boolean {
  return meta.Metadata[marker] !== undefined || meta.Endpoints.docker?.Host === own.socketHost;
}

/** The docker CLI cannot write keys of ours, but keeps them. */
async function mark(store: DockerStore, name: string): Promise<void> {
  await store.editMetadata(name, metadata => ({...metadata, [marker]: {}}));
}

async function contentsOf(files: TlsFiles): Promise<TlsFiles> {
  const [ca, certificate, key] = await Promise.all(
    [files.ca, files.certificate, files.key].map(path => readFile(path, 'utf8')),
  );
  return {ca: ca ?? '', certificate: certificate ?? '', key: key ?? ''};
}
