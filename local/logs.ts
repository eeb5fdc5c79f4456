import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeEnv, composeLogs } from './docker.ts';
import { tail } from './exec.ts';
import { Problem } from './problem.ts';
import { endpointUrl, pathsOf, type Settings } from './settings.ts';
import { requireStack } from './stack.ts';
import { partsOf, recordedWay } from './status.ts';

/** Hands over lines as they come; resolves when there are no more, or on the signal. */
export type Follow = (onLine: (line: string) => void, signal: AbortSignal) => Promise<void>;

export interface Log {
  /** Where the lines come from: a file, a container or a log group. */
  readonly source: string;
  readonly lines: readonly string[];
  readonly follow: Follow;
}

/** The log of a part of the stack, of the last deployment, or of a deployed function. */
export const readLog = async (settings: Settings, name: string, count: number): Promise<Log> => {
  const part = partsOf(settings).find((candidate) => candidate.name === name);
  if (part === undefined && name !== 'deploy') return functionLog(settings, name, count);
  if (part !== undefined && recordedWay(settings) === 'docker') {
    const lines: string[] = [];
    await dockerLines(settings, composeLogs(settings, part.name, count, false), (line) => lines.push(line));
    const follow: Follow = (onLine, signal) =>
      dockerLines(settings, composeLogs(settings, part.name, 0, true), onLine, signal);
    return { source: `container ${part.name}`, lines, follow };
  }
  const file = part?.logFile ?? join(pathsOf(settings).logs, 'deploy.log');
  if (!existsSync(file)) {
    throw new Problem('SLU-1004', `${name} has no log yet`, {
      where: file,
      next: part === undefined ? 'sluice deploy' : 'sluice up',
    });
  }
  return { source: file, lines: tail(file, count), follow: (onLine, signal) => followFile(file, onLine, signal) };
};

/** From the end of the file on. A file that shrank was replaced by a new start of the service: begin it anew. */
const followFile = async (file: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> => {
  let position = statSync(file).size;
  let rest = '';
  while (!signal.aborted) {
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size < position) position = 0;
    if (size > position) {
      const handle = await open(file);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(size - position), 0, size - position, position);
      await handle.close();
      position += bytesRead;
      const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    }
    await sleep(200);
  }
};

const functionLog = async (settings: Settings, name: string, count: number): Promise<Log> => {
  await requireStack(settings);
  const groups = (await logsCall(settings, 'DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/' })) as {
    logGroups?: { logGroupName: string }[];
  };
  const names = (groups.logGroups ?? []).map((group) => group.logGroupName.replace('/aws/lambda/', ''));
  if (!names.includes(name)) {
    throw new Problem('SLU-4002', `there is no part and no invoked function named "${name}"`, {
      details: [
        'parts: cassandra, localstack, deploy',
        `functions: ${names.join(', ') || 'none has been invoked yet'}`,
      ],
      next: 'use one of these names',
    });
  }
  const events = await functionEvents(settings, name, 0);
  const follow: Follow = async (onLine, signal) => {
    let since = (events.at(-1)?.timestamp ?? 0) + 1;
    while (!signal.aborted) {
      for (const event of await functionEvents(settings, name, since)) {
        onLine(event.message);
        since = event.timestamp + 1;
      }
      await sleep(500);
    }
  };
  return { source: `/aws/lambda/${name}`, lines: events.slice(-count).map(({ message }) => message), follow };
};

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

const functionEvents = async (settings: Settings, name: string, startTime: number): Promise<LogEvent[]> => {
  const events: LogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = (await logsCall(settings, 'FilterLogEvents', {
      logGroupName: `/aws/lambda/${name}`,
      startTime,
      ...(nextToken === undefined ? {} : { nextToken }),
    })) as { events?: LogEvent[]; nextToken?: string };
    events.push(...(page.events ?? []).map((event) => ({ ...event, message: event.message.trimEnd() })));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events.sort((a, b) => a.timestamp - b.timestamp);
};

/** Two calls are no reason for another SDK client. LocalStack checks no signature; only its address is ever used here. */
const logsCall = async (settings: Settings, operation: string, body: object): Promise<unknown> => {
  const answer = await fetch(endpointUrl(settings), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Logs_20140328.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(body),
  });
  return answer.json();
};

const dockerLines = (
  settings: Settings,
  args: string[],
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('docker', args, { env: composeEnv(settings), stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    const take = (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    signal?.addEventListener('abort', () => child.kill(), { once: true });
    child.once('error', reject);
    child.once('close', () => resolve());
  });
