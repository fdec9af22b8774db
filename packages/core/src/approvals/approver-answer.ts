import { ownFields } from '../own-fields.ts';

/** What an approver answered, understood as far as it goes without knowing the ask. */
export type ReadAnswer =
  | {
      readonly verdict: 'deny';
      readonly note?: string;
      readonly edited?: never;
      readonly grant?: never;
    }
  | {
      readonly verdict: 'approve';
      readonly note?: string;
      readonly edited?: Readonly<Record<string, unknown>>;
      readonly grant?: unknown;
    }
  | { readonly absent: string };

/** Own fields only, and nothing that is not understood: a misspelt `edited` must not run the original. */
export function readApproverAnswer(answer: unknown): ReadAnswer {
  if (answer === 'approve' || answer === 'deny') return { verdict: answer };
  const { verdict, note, edited, grant, ...unknown } = ownFields(answer);
  const noted = typeof note === 'string' ? { note } : {};
  if (Object.keys(unknown).length > 0) return NOTHING;
  if (verdict === 'approve') {
    if (edited !== undefined && !isRecord(edited)) return NOTHING;
    return {
      verdict,
      ...noted,
      ...(edited === undefined ? {} : { edited: ownFields(edited) }),
      ...(grant === undefined ? {} : { grant }),
    };
  }
  if (edited !== undefined || grant !== undefined) return NOTHING;
  if (verdict === 'deny') return { verdict, ...noted };
  if (verdict === 'abstain') return { absent: noted.note ?? 'the approver abstained' };
  return NOTHING;
}

const NOTHING: ReadAnswer = Object.freeze({
  absent: 'the approver gave no answer that is understood',
});

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
