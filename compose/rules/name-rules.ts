/** Names: of the app, its services, labels and placement attributes; and that there is an image to run. */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { isAppName, isReservedName, isServiceName } from '../../fleet/ids.ts';
import { isImageReference } from '../../fleet/image-reference.ts';
import { type Finding, finding } from './finding.ts';

/** Labels under it are ours, on the containers too. */
export const RESERVED_LABEL = 'longshore.';

export function nameFindings(app: AppSpec): readonly Finding[] {
  const findings: Finding[] = [];
  const name: string = app.name;
  if (isReservedName(name))
    findings.push(finding(['name'], `"${name}" is a name that JavaScript reserves: use another one`));
  else if (!isAppName(name))
    findings.push(
      finding(
        ['name'],
        `"${name}" is not a valid name for an app: lower-case letters, digits, "-" and "_", at most 40, ` +
          'beginning with a letter or digit',
      ),
    );
  if (Object.keys(app.services).length === 0) findings.push(finding(['services'], 'there is no service'));
  for (const part of ['services', 'volumes', 'secrets', 'configs'] as const)
    for (const name of Object.keys(app[part]))
      if (isReservedName(name))
        findings.push(finding([part, name], `"${name}" is a name that JavaScript reserves: use another one`));
  for (const [key, { name }] of Object.entries(app.secrets))
    if (name !== key && isReservedName(name))
      findings.push(finding(['secrets', key, 'name'], `"${name}" is a name that JavaScript reserves: use another one`));
  for (const [name, service] of Object.entries(app.services)) findings.push(...serviceFindings(name, service));
  return findings;
}

function serviceFindings(name: string, service: ServiceSpec): readonly Finding[] {
  const path = ['services', name];
  const findings: Finding[] = [];
  if (!isServiceName(name) && !isReservedName(name))
    findings.push(
      finding(path, `"${name}" is not a valid name for a service: letters, digits, ".", "-", "_", at most 63`),
    );
  if (!isImageReference(service.image.reference))
    findings.push(finding([...path, 'image'], `"${service.image.reference}" is not an image reference`));
  for (const label of Object.keys(service.labels))
    if (label === '') findings.push(finding([...path, 'labels'], 'the name of a label is missing'));
    else if (label.startsWith(RESERVED_LABEL))
      findings.push(finding([...path, 'labels', label], `labels that begin with "${RESERVED_LABEL}" are ours`));
  for (const alias of service.aliases)
    if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/.test(alias))
      findings.push(finding([...path, 'networks'], `"${alias}" is not a valid name for an alias`));
  service.constraints.forEach((constraint, index) => {
    if (!/^(?:name|pool|arch|labels\.\S+)$/.test(constraint.attribute))
      findings.push(
        finding(
          [...path, 'deploy', 'placement', 'constraints', index],
          `there is no attribute "${constraint.attribute}"; labels.NAME, name, pool and arch are`,
        ),
      );
  });
  return findings;
}
