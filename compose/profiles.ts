/** Profiles: a service with none always counts; one with profiles counts when one of them is active. */

export function isActive(profiles: readonly string[], active: readonly string[]): boolean {
  return profiles.length === 0 || profiles.some((profile) => active.includes(profile) || active.includes('*'));
}
