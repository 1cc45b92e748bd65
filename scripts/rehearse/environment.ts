/**
 * Variables of the programs of a rehearsal: Google's APIs are reached through the stand-in alone, under its root, with
 * its credentials. Whatever could lead to a real account is taken out, so that no rehearsal can change a real project.
 */
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';
import { files } from './cloud/cloud-config.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Of somebody's own account and proxies, in Google's, Terraform's and our words. */
const own =
  /^(GOOGLE_|GCLOUD_|CLOUDSDK_|GCE_|GCP_|TF_VAR_|TF_CLI_ARGS|TF_DATA_DIR|TF_WORKSPACE|LONGSHORE_(URL|TOKEN)|CREDENTIALS_PATH$|PRIVATE_KEY_PATH$|(https?|all|no)_proxy$)/i;

/** For what has nothing to do with Google: builds may have to download. */
export function plainVariables(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !own.test(name) || /_proxy$/i.test(name)));
}

export function rehearsalVariables(variables: Variables, folder: RehearsalFolder, state: RehearsalState): Variables {
  return {
    ...Object.fromEntries(Object.entries(variables).filter(([name]) => !own.test(name))),
    ...exportedVariables(folder, state),
    TF_IN_AUTOMATION: '1',
    CHECKPOINT_DISABLE: '1',
  };
}

/** What a person exports to go on with a rehearsal that was kept. */
export function exportedVariables(folder: RehearsalFolder, state: RehearsalState): Readonly<Record<string, string>> {
  return {
    HTTPS_PROXY: `http://127.0.0.1:${state.proxyPort}`,
    // Terraform's registry, where the providers are not on this machine.
    NO_PROXY:
      '127.0.0.1,localhost,registry.terraform.io,releases.hashicorp.com,github.com,objects.githubusercontent.com',
    SSL_CERT_FILE: folder.path(files.trusted),
    CREDENTIALS_PATH: folder.path('credentials.json'),
  };
}
