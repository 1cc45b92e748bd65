/**
 * For what other resources name and may outlive. Google deletes nothing that is named, and Terraform deletes what left
 * the configuration before it changes what named it, unless it was made with this. Where such a
 * resource is replaced, the new one comes first, and so must have another name.
 */
export const AFTER_ITS_USERS = { createBeforeDestroy: true } as const;
