// `npx tsx scripts/write-fleet-schema.ts`: writes infra/fleet.schema.json from the schema that checks fleet.yaml.
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { fleetJsonSchema } from '../infra/fleet-file/fleet-json-schema.ts';

const text = await format(JSON.stringify(fleetJsonSchema()), { parser: 'json', printWidth: 120 });
writeFileSync('infra/fleet.schema.json', text);
