import { messageOf } from '../message-of.ts';
import { channelError } from './channel.ts';

export type Fetch = (url: string | URL, init: RequestInit) => Promise<Response>;

/** What the other side may answer to be asked again later. */
const LATER: readonly number[] = [408, 425, 429];

/**
 * Posts a body, and answers the response of a success.
 *
 * @throws an error that says whether to try again.
 */
export async function post(fetcher: Fetch, url: URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    // What is signed for one address is for no other.
    response = await fetcher(url, { ...init, method: 'POST', redirect: 'manual' });
  } catch (cause) {
    throw channelError(`${url.host} cannot be reached: ${messageOf(cause)}`, { retryable: true });
  }
  if (response.ok) return response;
  await response.body?.cancel();
  const { status } = response;
  throw channelError(`${url.host} answered ${status}`, {
    retryable: status >= 500 || LATER.includes(status),
    ...retryAfter(response),
  });
}

function retryAfter({ headers }: Response): { readonly retryAfterMs?: number } {
  const value = headers.get('retry-after');
  return value !== null && /^\d{1,6}$/.test(value) ? { retryAfterMs: Number(value) * 1000 } : {};
}
