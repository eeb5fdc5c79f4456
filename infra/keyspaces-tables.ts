import { CfnKeyspace, CfnTable, CfnType } from 'aws-cdk-lib/aws-cassandra';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { cqlType, everyPart, typeText, userTypesIn } from '../core/model/column-types.ts';
import { keyspacesLimits } from '../core/model/keyspaces-limits.ts';
import type { Table } from '../core/model/table.ts';
import { primaryKey } from '../core/model/table.ts';
import { dataRemoval } from './removal.ts';
import type { Target } from './target.ts';

/** A keyspace and its tables on Amazon Keyspaces, from the definitions that Cassandra's own schema comes from too. */
export class KeyspaceTables extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { keyspace, tables, key, target }: { keyspace: string; tables: readonly Table[]; key: Key; target: Target },
  ) {
    super(scope, id);
    const parent = new CfnKeyspace(this, 'Keyspace', { keyspaceName: keyspace });
    parent.applyRemovalPolicy(dataRemoval(target));
    const types = this.#types(keyspace, tables, parent);
    for (const table of tables) {
      const resource = new CfnTable(this, pascal(table.name), tableProperties(keyspace, table, key));
      for (const before of [parent, ...types]) resource.addResourceDependency(before);
      resource.applyRemovalPolicy(dataRemoval(target));
    }
  }

  /** User-defined types, those that others are made of first. */
  #types(keyspaceName: string, tables: readonly Table[], parent: CfnKeyspace): CfnType[] {
    const made: CfnType[] = [];
    for (const { udt, fields } of userTypesIn(tables.flatMap(({ columns }) => Object.values(columns)))) {
      const type = new CfnType(this, `Type${pascal(udt)}`, {
        keyspaceName,
        typeName: udt,
        fields: Object.entries(fields).map(([fieldName, part]) => ({ fieldName, fieldType: cqlType(part) })),
      });
      for (const before of [parent, ...made]) type.addResourceDependency(before);
      made.push(type);
    }
    return made;
  }
}

function tableProperties(keyspaceName: string, table: Table, key: Key): ConstructorParameters<typeof CfnTable>[2] {
  const column = (columnName: string) => ({ columnName, columnType: cqlType(table.columns[columnName] ?? 'text') });
  const keys = primaryKey(table);
  const most = table.ttl > 0 ? keyspacesLimits.columnsWithTtl : keyspacesLimits.columns;
  const count = Object.keys(table.columns).length;
  if (count > most) throw new Error(`table ${keyspaceName}.${table.name}: ${count} columns, Keyspaces writes ${most}`);
  for (const [name, type] of Object.entries(table.columns)) {
    if (!everyPart([type]).includes('duration')) continue;
    throw new Error(
      `table ${keyspaceName}.${table.name}: column "${name}" is ${typeText(type)}; Keyspaces has no durations`,
    );
  }
  return {
    keyspaceName,
    tableName: table.name,
    partitionKeyColumns: table.partitionKey.map(column),
    clusteringKeyColumns: table.clusteringKey.map((name) => ({ column: column(name), orderBy: 'ASC' })),
    regularColumns: Object.keys(table.columns)
      .filter((name) => !keys.includes(name))
      .map(column),
    billingMode: { mode: 'ON_DEMAND' },
    // Rows carry their own write time; without this Keyspaces refuses USING TIMESTAMP.
    clientSideTimestampsEnabled: true,
    pointInTimeRecoveryEnabled: true,
    encryptionSpecification: { encryptionType: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyIdentifier: key.keyArn },
    // Turns TTL on, which cannot be turned off again: only where the table asks for it.
    ...(table.ttl > 0 && { defaultTimeToLive: table.ttl }),
  };
}

const pascal = (name: string): string => name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
