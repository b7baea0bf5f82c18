import type {ImageRecord} from '../../src/images/image-record.ts';

/** A record whose id begins as given. */
export function image(reference: string, id: string, more: Partial<ImageRecord> = {}): ImageRecord {
  const digest = `sha256:${id.padEnd(64, '0')}`;
  const name = reference.replace(/@.*|:[^:/]*$/g, '');
  return {
    reference,
    id: digest,
    pullReference: `${name}@${digest}`,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    manifestDigest: digest,
    manifestSize: 500,
    configDigest: `sha256:${'c'.repeat(64)}`,
    os: 'linux',
    architecture: 'amd64',
    variant: '',
    author: '',
    created: '2026-01-02T03:04:05Z',
    pulledAt: '2026-03-01T00:00:00.000Z',
    layers: [{digest: `sha256:${'d'.repeat(64)}`, size: 1000}],
    diffIds: [`sha256:${'e'.repeat(64)}`],
    size: 1600,
    config: {
      Env: ['A=1'],
      Cmd: ['sh'],
      Entrypoint: [],
      User: '',
      WorkingDir: '',
      ExposedPorts: ['80/tcp'],
      Volumes: [],
      Labels: {tier: 'web'},
      Shell: [],
    },
    ...more,
  };
}

export const busybox = 'docker.io/library/busybox:latest';
