import { describe } from 'vitest';
import { type MemoryObject, memoryLedger, memoryObjects, memoryRegistry, memorySink } from '../../adapters/memory.ts';
import { testLedger } from './ledger.ts';
import { testObjects } from './objects.ts';
import { testRegistry } from './registry.ts';
import { testSink } from './sink.ts';

describe('the sink in memory', () => {
  const sink = memorySink();
  testSink(() => ({ sink, rows: async ({ name }) => sink.rows(name) }));
});

describe('the ledger in memory', () => {
  testLedger((clock) => memoryLedger(clock));
});

describe('the registry in memory', () => {
  const registry = memoryRegistry();
  testRegistry(() => registry);
});

describe('objects in memory', () => {
  const stored = new Map<string, MemoryObject>();
  const objects = memoryObjects(stored);
  testObjects(() => ({
    objects,
    bucket: 'b',
    upload: async (key, bytes) => {
      stored.set(`b/${key}`, { bytes, lastModified: new Date() });
      return { bucket: 'b', key, versionId: 'v1' };
    },
  }));
});
