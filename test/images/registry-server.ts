import {createHash} from 'node:crypto';
import {type IncomingMessage, type Server, type ServerResponse, createServer} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';

export interface RegistryOptions {
  /** `basic` asks for user:secret itself; `bearer` sends the client to its token service, which also serves strangers if `anonymous` */
  auth?: 'basic' | 'bearer';
  anonymous?: boolean;
  tls?: {key: string; cert: string};
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A registry of the HTTP API V2 in this process: what the tests put into it, and no more. */
export class RegistryServer implements AsyncDisposable {
  readonly requests: {method: string; path: string; authorization: string | undefined}[] = [];
  readonly #server: Server;
  readonly #options: RegistryOptions;
  readonly #manifests = new Map<string, {bytes: Buffer; mediaType: string}>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #special = new Map<string, Handler>();

  private constructor(options: RegistryOptions) {
    this.#options = options;
    const serve: Handler = (request, response) => this.#serve(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  }

  static async start(options: RegistryOptions = {}): Promise<RegistryServer> {
    const registry = new RegistryServer(options);
    await new Promise<void>(resolve => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** `127.0.0.1:41234` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers that path by hand. */
  special(path: string, handler: Handler): void {
    this.#special.set(path, handler);
  }

  blob(bytes: Buffer): {digest: string; size: number} {
    const digest = sha256(bytes);
    this.#blobs.set(digest, bytes);
    return {digest, size: bytes.length};
  }

  manifest(
    repository: string,
    tag: string,
    body: object | Buffer,
    mediaType: string,
  ): {digest: string; size: number; mediaType: string} {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const digest = sha256(bytes);
    this.#manifests.set(`${repository}/${tag}`, {bytes, mediaType});
    this.#manifests.set(`${repository}/${digest}`, {bytes, mediaType});
    return {digest, size: bytes.length, mediaType};
  }

  /** An image of one platform; returns its manifest's descriptor. */
  image(
    repository: string,
    tag: string,
    {
      architecture = 'amd64',
      config = {},
      layers = ['one', 'two'],
    }: {architecture?: string; config?: object; layers?: string[]} = {},
  ) {
    const blob = this.blob(
      Buffer.from(
        JSON.stringify({
          architecture,
          os: 'linux',
          created: '2026-01-02T03:04:05Z',
          config,
          rootfs: {type: 'layers', diff_ids: layers.map(layer => sha256(Buffer.from(layer)))},
        }),
      ),
    );
    return this.manifest(
      repository,
      tag,
      {
        schemaVersion: 2,
        mediaType: imageType,
        config: {mediaType: 'application/vnd.oci.image.config.v1+json', ...blob},
        layers: layers.map(layer => ({
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          ...this.blob(Buffer.from(layer)),
        })),
      },
      imageType,
    );
  }

  /** An index of images for several platforms, as `docker buildx` makes them, with an attestation among them. */
  index(repository: string, tag: string, architectures: string[], config: object = {}) {
    const manifests = architectures.map(architecture => ({
      ...this.image(repository, `${tag}-${architecture}`, {
        architecture,
        config,
        layers: [`layer of ${architecture}`],
      }),
      platform: {os: 'linux', architecture},
    }));
    const attestation = {
      ...this.image(repository, `${tag}-attestation`),
      platform: {os: 'unknown', architecture: 'unknown'},
    };
    return this.manifest(
      repository,
      tag,
      {schemaVersion: 2, mediaType: indexType, manifests: [attestation, ...manifests]},
      indexType,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', `http://${this.host}`);
    const {authorization} = request.headers;
    this.requests.push({method: request.method ?? '', path: url.pathname, authorization});
    const special = this.#special.get(url.pathname);
    if (special !== undefined) {
      special(request, response);
    } else if (url.pathname === '/token') {
      this.#token(url, authorization, response);
    } else if (!this.#allowed(authorization)) {
      const repository = /^\/v2\/(.*)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1] ?? '';
      const challenge =
        this.#options.auth === 'basic'
          ? 'Basic realm="test"'
          : `Bearer realm="http://${this.host}/token",service="test, the registry",scope="repository:${repository}:pull"`;
      response.setHeader('WWW-Authenticate', challenge);
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
    } else {
      this.#content(url.pathname, request.method === 'HEAD', response);
    }
  }

  #allowed(authorization: string | undefined): boolean {
    const {auth} = this.#options;
    return auth === undefined || authorization === (auth === 'basic' ? basic : 'Bearer good-token');
  }

  #token(url: URL, authorization: string | undefined, response: ServerResponse): void {
    const known =
      authorization === basic || (this.#options.anonymous === true && authorization === undefined);
    if (!known || url.searchParams.get('service') !== 'test, the registry') {
      response.writeHead(401).end(JSON.stringify({details: 'incorrect username or password'}));
      return;
    }
    response.end(JSON.stringify({token: 'good-token', expires_in: 60}));
  }

  #content(path: string, head: boolean, response: ServerResponse): void {
    const [, repository = '', kind, name = ''] = /^\/v2\/(.*)\/(manifests|blobs)\/([^/]*)$/.exec(path) ?? [];
    if (kind === 'blobs') {
      const bytes = this.#blobs.get(name);
      return bytes === undefined
        ? fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry')
        : void response.end(bytes);
    }
    const manifest = this.#manifests.get(`${repository}/${name}`);
    if (manifest === undefined) {
      return fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    }
    response.setHeader('Content-Type', manifest.mediaType);
    response.setHeader('Docker-Content-Digest', sha256(manifest.bytes));
    response.setHeader('Content-Length', manifest.bytes.length);
    response.end(head ? undefined : manifest.bytes);
  }
}

export const imageType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';
const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;

export function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response
    .writeHead(status, {'Content-Type': 'application/json'})
    .end(JSON.stringify({errors: [{code, message}]}));
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
