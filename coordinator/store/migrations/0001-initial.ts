/** The first schema. Only what SQLite and PostgreSQL both understand; times are ms and need 64 bits. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export async function up(db: Kysely<Tables>): Promise<void> {
  await fleetTables(db);
  await releaseTables(db);
  await deploymentTables(db);
  await secretTables(db);
  await tokenTables(db);
  await eventTables(db);
}

async function fleetTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('meta')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('hosts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('pool', 'text')
    .addColumn('labels_own', 'text', (column) => column.notNull())
    .addColumn('labels_agent', 'text', (column) => column.notNull())
    .addColumn('availability', 'text', (column) => column.notNull())
    .addColumn('platform', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('engine_version', 'text')
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('sealing_key', 'text', (column) => column.notNull())
    .addColumn('enroll_token', 'text', (column) => column.notNull())
    .addColumn('enrolled_at', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at', 'bigint')
    .addColumn('removed_at', 'bigint')
    .addColumn('session_epoch', 'bigint', (column) => column.notNull())
    .addColumn('order_epoch', 'bigint', (column) => column.notNull())
    .addColumn('order_generation', 'bigint', (column) => column.notNull())
    .addColumn('order_hash', 'text', (column) => column.notNull())
    .addColumn('acked_epoch', 'bigint')
    .addColumn('acked_generation', 'bigint')
    .execute();
  await db.schema
    .createIndex('hosts_name')
    .on('hosts')
    .column('name')
    .unique()
    .where(sql.ref('removed_at'), 'is', null)
    .execute();
  await db.schema.createIndex('hosts_public_key').on('hosts').column('public_key').execute();
  await db.schema
    .createTable('sessions')
    .addColumn('host', 'text', (column) => column.primaryKey().references('hosts.id'))
    .addColumn('coordinator', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .execute();
}

async function releaseTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('apps')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('newest', 'bigint', (column) => column.notNull())
    .addColumn('succeeded', 'bigint')
    .addColumn('succeeded_by', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await db.schema
    .createTable('releases')
    .addColumn('app', 'text', (column) => column.notNull().references('apps.name'))
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('hashes', 'text', (column) => column.notNull())
    .addColumn('secret_versions', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('releases_key', ['app', 'number'])
    .execute();
  await db.schema
    .createTable('targets')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.id'))
    .addColumn('app', 'text', (column) => column.notNull().references('apps.name'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('release', 'bigint')
    .addColumn('deployment', 'text')
    .addColumn('attempt', 'bigint')
    .addColumn('rollback', 'integer', (column) => column.notNull())
    .addColumn('replicas', 'text', (column) => column.notNull())
    .addColumn('volumes', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('targets_key', ['host', 'app'])
    // A release that a host should run cannot be forgotten.
    .addForeignKeyConstraint('targets_release', ['app', 'release'], 'releases', ['app', 'number'])
    .execute();
  await db.schema.createIndex('targets_app').on('targets').columns(['app', 'release']).execute();
  await db.schema
    .createTable('attempts')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.id'))
    .addColumn('app', 'text', (column) => column.notNull().references('apps.name'))
    .addColumn('last', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('attempts_key', ['app', 'host'])
    .execute();
}

async function deploymentTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('deployments')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull().unique())
    .addColumn('app', 'text', (column) => column.notNull().references('apps.name'))
    .addColumn('release', 'bigint', (column) => column.notNull())
    .addColumn('base', 'bigint')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('wave', 'bigint', (column) => column.notNull())
    .addColumn('waves', 'bigint', (column) => column.notNull())
    .addColumn('problem', 'text')
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('placement', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('settled_at', 'bigint')
    .addColumn('deadline_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('owner', 'text')
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('lease_until', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('deployments_app').on('deployments').columns(['app', 'seq']).execute();
  await db.schema.createIndex('deployments_release').on('deployments').columns(['app', 'release', 'seq']).execute();
  await db.schema
    .createIndex('deployments_unended')
    .on('deployments')
    .column('seq')
    .where(sql.ref('state'), 'in', ['queued', 'rolling', 'paused', 'rolling_back'])
    .execute();
  await db.schema
    .createTable('steps')
    .addColumn('deployment', 'text', (column) => column.notNull().references('deployments.id'))
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('wave', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('from_release', 'bigint')
    .addColumn('attempt', 'bigint', (column) => column.notNull())
    .addColumn('problem', 'text')
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('steps_key', ['deployment', 'host'])
    .execute();
  await db.schema
    .createTable('quarantine')
    .addColumn('app', 'text', (column) => column.notNull().references('apps.name'))
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('deployment', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('quarantine_key', ['app', 'service', 'digest'])
    .execute();
}

async function secretTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('secrets')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('last_version', 'bigint', (column) => column.notNull())
    .addColumn('set_at', 'bigint', (column) => column.notNull())
    .addColumn('removed', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('secrets_key', ['app', 'name'])
    .execute();
  await db.schema
    .createTable('secret_versions')
    .addColumn('app', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('ciphertext', 'text', (column) => column.notNull())
    .addColumn('set_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_versions_key', ['app', 'name', 'version'])
    .addForeignKeyConstraint('secret_versions_name', ['app', 'name'], 'secrets', ['app', 'name'])
    .execute();
  await db.schema
    .createTable('registries')
    .addColumn('registry', 'text', (column) => column.primaryKey())
    .addColumn('username', 'text', (column) => column.notNull())
    .addColumn('ciphertext', 'text', (column) => column.notNull())
    .addColumn('set_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function tokenTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute();
  await db.schema
    .createTable('enroll_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('pool', 'text')
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('uses', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
}

async function eventTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('app', 'text')
    .addColumn('host', 'text')
    .addColumn('deployment', 'text')
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  for (const column of ['app', 'host', 'deployment', 'kind'] as const) {
    await db.schema.createIndex(`events_${column}`).on('events').columns([column, 'number']).execute();
  }
  await db
    .insertInto('meta')
    .values([
      { key: 'epoch', value: '1' },
      { key: 'event-hash', value: '' },
    ])
    .execute();
  await db
    .insertInto('counters')
    .values(['events', 'deployments', 'tokens'].map((name) => ({ name, value: 0 })))
    .execute();
}
