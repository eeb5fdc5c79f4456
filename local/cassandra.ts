import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import cassandra from 'cassandra-driver';
import { downloadsOf } from './install.ts';
import type { Part } from './part.ts';
import { findJava, lacking, lackOf, remedies } from './programs.ts';
import { childEnv, pathsOf, type Settings } from './settings.ts';

/** The superuser of a fresh Cassandra. It listens on the loopback address only. */
export const localCassandraLogin = { username: 'cassandra', password: 'cassandra' } as const;

export const cassandraPart = (settings: Settings): Part => {
  const paths = pathsOf(settings);
  return {
    name: 'cassandra',
    address: `127.0.0.1:${settings.cassandraPort}`,
    ports: [
      { port: settings.cassandraPort, setting: 'SLUICE_CASSANDRA_PORT' },
      { port: settings.cassandraStoragePort, setting: 'SLUICE_CASSANDRA_STORAGE_PORT' },
    ],
    logFile: join(paths.logs, 'cassandra.log'),
    pidFile: join(paths.run, 'cassandra.json'),
    statePath: paths.cassandraData,
    persists: true,
    startDeadlineMs: 120_000,
    // It flushes its memtables on the way out.
    stopGraceMs: 20_000,
    orphanMark: null,
    downloads: downloadsOf(settings).cassandra,
    lacks: async () => lackOf(await findJava(settings.env), remedies.java),
    probe: () => probeCassandra(settings.cassandraPort),
    command: async () => {
      const java = await findJava(settings.env);
      if (!('program' in java)) throw lacking(lackOf(java, remedies.java));
      mkdirSync(paths.cassandraData, { recursive: true });
      mkdirSync(paths.tmp, { recursive: true });
      return {
        file: java.program.file,
        args: javaArguments(settings),
        cwd: paths.cassandraData,
        env: childEnv(settings),
      };
    },
  };
};

const probeCassandra = async (port: number): Promise<string | null> => {
  const client = new cassandra.Client({
    contactPoints: [`127.0.0.1:${port}`],
    localDataCenter: 'datacenter1',
    credentials: { ...localCassandraLogin },
    socketOptions: { connectTimeout: 3000, readTimeout: 3000 },
    policies: { reconnection: new cassandra.policies.reconnection.ConstantReconnectionPolicy(60_000) },
  });
  try {
    await client.execute('SELECT release_version FROM system.local');
    return null;
  } catch (error) {
    return reasonOf(error);
  } finally {
    await client.shutdown().catch(() => undefined);
  }
};

/** The driver wraps what it met at each host; a reader wants the innermost. */
const reasonOf = (error: unknown): string => {
  const inner =
    typeof error === 'object' && error !== null && 'innerErrors' in error
      ? Object.values(error.innerErrors as Record<string, unknown>)[0]
      : undefined;
  const reason = inner ?? error;
  return reason instanceof Error ? reason.message : String(reason);
};

/** What the packages' own start script opens for the modules of Java 11 and 17. */
const addExports = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/java.lang.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.attach/sun.tools.attach',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.unsupported/sun.misc',
];
const addOpens = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.compiler/com.sun.tools.javac',
  'jdk.management/com.sun.management.internal',
];

const javaArguments = (settings: Settings): string[] => {
  const paths = pathsOf(settings);
  const configuration = join(settings.root, 'local', 'cassandra');
  // Memory accounting wants this one as an agent.
  const jamm = readdirSync(paths.cassandraLib).find((name) => /^jamm-.*\.jar$/.test(name));
  const properties = {
    'cassandra.config': pathToFileURL(join(configuration, 'cassandra.yaml')).href,
    'cassandra.storagedir': paths.cassandraData,
    'cassandra.logdir': paths.logs,
    'cassandra.native_transport_port': settings.cassandraPort,
    'cassandra.storage_port': settings.cassandraStoragePort,
    'logback.configurationFile': join(configuration, 'logback.xml'),
    // A single node waits for nobody.
    'cassandra.superuser_setup_delay_ms': 0,
    'cassandra.skip_wait_for_gossip_to_settle': 0,
    'cassandra.ring_delay_ms': 100,
    'cassandra.initial_token': 0,
    'cassandra.consistent.rangemovement': false,
    'io.netty.tryReflectionSetAccessible': true,
    'io.netty.allocator.useCacheForAllThreads': true,
    'io.netty.allocator.maxOrder': 11,
    'java.awt.headless': true,
    'java.io.tmpdir': paths.tmp,
    'java.net.preferIPv4Stack': true,
    'jdk.attach.allowAttachSelf': true,
  };
  return [
    `-Xms${settings.cassandraHeap}`,
    `-Xmx${settings.cassandraHeap}`,
    '-Xss512k',
    '-XX:MaxDirectMemorySize=512M',
    '-XX:+UseG1GC',
    '-XX:+ParallelRefProcEnabled',
    '-XX:+PerfDisableSharedMem',
    '-XX:+ExitOnOutOfMemoryError',
    ...addExports.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    ...addOpens.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    ...(jamm ? [`-javaagent:${join(paths.cassandraLib, jamm)}`] : []),
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    '-cp',
    join(paths.cassandraLib, '*'),
    'org.apache.cassandra.service.CassandraDaemon',
  ];
};
