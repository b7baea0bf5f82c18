import {createPrivateKey, createPublicKey, generateKeyPair, randomBytes} from 'node:crypto';
import {promisify} from 'node:util';

import forge from 'node-forge';

/** The keys, certificates and tokens of one start of the cluster, as PEM and plain text. */
export type Pki = {
  ca: string;
  serverCertificate: string;
  serverKey: string;
  serviceAccountKey: string;
  serviceAccountPublicKey: string;
  tokens: {admin: string; badidea: string};
};

/** Makes everything new; the authority's own key is not kept. */
export async function makePki(addresses: string[]): Promise<Pki> {
  const [authority, server, serviceAccount] = await Promise.all([newKey(), newKey(), newKey()]);
  const name = [{name: 'commonName', value: 'badidea-cluster'}];
  const ca = certificate(authority, {issuer: name, subject: name, signer: authority}, [
    {name: 'basicConstraints', cA: true, critical: true},
    {name: 'keyUsage', keyCertSign: true, critical: true},
  ]);
  const subject = [{name: 'commonName', value: 'kube-apiserver'}];
  const serverCertificate = certificate(server, {issuer: name, subject, signer: authority}, [
    {name: 'basicConstraints', cA: false},
    {name: 'extKeyUsage', serverAuth: true},
    {
      name: 'subjectAltName',
      altNames: [
        {type: 2, value: 'localhost'},
        {type: 2, value: 'kubernetes.default.svc'},
        ...addresses.map(ip => ({type: 7, ip})),
      ],
    },
  ]);
  return {
    ca,
    serverCertificate,
    serverKey: server,
    serviceAccountKey: serviceAccount,
    serviceAccountPublicKey: publicPem(serviceAccount),
    tokens: {admin: randomBytes(24).toString('hex'), badidea: randomBytes(24).toString('hex')},
  };
}

type Names = {issuer: forge.pki.CertificateField[]; subject: forge.pki.CertificateField[]; signer: string};

function certificate(key: string, {issuer, subject, signer}: Names, extensions: object[]): string {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(publicPem(key));
  made.serialNumber = `01${randomBytes(8).toString('hex')}`;
  made.validity.notBefore = new Date(Date.now() - 3_600_000);
  made.validity.notAfter = new Date(Date.now() + 365 * 86_400_000);
  made.setIssuer(issuer);
  made.setSubject(subject);
  made.setExtensions(extensions);
  made.sign(forge.pki.privateKeyFromPem(signer), forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}

/** node-forge needs seconds for a key that OpenSSL makes in a tenth of one. */
async function newKey(): Promise<string> {
  const {privateKey} = await promisify(generateKeyPair)('rsa', {modulusLength: 2048});
  return privateKey.export({type: 'pkcs1', format: 'pem'}).toString();
}

function publicPem(key: string): string {
  return createPublicKey(createPrivateKey(key)).export({type: 'spki', format: 'pem'}).toString();
}
