import {isIP, type Socket} from 'node:net';

/** A proxy that answered, but not with a way to the server. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
}

const maxAnswer = 16 * 1024;

/** Asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6). On success the socket is as if it were connected to host:port. */
export async function httpConnect(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (proxy.username !== '') lines.push(`Proxy-Authorization: Basic ${basic(proxy)}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const answer = await readUntil(socket, buffered => {
    const end = buffered.indexOf('\r\n\r\n');
    return end < 0 ? undefined : end + 4;
  });
  const statusLine = answer.toString('latin1').split('\r\n', 1)[0] ?? '';
  if (!/^HTTP\/1\.[01] 2\d\d/.test(statusLine)) {
    throw new ProxyRefusal(`the proxy ${proxy.host} answered "${statusLine.slice(0, 200)}"`);
  }
}

/** Asks a SOCKS 5 proxy (RFC 1928, passwords by RFC 1929); it resolves the name. */
export async function socksConnect(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const withPassword = proxy.username !== '';
  socket.write(Buffer.from(withPassword ? [5, 2, 0, 2] : [5, 1, 0]));
  const [, method] = await readUntil(socket, buffered => (buffered.length >= 2 ? 2 : undefined));
  if (method === 2 && withPassword) {
    const user = Buffer.from(decodeURIComponent(proxy.username));
    const password = Buffer.from(decodeURIComponent(proxy.password));
    socket.write(
      Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]),
    );
    const [, status] = await readUntil(socket, buffered => (buffered.length >= 2 ? 2 : undefined));
    if (status !== 0)
      throw new ProxyRefusal(`the proxy ${proxy.host} does not accept the user name and password`);
  } else if (method !== 0) {
    throw new ProxyRefusal(`the proxy ${proxy.host} asks for a sign-in that is not supported`);
  }
  const name = Buffer.from(host);
  socket.write(
    Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]),
  );
  const reply = await readUntil(socket, socksReplyLength);
  if (reply[1] !== 0)
    throw new ProxyRefusal(`the proxy ${proxy.host} cannot reach ${host}:${port} (SOCKS error ${reply[1]})`);
}

function socksReplyLength(buffered: Buffer): number | undefined {
  if (buffered.length < 5) return undefined;
  const addressLength = buffered[3] === 1 ? 4 : buffered[3] === 4 ? 16 : 1 + (buffered[4] ?? 0);
  return buffered.length >= 6 + addressLength ? 6 + addressLength : undefined;
}

function basic(proxy: URL): string {
  return Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString(
    'base64',
  );
}

/** Reads an answer whose length `complete` knows; bytes behind it go back to the socket. */
function readUntil(socket: Socket, complete: (buffered: Buffer) => number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let buffered = Buffer.alloc(0);
    const settle = (error?: Error) => {
      socket.off('readable', onReadable).off('error', settle).off('close', onClose);
      if (error) reject(error);
    };
    const onClose = () => settle(new ProxyRefusal('the proxy closed the connection'));
    function onReadable() {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        buffered = Buffer.concat([buffered, chunk]);
      }
      const length = complete(buffered);
      if (length === undefined) {
        if (buffered.length > maxAnswer) settle(new ProxyRefusal('the proxy answered more than a header'));
        return;
      }
      settle();
      if (buffered.length > length) socket.unshift(buffered.subarray(length));
      resolve(buffered.subarray(0, length));
    }
    socket.on('readable', onReadable).on('error', settle).on('close', onClose);
  });
}
