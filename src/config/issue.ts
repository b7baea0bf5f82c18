import {createPrivateKey, randomBytes, X509Certificate} from 'node:crypto';
import {promisify} from 'node:util';

import forge from 'node-forge';

const day = 24 * 3600 * 1000;
const leafDays = 90;
const authorityDays = 730;

export interface Issued {
  /** PEM */
  ca: string;
  server: {certificate: string; key: string};
  client: {certificate: string; key: string};
  /** How long the leaves are good for. */
  days: number;
}

/**
 * Issues a certificate authority, one server and one client certificate for mutual TLS: RSA-2048 and SHA-256, because node-forge can sign nothing else that
 * docker takes. The authority's key is forgotten on return. What comes out has been checked by Node's own X.509 code.
 */
export async function issue(names: {
  clientName: string;
  hosts: string[];
  addresses: string[];
}): Promise<Issued> {
  const [authority, server, client] = await Promise.all([generateKeys(), generateKeys(), generateKeys()]);
  const authorityName = commonName('badidea, one machine only');

  const ca = certificate(
    {subject: authorityName, issuer: authorityName, keys: authority, signer: authority, days: authorityDays},
    [
      {name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0},
      {name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true},
      {name: 'subjectKeyIdentifier'},
    ],
  );
  const serverCertificate = certificate(
    {
      subject: commonName('badidea'),
      issuer: authorityName,
      keys: server,
      signer: authority,
      days: leafDays,
    },
    [
      {name: 'basicConstraints', critical: true, cA: false},
      {name: 'keyUsage', critical: true, digitalSignature: true},
      {name: 'extKeyUsage', serverAuth: true},
      // GeneralName (RFC 5280, 4.2.1.6): 2 is a DNS name, 7 an address.
      {
        name: 'subjectAltName',
        altNames: [
          ...names.hosts.map(value => ({type: 2, value})),
          ...names.addresses.map(ip => ({type: 7, ip})),
        ],
      },
    ],
  );
  const clientCertificate = certificate(
    {
      subject: commonName(names.clientName.slice(0, 64)),
      issuer: authorityName,
      keys: client,
      signer: authority,
      days: leafDays,
    },
    [
      {name: 'basicConstraints', critical: true, cA: false},
      {name: 'keyUsage', critical: true, digitalSignature: true},
      {name: 'extKeyUsage', clientAuth: true},
    ],
  );

  const issued = {
    ca,
    server: {certificate: serverCertificate, key: forge.pki.privateKeyToPem(server.privateKey)},
    client: {certificate: clientCertificate, key: forge.pki.privateKeyToPem(client.privateKey)},
    days: leafDays,
  };
  check(issued, names);
  return issued;
}

interface Body {
  subject: forge.pki.CertificateField[];
  issuer: forge.pki.CertificateField[];
  keys: forge.pki.rsa.KeyPair;
  signer: forge.pki.rsa.KeyPair;
  days: number;
}

function certificate({subject, issuer, keys, signer, days}: Body, extensions: object[]): string {
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  made.serialNumber = serial();
  // An hour back, for clocks differ.
  made.validity.notBefore = new Date(Date.now() - 3600 * 1000);
  made.validity.notAfter = new Date(Date.now() + days * day);
  made.setSubject(subject);
  made.setIssuer(issuer);
  made.setExtensions(extensions);
  // Without this argument forge signs with SHA-1.
  made.sign(signer.privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}

/** As UTF8String: forge's default, PrintableString, may not hold an @, and Go refuses the certificate then. */
function commonName(value: string): forge.pki.CertificateField[] {
  // The types know only its numbers for something else.
  const tag: object = {valueTagClass: forge.asn1.Type.UTF8};
  return [{shortName: 'CN', value, ...tag}];
}

/** 16 random bytes as a positive number: forge writes what it is given, and a high first bit would make it negative. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}

function generateKeys(): Promise<forge.pki.rsa.KeyPair> {
  return promisify<{bits: number}, forge.pki.rsa.KeyPair>((options, done) =>
    forge.pki.rsa.generateKeyPair(options, done),
  )({bits: 2048});
}

function check(issued: Issued, names: {hosts: string[]; addresses: string[]}): void {
  const ca = new X509Certificate(issued.ca);
  const server = new X509Certificate(issued.server.certificate);
  const client = new X509Certificate(issued.client.certificate);
  const good =
    ca.ca &&
    [server, client].every(leaf => leaf.verify(ca.publicKey) && leaf.checkIssued(ca) && !leaf.ca) &&
    server.checkPrivateKey(createPrivateKey(issued.server.key)) &&
    client.checkPrivateKey(createPrivateKey(issued.client.key)) &&
    names.hosts.every(host => server.checkHost(host) !== undefined) &&
    names.addresses.every(address => server.checkIP(address) !== undefined);
  if (!good) throw new Error('the certificates just made do not verify');
}
