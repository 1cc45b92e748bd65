/**
 * Branded identifiers. A brand costs nothing at run time and keeps a host's id out of a place that wants an app's name.
 * Ids are chosen by the composition roots (randomness is an argument) and parsed at the borders in `protocol/`.
 */
declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** `h-` and 16 lower-case hex digits; chosen by the coordinator at enrolment. */
export type HostId = Brand<string, 'HostId'>;
/** Compose project name: lower-case letters, digits, `-` and `_`, starting with a letter or digit, at most 40 characters. */
export type AppName = Brand<string, 'AppName'>;
/** Compose service name: letters, digits, `.`, `-`, `_`; at most 63 characters. */
export type ServiceName = Brand<string, 'ServiceName'>;
/** `d-` and 16 hex digits. */
export type DeploymentId = Brand<string, 'DeploymentId'>;
/** `i-` and 12 hex digits; chosen by the agent before the container exists. */
export type InstanceId = Brand<string, 'InstanceId'>;
/** `sha256:` and 64 hex digits; the top-level (index) digest of an image. */
export type Digest = Brand<string, 'Digest'>;
/** `h1:` and 64 hex digits over the resolved service, its digest and its secret versions. */
export type SpecHash = Brand<string, 'SpecHash'>;

/**
 * Names that every object of JavaScript answers to. Much is kept by name, and would find these where nothing is kept, so
 * nothing of a user's may have one of them.
 */
const RESERVED = Object.getOwnPropertyNames(Object.prototype);
const NOT_RESERVED = `(?!(?:${RESERVED.join('|')})$)`;

export const isReservedName = (text: string): boolean => RESERVED.includes(text);

export const HOST_ID = /^h-[0-9a-f]{16}$/;
export const APP_NAME = new RegExp(`^${NOT_RESERVED}[a-z0-9][a-z0-9_-]{0,39}$`);
export const SERVICE_NAME = new RegExp(`^${NOT_RESERVED}[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`);
export const DEPLOYMENT_ID = /^d-[0-9a-f]{16}$/;
export const INSTANCE_ID = /^i-[0-9a-f]{12}$/;
export const DIGEST = /^sha256:[0-9a-f]{64}$/;
export const SPEC_HASH = /^h1:[0-9a-f]{64}$/;

export const isHostId = (text: string): text is HostId => HOST_ID.test(text);
export const isAppName = (text: string): text is AppName => APP_NAME.test(text);
export const isServiceName = (text: string): text is ServiceName => SERVICE_NAME.test(text);
export const isDeploymentId = (text: string): text is DeploymentId => DEPLOYMENT_ID.test(text);
export const isInstanceId = (text: string): text is InstanceId => INSTANCE_ID.test(text);
export const isDigest = (text: string): text is Digest => DIGEST.test(text);
export const isSpecHash = (text: string): text is SpecHash => SPEC_HASH.test(text);
