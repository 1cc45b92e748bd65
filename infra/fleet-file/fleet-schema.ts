/**
 * The form of `fleet.yaml`, key by key, with its defaults; rules over several keys are in `fleet-rules.ts`. Unknown keys
 * are errors. Editors get the JSON schema that `infra/fleet.schema.json` holds, written from here.
 */
import { z } from 'zod';
import { areLabelsFew, isLabelValue, LABEL_LIMITS, LABEL_VALUE_RULE, LABELS_RULE } from '../../fleet/host-labels.ts';
import { RANGE_FORM } from './cut-subnets.ts';
import { MACHINE_FORM } from './machine-family.ts';
import { ZONE_FORM } from './google-zones.ts';
import { KMS_KEY_FORM } from './kms-key.ts';

const name = (max: number) =>
  z
    .string('must be text')
    .regex(/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, 'must begin with a letter and hold only a-z, 0-9 and dashes inside')
    .max(max, `is longer than the ${max} characters that fit into Google's names`);

const whole = (min: number, max: number) =>
  z.int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);

const yesNo = z.boolean('must be true or false');
const zone = z.string('must be text').regex(ZONE_FORM, 'is not a zone, as europe-west4-b');
const region = z.string('must be text').min(1, 'must not be empty');
const diskGb = whole(10, 65_536);
const machine = z.string('must be text').regex(MACHINE_FORM, 'is not a machine type, as e2-medium');
const mail = z.email('is not a mail address');
const domain = z
  .string('must be text')
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/,
    'is not a host name, as ship.example.com',
  )
  .max(253, 'is longer than 253 characters');
const port = whole(1, 65_535);
const ssh = z.enum(['none', 'iap', 'keys'], 'must be none, iap or keys');

/** Google's labels: shown in bills and filters. */
const googleLabels = z.record(
  z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'is not a label of Google: a letter, then a-z, 0-9, _ and -, at most 63'),
  z.string('must be text').regex(/^[a-z0-9_-]{0,63}$/, 'must be a-z, 0-9, _ and -, at most 63 characters'),
);
/** Longshore's labels: they select apps. The same forms as the agent's. */
const hostLabels = z
  .record(
    z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,62}$/, 'is not a label name'),
    z.string('must be text').max(LABEL_LIMITS.value, LABEL_VALUE_RULE).refine(isLabelValue, LABEL_VALUE_RULE),
  )
  .refine(areLabelsFew, LABELS_RULE);

const ipRange = z.string('must be text').regex(RANGE_FORM, 'is not an IPv4 range, as 203.0.113.0/24 or 203.0.113.7/32');
const ports = z
  .array(
    z.union(
      [port, z.string().regex(/^\d{1,5}-\d{1,5}$/)],
      'must be a port (1 to 65535) or a range of ports, as "8000-8010"',
    ),
  )
  .min(1, 'must name at least one')
  .max(100, 'at most 100');

const stateSchema = z.strictObject({
  bucket: z
    .string('must be text')
    .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, 'is not a name of a bucket (without gs://)'),
  prefix: z
    .string('must be text')
    .regex(/^[\w.-]+(?:\/[\w.-]+)*$/, 'must be a path as longshore/shop')
    .optional(),
});

const coordinatorSchema = z.strictObject({
  count: whole(1, 2).default(1),
  zone: zone.optional(),
  standby_zone: zone.optional(),
  standby_domain: domain.optional(),
  machine: machine.default('e2-medium'),
  boot_disk_gb: diskGb.default(20),
  data_disk_gb: diskGb.default(20),
  domain: domain.optional(),
  dns_zone: name(63).optional(),
  acme_email: mail.optional(),
  data_snapshot: name(63).optional(),
  snapshot_days: whole(1, 365).optional(),
  ssh: ssh.default('none'),
  public: yesNo.default(true),
  allow_from: z.array(ipRange).min(1, 'must name at least one').max(200, 'at most 200').optional(),
  cloud_sql: z
    .strictObject({
      tier: z
        .string('must be text')
        .regex(/^db-[a-z0-9-]+$/, 'is not a tier of Cloud SQL, as db-g1-small')
        .default('db-g1-small'),
      high_availability: yesNo.default(false),
      disk_gb: diskGb.default(10),
    })
    .optional(),
});

