/** The package has no types of its own. */
declare module 'systemd-notify' {
  interface NotifyOptions {
    readonly ready?: boolean;
    readonly status?: string;
    readonly pid?: number;
  }
  /** Rejects with the helper's output (a string) or the error of starting it. */
  function notify(options: NotifyOptions): Promise<unknown>;
  export = notify;
}
