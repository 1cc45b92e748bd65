/** The log as the hub and its neighbours use it: pino's form, fields first. */
export interface HubLog {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
