// A state of Terraform's as if a plan from nothing had been applied: what the plan leaves open is made up, and
// references get what was made up for what they refer to. With it the real provider can be asked, without a cloud, what
// an edit would do: `plan -refresh=false`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asList, asValues, type Values } from './synthesised.ts';

const PROVIDER = 'provider["registry.terraform.io/hashicorp/google"]';
const PROJECT_NUMBER = '123456789012';
const REFERENCE = /\$\{(google_[a-z_]+\.[a-z0-9_-]+)\.([a-z_]+)\}/g;

export interface MadeUpStateInput {
  /** `terraform show -json` of a plan from nothing. */
  readonly plan: Values;
  /** `terraform providers schema -json`. */
  readonly schemas: Values;
  /** What was written for Terraform. */
  readonly resources: ReadonlyMap<string, Values>;
  readonly locals: Values;
}

/** The text of a state file. */
export function madeUpState({ plan, schemas, resources, locals }: MadeUpStateInput): string {
  const types = asValues(asValues(Object.values(asValues(schemas['provider_schemas']))[0])['resource_schemas']);
  const changes = asList(plan['resource_changes']).map(asValues);
  const planned = new Map(
    changes.map((change) => [String(change['address']), asValues(asValues(change['change'])['after'])]),
  );
  const resolve = (text: string): string =>
    text
      .replace(/\$\{local\.([a-z_]+)\}/g, (_, name: string) => String(locals[name]))
      .replace(REFERENCE, (_, address: string, attribute: string) => {
        const known = planned.get(address)?.[attribute];
        return typeof known === 'string' ? known : madeUp(address, attribute);
      })
      .replace(/([$%])\1(?=\{)/g, '$1');
  const made = changes.map((change) => {
    const address = String(change['address']);
    const type = String(change['type']);
    const schema = asValues(types[type]);
    const { after, after_unknown: unknown, after_sensitive: sensitive } = asValues(change['change']);
    const open = { address, resolve };
    const attributes = fillBlock(open, asValues(schema['block']), after, unknown, resources.get(address));
    return {
      mode: 'managed',
      type,
      name: change['name'],
      provider: PROVIDER,
      instances: [
        {
          schema_version: schema['version'],
          attributes:
            type === 'google_storage_bucket_object' ? { ...attributes, md5hash: contentHash(attributes) } : attributes,
          // Terraform counts it as a change where this differs from what the provider says.
          sensitive_attributes: sensitivePaths(sensitive, []),
        },
      ],
    };
  });
  return JSON.stringify({
    version: 4,
    terraform_version: '1.5.0',
    serial: 1,
    lineage: '00000000-0000-0000-0000-000000000000',
    outputs: {},
    resources: made,
  });
}

interface Open {
  readonly address: string;
  readonly resolve: (text: string) => string;
}

function fillBlock(open: Open, schema: Values, after: unknown, unknown: unknown, written: unknown): Values {
  const known = asValues(after);
  const missing = asValues(unknown);
  const given = asValues(written);
  const attributes = Object.entries(asValues(schema['attributes'])).map(([name, attribute]) => {
    const { type } = asValues(attribute);
    if (missing[name] === true) return [name, fillOpen(open, name, type, given[name])] as const;
    return [name, fillPart(open, name, known[name] ?? null, missing[name], given[name])] as const;
  });
  const blocks = Object.entries(asValues(schema['block_types'])).map(([name, nested]) => {
    const { block, nesting_mode: mode } = asValues(nested);
    if (mode === 'single') return [name, known[name] ?? null] as const;
    const open_ = asList(missing[name]);
    const items = asList(known[name]).map((item, index) =>
      fillBlock(open, asValues(block), item, open_[index], asList(given[name])[index]),
    );
    return [name, items] as const;
  });
  return Object.fromEntries([...attributes, ...blocks]);
}

/** A value of which parts are open: maps and lists of plain values. */
function fillPart(open: Open, name: string, known: unknown, unknown: unknown, written: unknown): unknown {
  if (unknown === true) return fillOpen(open, name, 'string', written);
  if (Array.isArray(known) && Array.isArray(unknown))
    return (unknown.length > known.length ? unknown : known).map((_, index) =>
      fillPart(open, name, known[index], unknown[index], asList(written)[index]),
    );
  return known;
}

function fillOpen(open: Open, name: string, type: unknown, written: unknown): unknown {
  if (written !== undefined) return resolveAll(open, written);
  const [kind] = asList(type);
  switch (kind) {
    case 'string':
      return madeUp(open.address, name);
    case 'number':
      return name === 'project_number' ? Number(PROJECT_NUMBER) : 0;
    case 'bool':
      return false;
    case 'map':
      return {};
    default:
      return [];
  }
}

function resolveAll(open: Open, written: unknown): unknown {
  if (typeof written === 'string') return open.resolve(written);
  if (Array.isArray(written)) return written.map((item) => resolveAll(open, item));
  if (typeof written !== 'object' || written === null) return written;
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [key, resolveAll(open, value)]));
}

/** As the bucket would tell it; the provider compares it with what it would upload. */
function contentHash({ content, source }: Values): string {
  const bytes = typeof content === 'string' ? content : readFileSync(String(source));
  return createHash('md5').update(bytes).digest('base64');
}

type Step = { readonly type: 'get_attr'; readonly value: string } | { readonly type: 'index'; readonly value: Values };

function sensitivePaths(mark: unknown, path: readonly Step[]): readonly (readonly Step[])[] {
  if (mark === true) return [path];
  if (Array.isArray(mark))
    return mark.flatMap((inner, index) =>
      sensitivePaths(inner, [...path, { type: 'index', value: { value: index, type: 'number' } }]),
    );
  return Object.entries(asValues(mark)).flatMap(([name, inner]) =>
    sensitivePaths(inner, [...path, { type: 'get_attr', value: name }]),
  );
}

/** What a reference to this attribute of that resource is taken to be. */
function madeUp(address: string, attribute: string): string {
  if (attribute === 'project_number') return PROJECT_NUMBER;
  // The form of this one is checked where a database names it.
  if (address.startsWith('google_compute_network.') && attribute === 'id')
    return 'projects/some-project/global/networks/made-up';
  return `made-up/${address}/${attribute}`;
}
