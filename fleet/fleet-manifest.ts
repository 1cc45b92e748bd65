/**
 * What Terraform tells the coordinator about the fleet, as `fleet.json` in the private bucket. Holds no secret. It is
 * read at run time, so that a new label or another version of the agent replaces no machine.
 */

export interface FleetManifest {
  readonly version: 1;
  readonly fleet: string;
  readonly project: string;
  /** As Google writes it in identity tokens. */
  readonly projectNumber: string;
  readonly pools: readonly ManifestPool[];
  /** Null: no Artifact Registry of the fleet's own. */
  readonly registry: {
    /** `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY` */
    readonly prefix: string;
  } | null;
}

export interface ManifestPool {
  readonly name: string;
  /** The pool follows from it, never from what an agent says. */
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where its instances can be; looked through for those that are gone. */
  readonly zones: readonly string[];
}
