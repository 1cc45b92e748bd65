/** What the use cases need of the rest of the coordinator. `main.ts` gives it. */
import type { Digest } from '../../fleet/ids.ts';
import type { ExplainView } from '../../protocol/http-api/views.ts';
import type { Installer } from '../install/installer.ts';
import type { AdoptionRequests } from '../identity/adoption-requests.ts';
import type { InstanceIdentities } from '../identity/instance-identities.ts';
import type { ImageFacts } from '../registry/image-facts.ts';
import type { ChangesPort, HubPort, RolloutsPort, ViewsPort } from '../ports.ts';
import type { AppMasks } from '../secrets/app-masks.ts';
import type { Vault } from '../secrets/vault.ts';
import type { HostRow } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export interface ControlOptions {
  readonly store: Store;
  readonly hub: HubPort;
  readonly rollouts: RolloutsPort;
  readonly changes: ChangesPort;
  readonly views: ViewsPort;
  readonly images: ImagesPort;
  readonly vault: Vault;
  /** Hears of new secrets before anybody can show them. */
  readonly masks: Pick<AppMasks, 'refresh'>;
  readonly explain: (host: HostRow) => Promise<ExplainView>;
  /** The coordinator's own addresses, as `audienceOf` spells them: what an enrolment must be signed for. */
  readonly audiences: readonly string[];
  /** Machines that enrol by their own identity; null where none can. */
  readonly identities: InstanceIdentities | null;
  /** Machines that ask to be a host again. */
  readonly adoptions: AdoptionRequests;
  /** Releases kept of each app, besides those that are needed. */
  readonly keepReleases: number;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** What else `doctor` looks at. */
  readonly checks: readonly DoctorCheck[];
  readonly installer: Pick<Installer, 'view'>;
  /** As `checks`, of parts that look at several things. */
  readonly findings: () => readonly DoctorFinding[];
}

export interface ImagesPort {
  /** @throws INPUT_INVALID, IMAGE_NOT_FOUND, REGISTRY_* */
  resolve(reference: string, fresh: boolean): Promise<Digest>;
  /** What can be read of the image from here. */
  facts(reference: string, digest: Digest, platform: string | null): Promise<ImageFacts>;
}

export interface DoctorFinding {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

export type DoctorCheck = () => Promise<DoctorFinding>;
