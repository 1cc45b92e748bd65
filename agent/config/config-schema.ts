/** The form of the agent's settings as they stand in its file, with their defaults, and the rules over several of them. */
import { z } from 'zod';
import { areLabelsFew, LABELS_RULE } from '../../fleet/host-labels.ts';
import { audienceOf } from '../../protocol/audience.ts';
import { hostNameSchema, labelKeySchema, labelValueSchema } from '../../protocol/scalars.ts';
import { LOG_LEVELS } from '../log.ts';

const absolutePath = z.string().startsWith('/', 'must be an absolute path');
const port = z.number().int().min(1).max(65_535);
const listen = z.string().refine(isListenAddress, 'must be HOST:PORT');
const MOST_COORDINATORS = 8;
/** YAML reads `zone: 1` as a number; a label is text. */
const labelValue = z.union([z.string(), z.number(), z.boolean()]).transform(String).pipe(labelValueSchema);

export const settingsSchema = z.strictObject({
  coordinator: z
    .union([z.string(), z.array(z.string()).min(1).max(MOST_COORDINATORS)], {
      error: 'is missing: the address of the coordinator, as wss://ship.example.com',
    })
    .transform((given) => (typeof given === 'string' ? given.split(',').map((each) => each.trim()) : given)),
  allow_insecure: z.boolean().default(false),
  ca_file: absolutePath.nullable().default(null),
  data_dir: absolutePath.default('/var/lib/longshore-agent'),
  name: hostNameSchema.optional(),
  labels: z.record(labelKeySchema, labelValue).refine(areLabelsFew, LABELS_RULE).default({}),
  enroll_token_file: absolutePath.nullable().default(null),
  enroll_token: z.string().min(1).nullable().default(null),
  identity: z.enum(['token', 'google'], 'must be token or google').default('token'),
  adopt: z.enum(['ask', 'yes', 'no'], 'must be ask, yes or no').default('ask'),
  docker_socket: absolutePath.default('/var/run/docker.sock'),
  subnet_pool: z
    .string()
    .refine(isSubnetPool, 'must be an IPv4 network of 8 to 24 bits, as 10.213.0.0/16')
    .default('10.213.0.0/16'),
  ingress: z
    .strictObject({
      enabled: z.boolean().default(true),
      image: z.string().min(1).nullable().default(null),
      http_port: port.nullable().default(80),
      https_port: port.nullable().default(443),
      bind: z.array(z.union([z.ipv4(), z.ipv6()], 'is not an address')).default([]),
      health_listen: listen.nullable().default(null),
      acme_email: z.email('is not a mail address').nullable().default(null),
      acme_directory: z
        .url({ protocol: /^https?$/, error: 'is not a URL' })
        .nullable()
        .default(null),
      certificates: absolutePath.nullable().default(null),
      trusted_proxies: z.array(z.union([z.cidrv4(), z.cidrv6()], 'is not a range as 10.0.0.0/8')).default([]),
    })
    .prefault({}),
  http_listen: z.union([z.literal('off'), listen], 'must be HOST:PORT, or off').default('127.0.0.1:7411'),
  policy: z
    .strictObject({
      privileged: z.boolean().default(false),
      host_network: z.boolean().default(false),
      docker_socket: z.boolean().default(false),
      shared_volumes: z.boolean().default(false),
      exec: z.boolean().default(true),
    })
    .prefault({}),
  log_level: z.enum(LOG_LEVELS).default('info'),
});

export type Settings = z.output<typeof settingsSchema>;

/** Rules over more than one setting: which setting, and what is wrong with it. */
export function crossProblems(settings: Settings): readonly (readonly [string, string])[] {
  const problems: (readonly [string, string])[] = [];
  for (const address of settings.coordinator) problems.push(...coordinatorProblems(address, settings));
  if (settings.ca_file !== null && settings.coordinator.every((address) => audienceOf(address)?.startsWith('ws:')))
    problems.push(['ca_file', 'has no meaning without wss://']);
  if (settings.identity === 'google') {
    for (const key of ['enroll_token_file', 'enroll_token'] as const)
      if (settings[key] !== null) problems.push([key, 'has no meaning with identity: google, which needs no token']);
    if (Object.keys(settings.labels).length > 0)
      problems.push(['labels', 'have no meaning with identity: google: they are those of the pool in fleet.yaml']);
  }
  const { enabled, http_port: http, https_port: https } = settings.ingress;
  if (enabled && http === null && https === null) problems.push(['ingress', 'needs http_port or https_port']);
  if (enabled && http !== null && http === https) problems.push(['ingress', 'http_port and https_port are the same']);
  return problems;
}

function coordinatorProblems(address: string, settings: Settings): readonly (readonly [string, string])[] {
  const audience = audienceOf(address);
  const url = URL.canParse(address) ? new URL(address) : null;
  if (audience === null || url === null) return [['coordinator', 'must be an address as wss://ship.example.com']];
  const problems: [string, string][] = [];
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/')
    problems.push(['coordinator', 'must be scheme, host and port only']);
  if (audience.startsWith('ws:') && !isLoopback(url.hostname) && !settings.allow_insecure)
    problems.push([
      'coordinator',
      `would carry everything unencrypted to ${url.host}: use wss://, or set allow_insecure: true`,
    ]);
  return problems;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isListenAddress(text: string): boolean {
  const match = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.-]+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[1]) <= 65_535;
}

function isSubnetPool(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return false;
  const [bits = 0, ...octets] = match.slice(1).map(Number).reverse();
  if (octets.some((octet) => octet > 255) || bits < 8 || bits > 24) return false;
  const address = octets.reduceRight((sum, octet) => sum * 256 + octet, 0);
  return address % 2 ** (32 - bits) === 0;
}
