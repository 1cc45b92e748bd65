/** How long the past is kept; null: nothing is deleted for that reason. */
export interface RetentionConfig {
  /** Of events of hosts and of the coordinator itself. */
  readonly eventsMs: number | null;
  /** Of what people did, and of enrolments. */
  readonly auditMs: number | null;
  /** Of events of hosts and of the coordinator itself, all together, about as they lie in the database. */
  readonly eventsBytes: number | null;
  /** Of the host steps of deployments that ended. */
  readonly deploymentsMs: number | null;
}
