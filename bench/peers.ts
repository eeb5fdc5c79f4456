import { join } from 'node:path';
import { pathsOf, type Settings } from '../local/settings.ts';
import type { DataFile } from './data.ts';
import { dsbulkJars, peerCqlsh, peerPython } from './downloads.ts';
import type { Command } from './process.ts';

/** The other ways to load a file of CSV, each on its own defaults; and the ceilings, which have nothing to do but to write. */

export const peerNames = ['cqlsh COPY', 'dsbulk', 'Python execute_concurrent', 'Node csv-parse stream'] as const;
export const ceilingNames = ['ceiling, single rows', 'ceiling, batches'] as const;
export type PeerName = (typeof peerNames)[number] | (typeof ceilingNames)[number];

const own = (name: string) => join(import.meta.dirname, 'clients', name);

/** cqlsh has to be told how the files write instants, and a quotation mark inside of quotation marks. */
const COPY_OPTIONS = `HEADER = TRUE AND DATETIMEFORMAT = '%Y-%m-%dT%H:%M:%SZ' AND ESCAPE = '"'`;

export function peerCommand(
  settings: Settings,
  name: PeerName,
  { data, file }: DataFile,
  columns: readonly string[],
): Command {
  const port = String(settings.cassandraPort);
  switch (name) {
    case 'cqlsh COPY': {
      const copy = `COPY bench.${data} (${columns.join(', ')}) FROM '${file}' WITH ${COPY_OPTIONS}`;
      return { file: peerCqlsh(settings), args: ['127.0.0.1', port, '-u', 'cassandra', '-p', 'cassandra', '-e', copy] };
    }
    case 'dsbulk':
      return {
        file: settings.env.JAVA_HOME ? join(settings.env.JAVA_HOME, 'bin', 'java') : 'java',
        args: [
          ...['-cp', join(dsbulkJars(settings), '*'), 'com.datastax.oss.dsbulk.runner.DataStaxBulkLoader', 'load'],
          ...['-h', '127.0.0.1', '-port', port, '-u', 'cassandra', '-p', 'cassandra', '-k', 'bench', '-t', data],
          ...['-url', file, '-header', 'true', '-escape', '\\"'],
          ...['--log.directory', join(pathsOf(settings).tmp, 'dsbulk')],
        ],
      };
    case 'Python execute_concurrent':
      return { file: peerPython(settings), args: [own('execute_concurrent.py'), port, data, file] };
    case 'Node csv-parse stream':
      return { file: 'node', args: [own('node-stream.mjs'), port, data, file] };
    case 'ceiling, single rows':
      return { file: 'node', args: [own('ceiling.mjs'), port, data, file, 'single'] };
    case 'ceiling, batches':
      return { file: 'node', args: [own('ceiling.mjs'), port, data, file, 'batched'] };
  }
}
