import {X509Certificate} from 'node:crypto';
import {hostname} from 'node:os';
import {join} from 'node:path';

import {localUserName} from './paths.ts';
import {ensurePrivateDirectory} from './private-directory.ts';
import {readIfThere, writePrivateFile} from './private-file.ts';

const renewBelowDays = 30;
const day = 24 * 3600 * 1000;

/** Where the PEM files of one profile are. There is no key of the CA: it signs once and is forgotten. */
export interface CertificateFiles {
  ca: string;
  server: {certificate: string; key: string};
  client: {certificate: string; key: string};
}

export function certificateFiles(directory: string): CertificateFiles {
  const pair = (name: string) => ({
    certificate: join(directory, `${name}.crt`),
    key: join(directory, `${name}.key`),
  });
  return {ca: join(directory, 'ca.crt'), server: pair('server'), client: pair('client')};
}

/** Makes the certificates for mutual TLS on this machine, unless those that are there are good for 30 more days. */
export async function ensureCertificates(
  directory: string,
): Promise<{files: CertificateFiles; days: number; renewed: boolean}> {
  const files = certificateFiles(directory);
  const left = await daysLeft(files);
  if (left !== undefined && left >= renewBelowDays) return {files, days: left, renewed: false};

  await ensurePrivateDirectory(directory);
  const {issue} = await import('./issue.ts');
  const issued = await issue({
    clientName: `${localUserName()}@${hostname()}`,
    hosts: ['localhost'],
    addresses: ['127.0.0.1', '::1'],
  });
  await writePrivateFile(files.client.key, issued.client.key);
  await writePrivateFile(files.client.certificate, issued.client.certificate);
  await writePrivateFile(files.server.key, issued.server.key);
  await writePrivateFile(files.server.certificate, issued.server.certificate);
  // Last: a set is whole when both leaves verify against this.
  await writePrivateFile(files.ca, issued.ca);
  return {files, days: issued.days, renewed: true};
}

/** Whole days until the first of the certificates ends; undefined if they are not a set that works. */
export async function daysLeft(files: CertificateFiles, now = Date.now()): Promise<number | undefined> {
  const [ca, server, client] = await Promise.all(
    [files.ca, files.server.certificate, files.client.certificate].map(readCertificate),
  );
  if (!ca || !server || !client) return undefined;
  if (!server.verify(ca.publicKey) || !client.verify(ca.publicKey)) return undefined;
  const ends = Math.min(...[ca, server, client].map(certificate => certificate.validToDate.getTime()));
  return ends > now ? Math.floor((ends - now) / day) : undefined;
}

async function readCertificate(path: string): Promise<X509Certificate | undefined> {
  const pem = await readIfThere(path);
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
