/**
 * How large an app may be: its spec with the contents of its configs goes to each of its hosts in one frame, beside the
 * specs of the other apps there. An app that is larger already may stay as large: its updates go on. Pure.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { LongshoreError, type ProblemDetail } from '../../fleet/errors.ts';
import { jsonBytes } from '../../protocol/fit-report.ts';
import { FRAME_LIMIT_BYTES } from '../../protocol/version.ts';

export const APP_LIMIT_BYTES = (FRAME_LIMIT_BYTES / 4) * 3;
const CONFIGS_NAMED = 5;

/**
 * @param base what the app's last good release holds; null = it has none
 * @throws TOO_LARGE, with the largest configs and their sizes
 */
export function refuseTooLarge(spec: AppSpec, base: AppSpec | null): void {
  const bytes = jsonBytes(spec);
  if (bytes <= APP_LIMIT_BYTES || (base !== null && bytes <= jsonBytes(base))) return;
  const details = Object.entries(spec.configs)
    .map(([name, config]) => ({ name, bytes: jsonBytes(config.content) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, CONFIGS_NAMED)
    .map((config): ProblemDetail => {
      return { path: `configs.${config.name}`, message: `is ${inKiB(config.bytes)}`, line: null, column: null };
    });
  throw new LongshoreError(
    'TOO_LARGE',
    `plan ${spec.name}: the app with its configs is ${inKiB(bytes)}, and ${inKiB(APP_LIMIT_BYTES)} is the limit`,
    { details, hint: 'Put large files into the image or a volume, and keep configs small.' },
  );
}

const inKiB = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;
