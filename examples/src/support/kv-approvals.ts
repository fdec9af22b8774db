import { approvalSeal } from '@guardstile/approvals';
import {
  type Approval,
  approvalLifecycle,
  type ApprovalBindings,
  type ApprovalFilter,
  type ApprovalRefusal,
  type ApprovalResult,
  type ApprovalStore,
  type Grant,
  type GrantFilter,
  type GrantStore,
  isStanding,
  type MemoryApprovalsOptions,
} from '@guardstile/core';

import type { KeyValue, Versioned } from './key-value.ts';

interface Options extends MemoryApprovalsOptions {
  /** Encrypts and authenticates what is kept: 32 random bytes. */
  readonly key: Uint8Array;
}

/** An approval as it is kept. */
interface Kept {
  readonly approval: Approval;
  readonly key: string;
  readonly claim: string | undefined;
  /** Its place in the order of creation. */
  readonly place: string;
}

/** What was read, and what it may be replaced at. */
interface Read<T> extends Pick<Versioned, 'version'> {
  readonly kept: T;
}

const {
  atTime,
  isOpen,
  isRepeated,
  limitReached,
  mayAskAgain,
  newApproval,
  openCaps,
  toCancelled,
  toConsumed,
} = approvalLifecycle;

const PAGE = 100;

/**
 * Approvals in any service that replaces the value of one key only if it is still the one that was
 * read: what is lost to somebody quicker is read and tried again. For where there are no files.
 *
 * Keys are `approval/AID`, `key/MARK` (the latest approval of a key, which itself would tell of the
 * arguments), `order/PLACE`, `open/SCOPE/AID` for the caps, `grant/GID` and `grants/PLACE`. A list
 * reads every approval in order, and caps are counted by listing: a service with indexes and counters
 * does better. Between two keys a process can end: what is decided is always decided by one, the
 * approval's own; the others only find it. Expiry is judged by the clock of the process, where the
 * service has none.
 */
