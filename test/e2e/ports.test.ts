import net from 'node:net';

import {expect, test} from 'vitest';

import {onCluster} from './support/suite.ts';

onCluster(
  'published ports',
  stage => {
    const docker = (...args: string[]) => stage.badidea.docker(args);

    async function published(name: string, ...options: string[]): Promise<number> {
      const outcome = await docker('run', '-d', '--name', name, '-p', '0:80', ...options);
      if (outcome.code !== 0) throw new Error(outcome.stderr);
      const {stdout} = await docker('port', name, '80/tcp');
      return Number(stdout.trim().split('\n')[0]?.split(':').at(-1));
    }

    const httpd = ['busybox', 'sh', '-c', 'mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w'];

    /** Until the server inside listens; the port itself accepts from the first moment. */
    async function get(url: string): Promise<string> {
      for (let attempt = 0; ; attempt++) {
        try {
          return await (await fetch(url)).text();
        } catch (error) {
          if (attempt === 40) throw error;
          await new Promise(resolve => setTimeout(resolve, 50));
        }
      }
    }

    test('a published port answers on 127.0.0.1 and on ::1', async () => {
      const port = await published('ports-1', ...httpd);

      expect(await get(`http://127.0.0.1:${port}/`)).toBe('hello\n');
      expect(await get(`http://[::1]:${port}/`)).toBe('hello\n');
    });

    test('a port that is taken is Docker’s own error, and nothing is half-made', async () => {
      const port = await published('ports-2', ...httpd);
      const other = await docker(
        'run',
        '-d',
        '--name',
        'ports-2b',
        '-p',
        '0:81',
        '-p',
        `${port}:80`,
        ...httpd,
      );
      const state = await docker('inspect', '-f', '{{.State.Status}} {{.NetworkSettings.Ports}}', 'ports-2b');

      expect(other.code).toBe(125);
      expect(other.stderr).toMatch(
        /driver failed programming external connectivity on endpoint ports-2b \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:\d+ failed: port is already allocated/,
      );
      expect(state.stdout).toBe('created map[]\n');
      expect(await get(`http://127.0.0.1:${port}/`)).toBe('hello\n');
    });

    test('a port where nobody listens inside is a refusal, not an empty answer', async () => {
      const port = await published('ports-3', 'busybox', 'sleep', '1000');

      const error = await new Promise<NodeJS.ErrnoException>(resolve => {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', resolve);
        socket.on('end', () => resolve(new Error('a clean end')));
      });

      expect(error.code).toBe('ECONNRESET');
    });

    const answerLate = "printf '#!/bin/sh\\nwc -c; sleep 2; echo late\\n' > /answer; chmod +x /answer; exec";

    test('a half-closed connection still gets its answer', async () => {
      const port = await published('ports-4', 'busybox', 'sh', '-c', `${answerLate} nc -ll -p 80 -e /answer`);
      await new Promise(resolve => setTimeout(resolve, 500));

      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = net.connect({port, host: '127.0.0.1', allowHalfOpen: true}, () => socket.end('12345'));
        socket.on('data', chunk => (text += chunk.toString()));
        socket.on('end', () => resolve(text));
        socket.on('error', reject);
      });

      expect(answer).toBe('5\nlate\n');
    });

    test('the listener goes with the container', async () => {
      const port = await published('ports-5', ...httpd);
      await get(`http://127.0.0.1:${port}/`);
      await docker('rm', '-f', 'ports-5');

      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    });

    test('docker ps and docker port tell where', async () => {
      const port = await published('ports-6', ...httpd);

      expect((await docker('ps', '--filter', 'name=ports-6', '--format', '{{.Ports}}')).stdout).toBe(
        `127.0.0.1:${port}->80/tcp, [::1]:${port}->80/tcp\n`,
      );
    });

    test('an address beyond loopback is refused with what to do', async () => {
      const outcome = await docker('run', '--rm', '-p', '0.0.0.0:0:80', 'busybox', 'true');

      expect(outcome.code).toBe(125);
      expect(outcome.stderr).toContain('fix:');
    });
  },
  {images: ['busybox']},
);
