// Which roles of Google's an apply needs: every kind of resource has its role, and the page names exactly these.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { synthesise } from './support/synthesised.ts';

/** By the beginning of the resource's type; the longest that fits counts. */
const ROLES: Readonly<Record<string, string>> = {
  google_artifact_registry_: 'artifactregistry.admin',
  google_compute_: 'compute.admin',
  google_dns_: 'dns.admin',
  google_logging_: 'logging.configWriter',
  google_monitoring_: 'monitoring.editor',
  google_project_iam_custom_role: 'iam.roleAdmin',
  google_project_iam_member: 'resourcemanager.projectIamAdmin',
  google_project_service: 'serviceusage.serviceUsageAdmin',
  google_redis_: 'redis.admin',
  google_secret_manager_: 'secretmanager.admin',
  google_service_account: 'iam.serviceAccountAdmin',
  google_service_networking_: 'servicenetworking.networksAdmin',
  google_sql_: 'cloudsql.admin',
  google_storage_: 'storage.admin',
};
/** Machines are made with accounts, which takes the right to act as them. */
const ALWAYS = ['iam.serviceAccountUser'];

function rolesOf(text: string): readonly string[] {
  const roles = [...synthesise(fleetOf(text)).resources.keys()].map((address) => {
    const [prefix] = Object.keys(ROLES)
      .filter((beginning) => address.startsWith(beginning))
      .sort((a, b) => b.length - a.length);
    return ROLES[prefix ?? ''] ?? `none for ${address}`;
  });
  return [...new Set([...roles, ...ALWAYS])].sort();
}

t.test('roles: the page lists what a fleet needs, and what only a part of one does', (t) => {
  const page = readFileSync('docs/infrastructure.md', 'utf8');
  const rows = [...page.matchAll(/^\| `roles\/([\w.]+)` \| (.*) \|$/gm)].map(([, role = '', what = '']) => ({
    role,
    what,
  }));
  const small = rows.filter(({ what }) => !what.startsWith('only'));
  t.same(small.map(({ role }) => role).sort(), rolesOf(SMALL_FLEET));
  t.same(rows.map(({ role }) => role).sort(), rolesOf(FULL_FLEET));
  t.end();
});