export function kvApprovals(kv: KeyValue, options: Options): ApprovalStore {
  const { clock = Date.now } = options;
  const seal = approvalSeal(options.key, 'kv');
  const capsOf = openCaps(options);

  const text = (name: string, value: unknown): string =>
    Buffer.from(seal.seal(value, name)).toString('base64');

  async function read<T>(name: string): Promise<Read<T> | undefined> {
    const found = await kv.get(name);
    if (found === undefined) return undefined;
    const kept = seal.open(Buffer.from(found.value, 'base64'), name) as T; // sealed under its name
    return { kept, version: found.version };
  }

  /** Reads, changes and writes until nobody else wrote in between. */
  async function change<T, R>(
    name: string,
    to: (kept: T) => { readonly kept: T; readonly answer: R },
  ): Promise<R | undefined> {
    for (;;) {
      const found = await read<T>(name);
      if (found === undefined) return undefined;
      const { kept, answer } = to(found.kept);
      if (kept === found.kept) return answer;
      if (await kv.put(name, text(name, kept), found.version)) return answer;
    }
  }

  /** The next place in an order. One that is taken and not used is a gap, and no harm. */
  async function nextPlace(counter: string): Promise<string> {
    for (;;) {
      const found = await kv.get(counter);
      const place = Number(found?.value ?? 0) + 1;
      if (await kv.put(counter, String(place), found?.version)) {
        return String(place).padStart(16, '0');
      }
    }
  }

  /** The keys under a prefix, a page at a time. */
  async function* keysOf(prefix: string, from = ''): AsyncGenerator<string> {
    let after = from;
    for (;;) {
      const page = await kv.keys(prefix, { after, limit: PAGE });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last;
    }
  }

  function openKeys({ aid, bindings }: Approval): readonly string[] {
    return capsOf(bindings).map(({ scope }) => `open/${safe(scope)}/${safe(aid)}`);
  }

  async function removeAll(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const found = await kv.get(name);
      if (found !== undefined) await kv.delete(name, found.version);
    }
  }

  /** Takes one step from what the approval is by now; time may have taken one before. */
  async function step(
    aid: string,
    to: (kept: Kept) => Kept | ApprovalRefusal,
  ): Promise<ApprovalResult> {
    const result = await change<Kept, ApprovalResult>(`approval/${safe(aid)}`, (kept) => {
      const approval = atTime(kept.approval, clock());
      const current = approval === kept.approval ? kept : { ...kept, approval };
      const next = to(current);
      return typeof next === 'string'
        ? { kept: current, answer: { ok: false, reason: next } }
        : { kept: next, answer: { ok: true, approval: next.approval } };
    });
    if (result === undefined) return { ok: false, reason: 'unknown' };
    return result;
  }

  /** What is left behind in the caps goes when somebody looks. */
  async function settled(approval: Approval): Promise<Approval> {
    if (!isOpen(approval.state)) await removeAll(openKeys(approval));
    return approval;
  }

  async function stepTo(
    aid: string,
    to: (approval: Approval) => Approval | ApprovalRefusal,
  ): Promise<ApprovalResult> {
    const result = await step(aid, (kept) => {
      const approval = to(kept.approval);
      return typeof approval === 'string' ? approval : { ...kept, approval };
    });
    if (result.ok) await settled(result.approval);
    return result;
  }

  async function get(aid: string): Promise<Approval | undefined> {
    const result = await step(aid, (kept) => kept);
    return result.ok ? settled(result.approval) : undefined;
  }

  async function find(key: string): Promise<Approval | undefined> {
    const pointer = await read<string>(`key/${seal.mark(key)}`);
    return pointer === undefined ? undefined : get(pointer.kept);
  }

  async function isFull(scope: string, limit: number): Promise<boolean> {
    if (!(limit > 0)) return true;
    if (limit === Infinity) return false;
    return (await kv.keys(`open/${safe(scope)}/`, { limit })).length >= limit;
  }

  async function checkCaps(bindings: ApprovalBindings): Promise<void> {
    for (const cap of capsOf(bindings)) {
      if (!(await isFull(cap.scope, cap.limit))) continue;
      const prefix = `open/${safe(cap.scope)}/`;
      for await (const name of keysOf(prefix)) {
        const aid = unsafe(name.slice(prefix.length));
        if ((await get(aid)) === undefined) await removeAll([name]);
      }
      if (await isFull(cap.scope, cap.limit)) throw limitReached(cap);
    }
  }

  /** Points the key to the approval, unless somebody else was quicker. */
  async function create(
    draft: Parameters<ApprovalStore['create']>[0],
    key: string,
  ): Promise<Approval> {
    const name = `key/${seal.mark(key)}`;
    const pointer = await read<string>(name);
    const known = pointer === undefined ? undefined : await get(pointer.kept);
    if (known !== undefined && !mayAskAgain(known.state)) return known;
    await checkCaps(draft.bindings);
    const approval = newApproval(draft, clock());
    const place = await nextPlace('places/approval');
    const record = `approval/${safe(draft.aid)}`;
    await kv.put(record, text(record, { approval, key, claim: undefined, place } satisfies Kept));
    if (await kv.put(name, text(name, draft.aid), pointer?.version)) {
      for (const open of openKeys(approval)) await kv.put(open, '');
      await kv.put(`order/${place}`, text(`order/${place}`, draft.aid));
      return approval;
    }
    await removeAll([record]);
    return create(draft, key);
  }

  async function list(filter: ApprovalFilter): Promise<readonly Approval[]> {
    const { after, limit = 100 } = filter;
    const from = after === undefined ? undefined : await read<Kept>(`approval/${safe(after)}`);
    if (after !== undefined && from === undefined) return [];
    const found: Approval[] = [];
    for await (const name of keysOf('order/', from && `order/${from.kept.place}`)) {
      if (!(found.length < limit)) break;
      const aid = (await read<string>(name))?.kept;
      const approval = aid === undefined ? undefined : await get(aid);
      if (approval !== undefined && matches(approval, filter)) found.push(approval);
    }
    return found;
  }

  const grants: GrantStore = {
    async add(draft) {
      const name = `grant/${safe(draft.gid)}`;
      const createdAt = clock();
      const grant: Grant = { ...draft, createdAt, expiresAt: createdAt + draft.expiresMs };
      const known = await read<PlacedGrant>(name);
      if (known !== undefined) return known.kept.grant;
      const place = await nextPlace('places/grant');
      if (!(await kv.put(name, text(name, { grant, place })))) return grants.add(draft);
      await kv.put(`grants/${place}`, text(`grants/${place}`, draft.gid));
      return grant;
    },
    async list(filter) {
      const { after, limit = 100 } = filter;
      const from =
        after === undefined ? undefined : await read<PlacedGrant>(`grant/${safe(after)}`);
      if (after !== undefined && from === undefined) return [];
      const found: Grant[] = [];
      for await (const name of keysOf('grants/', from && `grants/${from.kept.place}`)) {
        if (!(found.length < limit)) break;
        const gid = (await read<string>(name))?.kept;
        const kept = gid === undefined ? undefined : await read<PlacedGrant>(`grant/${safe(gid)}`);
        if (kept !== undefined && grantMatches(kept.kept.grant, filter, clock())) {
          found.push(kept.kept.grant);
        }
      }
      return found;
    },
    revoke: (gid) =>
      change<PlacedGrant, Grant>(`grant/${safe(gid)}`, (kept) => {
        if (kept.grant.revokedAt !== undefined) return { kept, answer: kept.grant };
        const grant = { ...kept.grant, revokedAt: clock() };
        return { kept: { ...kept, grant }, answer: grant };
      }),
  };

  return {
    name: 'kv',
    grants,
    create,
    get,
    find,
    list,
    vote: (aid, vote, version) =>
      stepTo(aid, (approval) => approvalLifecycle.withVote(approval, vote, version)),
    edit: (aid, edit, version) =>
      stepTo(aid, (approval) => approvalLifecycle.withEdit(approval, edit, version)),
    async consume(aid, claim, bindings) {
      const result = await step(aid, (kept) => {
        if (isRepeated(kept, claim, bindings)) return kept;
        const approval = toConsumed(kept.approval, bindings);
        return typeof approval === 'string' ? approval : { ...kept, approval, claim };
      });
      if (result.ok) await settled(result.approval);
      return result;
    },
    cancel: (aid) => stepTo(aid, toCancelled),
  };
}

interface PlacedGrant {
  readonly grant: Grant;
  readonly place: string;
}

/** A text as a part of a key: without slashes, and as every service keeps it. */
function safe(part: string): string {
  return Buffer.from(part, 'utf16le').toString('hex');
}

function unsafe(part: string): string {
  return Buffer.from(part, 'hex').toString('utf16le');
}

function matches({ bindings, state }: Approval, filter: ApprovalFilter): boolean {
  const { tenant, principal, session, digest, tool } = bindings;
  const fields = { tenant, principal, session, digest, tool: tool.name, state };
  return Object.entries(fields).every(([name, value]) => {
    const asked = Object.hasOwn(filter, name) ? filter[name as keyof typeof fields] : undefined;
    return asked === undefined || asked === value;
  });
}

function grantMatches(grant: Grant, filter: GrantFilter, now: number): boolean {
  const { tenant, principal, tool, ended = false } = filter;
  return (
    (ended || isStanding(grant, now)) &&
    (tenant === undefined || grant.tenant === tenant) &&
    (principal === undefined || grant.principal === principal) &&
    (tool === undefined || grant.tool.name === tool)
  );
}