const ingressSchema = z.union(
  [
    z.enum(['none', 'address', 'network-lb']),
    z.strictObject({
      https_lb: z.strictObject({
        domains: z
          .array(domain)
          .min(1, 'must name at least one')
          .max(15, 'at most 15: each has a certificate of its own, and a balancer takes 15'),
        former_domains: z.array(domain).min(1, 'must name at least one').max(100, 'at most 100').optional(),
      }),
    }),
  ],
  'must be none, address, network-lb, or https_lb with its domains',
);

export const poolSchema = z.strictObject({
  count: whole(1, 1000),
  region: region.optional(),
  zones: z.array(zone).min(1, 'must name at least one').optional(),
  kind: z.enum(['group', 'single'], 'must be group or single').default('group'),
  machine: machine.default('e2-medium'),
  architecture: z.enum(['x64', 'arm64'], 'must be x64 or arm64').optional(),
  spot: yesNo.default(false),
  disk_gb: diskGb.default(30),
  disk_type: z
    .enum(['pd-standard', 'pd-balanced', 'pd-ssd', 'pd-extreme', 'hyperdisk-balanced', 'hyperdisk-extreme'], {
      error: 'must be pd-standard, pd-balanced, pd-ssd, pd-extreme, hyperdisk-balanced or hyperdisk-extreme',
    })
    .optional(),
  labels: hostLabels.default({}),
  ssh: ssh.default('none'),
  public_address: yesNo.optional(),
  ingress: ingressSchema.optional(),
  allow: z
    .array(z.strictObject({ from: z.string('must be text').min(1, 'must not be empty'), ports }))
    .max(50, 'at most 50')
    .default([]),
  autohealing: yesNo.default(false),
  volumes_disk_gb: diskGb.optional(),
  volumes_snapshots: z
    .record(z.string().regex(/^[a-z]+-[a-z]+\d+-[a-z]-\d+$/, 'is not a machine, as europe-west4-b-1'), name(63))
    .default({}),
  metadata_access: yesNo.default(false),
});

export const fleetSchema = z.strictObject({
  name: name(20),
  project: z
    .string('must be text')
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'is not a project id: 6 to 30 of a-z, 0-9 and -, beginning with a letter'),
  region,
  regions: z.array(region).min(1, 'must name at least one').optional(),
  further_zones: z.array(zone).default([]),
  further_machines: z.array(machine).default([]),
  state: stateSchema.optional(),
  labels: googleLabels.default({}),
  protect: yesNo.default(true),
  snapshots: z
    .strictObject({
      every_hours: whole(1, 24).default(24),
      start: z
        .string('must be text')
        .regex(/^(?:[01]\d|2[0-3]):00$/, 'must be a full hour in UTC, as "03:00"')
        .default('03:00'),
      days: whole(1, 365).default(14),
      location: region.optional(),
    })
    .prefault({}),
  network: z
    .strictObject({ range: z.string('must be text').default('10.64.0.0/16'), flow_logs: yesNo.default(false) })
    .prefault({}),
  kms_key: z
    .string('must be text')
    .regex(KMS_KEY_FORM, 'is not a key of Cloud KMS, as projects/P/locations/L/keyRings/R/cryptoKeys/K')
    .optional(),
  coordinator: coordinatorSchema.prefault({}),
  pools: z.record(name(20), poolSchema),
  ingress_image: z
    .string('must be text')
    .regex(/^[a-z0-9][A-Za-z0-9._:/@-]{0,254}$/, 'is not the name of an image, as caddy:2.10.2')
    .optional(),
  registry: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          location: region.optional(),
          repository: name(63).optional(),
          untagged_days: whole(1, 3650).default(30),
        }),
      ],
      'must be false, or hold location, repository, untagged_days',
    )
    .prefault({}),
  memorystore: z
    .strictObject({
      region: region.optional(),
      memory_gb: whole(1, 300).default(1),
      tier: z.enum(['BASIC', 'STANDARD_HA'], 'must be BASIC or STANDARD_HA').default('BASIC'),
      tls: yesNo.default(false),
      auth: yesNo.default(false),
    })
    .optional(),
  monitoring: z
    .strictObject({
      uptime_check: yesNo.default(true),
      alert_email: mail.optional(),
      log_sink_days: whole(1, 3650).optional(),
    })
    .optional(),
  local: z
    .strictObject({
      hosts: whole(1, 50).default(2),
      coordinator_port: port.default(7480),
      registry_port: port.default(5480),
      ingress_port: port.default(8480),
    })
    .prefault({}),
});

export type FleetFile = z.output<typeof fleetSchema>;
export type PoolFile = z.output<typeof poolSchema>;
