import type { Anchor } from './anchor.ts';

export interface HttpAnchorOptions {
  /** Sent with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a request may take, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Keeps checkpoints with a witness over HTTPS: `PUT url/LOG` with the signed note as its body, and
 * `GET url/LOG`, which answers the last one, or 404 before the first. The witness has to refuse a
 * note with fewer entries than the last one (409).
 */
export function httpAnchor(url: string | URL, options: HttpAnchorOptions = {}): Anchor {
  const { headers = {}, timeoutMs = 10_000, fetch = globalThis.fetch } = options;
  const base = new URL(url);

  async function send(log: string, init: RequestInit): Promise<Response> {
    const at = new URL(base);
    at.pathname = `${base.pathname.replace(/\/$/, '')}/${encodeURIComponent(log)}`;
    const signal = AbortSignal.timeout(timeoutMs);
    // Whoever could send it elsewhere could say that nothing was kept.
    return fetch(at, { ...init, headers, signal, redirect: 'error' });
  }

  return {
    name: base.origin,
    async latest(log) {
      const response = await send(log, { method: 'GET' });
      if (response.status === 200) return response.text();
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      throw new Error(`the witness answered ${response.status}`);
    },
    async publish(log, note) {
      const response = await send(log, { method: 'PUT', body: note });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the witness answered ${response.status}`);
    },
  };
}
