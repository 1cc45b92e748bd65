/**
 * The rules that go over several fields of a resolved app. The command line runs them on what it made of a file; the
 * coordinator runs them again on what it is sent, since anybody with a token can send anything.
 */
import type { AppSpec } from '../fleet/app-spec.ts';
import type { ProblemDetail } from '../fleet/errors.ts';
import { dependencyFindings } from './rules/dependency-rules.ts';
import { durationFindings } from './rules/duration-rules.ts';
import type { Finding } from './rules/finding.ts';
import { ingressFindings } from './rules/ingress-rules.ts';
import { mountFindings } from './rules/mount-rules.ts';
import { nameFindings } from './rules/name-rules.ts';
import { oneShotFindings } from './rules/one-shot-rules.ts';
import { policyFindings } from './rules/policy-rules.ts';
import { portFindings } from './rules/port-rules.ts';
import { toDetail } from './source/report.ts';

export function validateAppSpec(spec: AppSpec): readonly ProblemDetail[] {
  return appFindings(spec).map((found) => toDetail(null, found.path, found.message));
}

export function appFindings(spec: AppSpec): readonly Finding[] {
  return [
    ...nameFindings(spec),
    ...dependencyFindings(spec),
    ...oneShotFindings(spec),
    ...mountFindings(spec),
    ...portFindings(spec),
    ...ingressFindings(spec),
    ...policyFindings(spec),
    ...durationFindings(spec),
  ];
}
