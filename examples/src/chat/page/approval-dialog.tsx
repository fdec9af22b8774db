import { canonical, visible } from '@guardstile/core';
import type { DynamicToolUIPart, ToolUIPart } from 'ai';
import { getToolName } from 'ai';

import type { OpenApproval } from '../open-approval.ts';

interface Props {
  readonly part: ToolUIPart | DynamicToolUIPart;
  readonly approvals: readonly OpenApproval[] | undefined;
  readonly answer: (approved: boolean) => void;
}

/**
 * Shows what the server keeps under this request, which is what will run: the conversation in this
 * page is only a claim about it.
 */
export function ApprovalDialog({ part, approvals, answer }: Props) {
  const tool = getToolName(part);
  const open = approvals?.findLast(
    (one) => one.tool === tool && canonical(one.args) === canonical(part.input),
  );
  const missing = approvals !== undefined && open === undefined;
  return (
    <dialog
      ref={(dialog) => dialog?.showModal()}
      // Only a button answers: closing it would leave the call waiting out of sight.
      closedby="none"
      aria-labelledby="approval-title"
    >
      <h2 id="approval-title">
        May it call <code>{visible(tool)}</code>?
      </h2>
      {open === undefined ? null : <Request approval={open} />}
      {missing ? <p role="alert">The server does not wait for this any more.</p> : null}
      <div className="buttons">
        <button type="button" onClick={() => answer(false)}>
          Deny
        </button>
        <button
          type="button"
          className="primary"
          disabled={open === undefined}
          onClick={() => answer(true)}
        >
          Approve
        </button>
      </div>
    </dialog>
  );
}

function Request({ approval }: { readonly approval: OpenApproval }) {
  const { args, reason, expiresAt } = approval;
  const expires = new Date(expiresAt);
  return (
    <>
      <p>{visible(reason)}</p>
      <dl>
        {Object.entries(args ?? {}).map(([name, value]) => (
          <div key={name}>
            <dt>{visible(name)}</dt>
            <dd>
              <pre>{shown(value)}</pre>
            </dd>
          </div>
        ))}
      </dl>
      <p className="expiry">
        Once, exactly as shown, until{' '}
        <time dateTime={expires.toISOString()}>{expires.toLocaleTimeString()}</time>.
      </p>
    </>
  );
}

/** As JSON, so that `20` and `"20"` differ; what could hide or reorder text is spelled out. */
function shown(value: unknown): string {
  return visible(JSON.stringify(value, null, 2), { keepNewlines: true });
}
