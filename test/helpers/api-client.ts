import {request} from 'node:http';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** One request over a Unix socket. `body` goes as JSON. */
export async function ask(
  path: string,
  line: string,
  {body, headers = {}}: {body?: string | object; headers?: Record<string, string>} = {},
): Promise<Answer> {
  const [method, target] = line.split(' ', 2);
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: path,
        method,
        path: target,
        agent: false,
        headers: {...(text === undefined ? {} : {'Content-Type': 'application/json'}), ...headers},
      },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
