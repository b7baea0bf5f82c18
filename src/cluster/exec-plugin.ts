import {spawn} from 'node:child_process';

import {z} from 'zod';

import {type DaemonError, Unavailable} from '../errors.ts';
import {type Credential, type Credentials, pem, withToken} from './credential.ts';
import type {ExecEntry} from './kubeconfig-schema.ts';
import type {ClusterTarget} from './kubeconfig.ts';

export interface ExecPlugin {
  target: ClusterTarget;
  exec: ExecEntry;
  /** What the plugin's credential is added to. */
  base: Credential;
  log: (line: string) => void;
  timeoutMs?: number;
}

interface Issued {
  credential: Credential;
  obtained: number;
  /** Milliseconds since 1970; Infinity if the plugin does not say. */
  expires: number;
}

const maxOutput = 1024 * 1024;
const maxStderr = 2048;

/**
 * Credentials of an exec plugin (client-go `plugin/pkg/client/auth/exec`). One run at a time, shared by all who ask; from 80 % of the token's life on the next
 * one is fetched in the background, so that no request waits for it. Never a token in a log or in an error.
 */
export function execPluginSource(plugin: ExecPlugin): Credentials {
  let issued: Issued | undefined;
  let running: Promise<Issued> | undefined;

  function run(): Promise<Issued> {
    running ??= runPlugin(plugin)
      .then(fresh => (issued = fresh))
      .finally(() => (running = undefined));
    return running;
  }

  return {
    async current() {
      const now = Date.now();
      if (!issued || now >= issued.expires) return (await run()).credential;
      if (now >= issued.obtained + (issued.expires - issued.obtained) * 0.8) {
        run().catch((error: unknown) => plugin.log(`early token refresh failed: ${String(error)}`));
      }
      return issued.credential;
    },
    refuse(credential) {
      // Someone else may have had the newer one issued already.
      if (issued?.credential === credential) issued = undefined;
      return true;
    },
  };
}

const ExecCredential = z.object({
  apiVersion: z.string(),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().nullish(),
  }),
});

async function runPlugin(plugin: ExecPlugin): Promise<Issued> {
  const {exec, base} = plugin;
  if (exec.interactiveMode === 'Always') {
    throw failed(
      exec,
      'it asks for a terminal (interactiveMode: Always), which a background process does not have',
    );
  }
  const obtained = Date.now();
  const stdout = await output(plugin);
  const parsed = ExecCredential.safeParse(parse(stdout));
  if (!parsed.success) throw failed(exec, 'it printed something other than an ExecCredential');
  const {apiVersion, status} = parsed.data;
  if (apiVersion !== exec.apiVersion) {
    throw failed(exec, `it answered in ${apiVersion}, the kubeconfig asks for ${exec.apiVersion}`);
  }
  const {token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp} = status;
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw failed(exec, 'it printed neither a token nor a client certificate with its key');
  }
  const expires = expirationTimestamp ? Date.parse(expirationTimestamp) : Infinity;
  const withCertificate = cert !== undefined && key !== undefined ? {...base, cert, key} : base;
  return {
    credential: token === undefined ? {...withCertificate} : withToken(withCertificate, token),
    obtained,
    expires: Number.isNaN(expires) ? Infinity : expires,
  };
}

/** Runs the program to its end: stdout, bounded. The end of its stderr is in the error if it fails. */
async function output({target, exec, timeoutMs = 15_000}: ExecPlugin): Promise<string> {
  const info = await execInfo(target, exec);
  const child = spawn(exec.command, exec.args ?? [], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...Object.fromEntries((exec.env ?? []).map(({name, value}) => [name, value])),
      KUBERNETES_EXEC_INFO: info,
    },
  });
  return await new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: do not wait for their end.
      reject(failed(exec, `it did not end within ${timeoutMs / 1000} s${said(stderr)}`));
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (stdout.length > maxOutput) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-maxStderr);
    });
    child.on('error', error => {
      clearTimeout(timer);
      const missing = 'code' in error && error.code === 'ENOENT';
      reject(missing ? pluginMissing(exec) : failed(exec, error.message));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else reject(failed(exec, `it ended with ${signal ?? `code ${code}`}${said(stderr)}`));
    });
  });
}

/** What the plugin may know of the cluster (client-go `exec.LoadExecCredentialFromEnv`). */
async function execInfo({cluster}: ClusterTarget, exec: ExecEntry): Promise<string> {
  const authority = await pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const info = {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': authority?.toString('base64'),
    'proxy-url': cluster['proxy-url'],
    config: cluster.extensions?.find(({name}) => name === 'client.authentication.k8s.io/exec')?.extension,
  };
  return JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: {interactive: false, ...(exec.provideClusterInfo ? {cluster: info} : {})},
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function said(stderr: string): string {
  return stderr.trim() === '' ? '' : `: ${stderr.trim()}`;
}

function failed(exec: ExecEntry, what: string): DaemonError {
  return new Unavailable(`The credential plugin "${exec.command}" failed: ${what}`, {
    reason: 'plugin-failed',
  });
}

function pluginMissing(exec: ExecEntry): DaemonError {
  const hint = exec.installHint === undefined ? '' : ` ${exec.installHint.trim()}`;
  return new Unavailable(
    `The credential plugin "${exec.command}" of the kubeconfig is not installed.${hint}`,
    {
      reason: 'plugin-missing',
    },
  );
}
