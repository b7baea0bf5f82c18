import type {Binaries} from './build.ts';
import {debianLayer} from './debian-layer.ts';
import {layerOf, type Entry, type Layer} from './image-layers.ts';
import {unpacked} from './packages.ts';
import {run} from './run.ts';

/** What Docker's image configuration says under "config" (OCI image-spec, config.md). */
type ImageConfig = {
  Cmd?: string[];
  Entrypoint?: string[];
  Env?: string[];
  ExposedPorts?: Record<string, object>;
  Labels?: Record<string, string>;
  StopSignal?: string;
  User?: string;
  Volumes?: Record<string, object>;
  WorkingDir?: string;
};

export type Image = {name: string; layers: Layer[]; config: ImageConfig};

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Makes the images that tests and demo run; layers come from the cache. test/cluster/README.md lists them. Needs root. */
export async function ensureImages(binaries: Binaries, signal: AbortSignal): Promise<Image[]> {
  const [small, debian] = await Promise.all([smallImages(binaries, signal), debianImages(signal)]);
  return [...small, ...debian];
}

/** The images that any user can make, given the program `static` and the unpacked busybox-static. */
export async function smallImages(binaries: Binaries, signal: AbortSignal): Promise<Image[]> {
  const program = {file: binaries['static'] ?? ''};
  const [only, busybox, site, user] = await Promise.all([
    layerOf('static', [{path: 'static', mode: 0o755, content: program}]),
    busyboxEntries(signal).then(entries => layerOf('busybox', entries)),
    layerOf('web', [
      {path: 'www'},
      {path: 'www/index.html', content: '<!doctype html><title>web</title><h1>It works</h1>\n'},
    ]),
    layerOf('user', userEntries),
  ]);
  const shell = {Cmd: ['sh'], Env: [path]};
  const serve = ['busybox', 'httpd', '-f', '-v', '-p', '80', '-h', '/www'];
  return [
    {name: 'pause', layers: [only], config: {Entrypoint: ['/static', 'pause'], Env: [path]}},
    {name: 'static', layers: [only], config: {Entrypoint: ['/static'], Env: [path]}},
    {name: 'busybox', layers: [busybox], config: shell},
    {name: 'alpine', layers: [busybox], config: shell},
    {
      name: 'web',
      layers: [busybox, site],
      config: {Cmd: serve, Env: [path], ExposedPorts: {'80/tcp': {}}, WorkingDir: '/www'},
    },
    {
      name: 'user',
      layers: [busybox, user],
      config: {
        Cmd: ['sh'],
        Env: [path, 'GREETING=hello from the image', 'EMPTY='],
        Labels: {'org.example.kind': 'test'},
        StopSignal: 'SIGUSR1',
        User: 'app',
        Volumes: {'/data': {}},
        WorkingDir: '/home/app',
      },
    },
  ];
}

/** The images with a Debian in them; debootstrap needs root to make it. */
async function debianImages(signal: AbortSignal): Promise<Image[]> {
  const [debian, logs] = await Promise.all([debianLayer(signal), layerOf('nginx-logs', nginxLogEntries)]);
  const bash = {Cmd: ['bash'], Env: [path]};
  return [
    {name: 'services', layers: [debian], config: bash},
    {name: 'debian', layers: [debian], config: bash},
    {
      name: 'nginx',
      layers: [debian, logs],
      config: {
        Cmd: ['nginx', '-g', 'daemon off;'],
        Env: [path],
        ExposedPorts: {'80/tcp': {}},
        StopSignal: 'SIGQUIT',
      },
    },
    {
      name: 'redis',
      layers: [debian],
      config: {Cmd: ['redis-server', '--protected-mode', 'no'], Env: [path], ExposedPorts: {'6379/tcp': {}}},
    },
  ];
}

async function busyboxEntries(signal: AbortSignal): Promise<Entry[]> {
  const file = unpacked['busybox-static'];
  const applets = (await run(file, ['--list'], {signal})).trim().split('\n');
  const folders = ['bin', 'dev', 'etc', 'home', 'proc', 'sys', 'usr', 'usr/bin', 'var', 'var/spool'];
  return [
    ...folders.map(folder => ({path: folder})),
    {path: 'root', mode: 0o700},
    {path: 'tmp', mode: 0o1777},
    {path: 'bin/busybox', mode: 0o755, content: {file}},
    // The list names busybox itself, which must not become a link to itself.
    ...applets.filter(name => name !== 'busybox').map(name => ({path: `bin/${name}`, link: 'busybox'})),
    {path: 'usr/bin/env', link: '/bin/busybox'},
    {path: 'etc/passwd', content: passwd},
    {path: 'etc/group', content: group},
    {path: 'etc/nsswitch.conf', content: 'hosts: files dns\n'},
  ];
}

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;

const group = 'root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n';

const userEntries: Entry[] = [
  {path: 'etc/passwd', content: `${passwd}app:x:1000:1000:app:/home/app:/bin/sh\n`},
  {path: 'etc/group', content: `${group}app:x:1000:\nextra:x:2000:app\n`},
  {path: 'home/app', mode: 0o755, uid: 1000, gid: 1000},
  {path: 'home/app/greeting', content: 'hello\n', uid: 1000, gid: 1000},
  {path: 'data', mode: 0o755, uid: 1000, gid: 1000},
  {path: 'data/seed', content: 'from the image\n', uid: 1000, gid: 1000},
];

/** nginx writes where `docker logs` looks, as in its official image. */
const nginxLogEntries: Entry[] = [
  {path: 'var/log/nginx/access.log', link: '/dev/stdout'},
  {path: 'var/log/nginx/error.log', link: '/dev/stderr'},
];
