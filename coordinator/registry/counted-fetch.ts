/** `fetch` for registries that reports how each request ended. */

export const REGISTRY_RESULTS = ['answered', 'refused', 'failed'] as const;
/** `refused`: no such image, no permission, too many questions; `failed`: no answer, or an error of the registry. */
export type RegistryResult = (typeof REGISTRY_RESULTS)[number];

export function countedFetch(inner: typeof fetch, count: (result: RegistryResult) => void): typeof fetch {
  return async (input, init) => {
    let response: Response;
    try {
      response = await inner(input, init);
    } catch (error) {
      count('failed');
      throw error;
    }
    count(resultOf(response.status, new Headers(init?.headers).has('authorization')));
    return response;
  };
}

function resultOf(status: number, hasLogin: boolean): RegistryResult {
  // A registry that wants a login says so first.
  if (status < 400 || (status === 401 && !hasLogin)) return 'answered';
  return status < 500 ? 'refused' : 'failed';
}
