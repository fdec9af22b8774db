import type { ApprovalView } from './inbox/approval-view.ts';
import { describeRequest, type ShownRequest } from './describe-request.ts';
import { offeredGrants } from './offered-grants.ts';
import { foldedRoom, type Line, UNFOLDED } from './page.ts';
import { pageText } from './page-text.ts';
import { oneLine } from './fold.ts';

/** How an approval is written. */
export interface DescribeApprovalOptions {
  /** The arguments as a reveal answered them. @default with what is hidden in them */
  readonly args?: unknown;
  /** Width of the terminal. @default 80 */
  readonly columns?: number;
  /** Whether long values are written out. @default false */
  readonly unfold?: boolean;
  /** Milliseconds since 1970. @default Date.now() */
  readonly now?: number;
}

/** An approval for a person at a terminal, with nothing in it that the terminal would obey. */
export function describeApproval(
  approval: ApprovalView,
  options: DescribeApprovalOptions = {},
): string {
  const { columns, unfold = false, now = Date.now() } = options;
  const isRevealed = Object.hasOwn(options, 'args');
  const request = requestOf(approval);
  const page = describeRequest(request, {
    room: unfold ? UNFOLDED : foldedRoom(Infinity),
    args: isRevealed ? options.args : approval.shown,
    hidden: !isRevealed && approval.hidden.length > 0,
    now,
  });
  const line = (label: string, text: string): Line => ({
    indent: 0,
    text: label.padEnd(11) + oneLine(page, text),
  });
  const { aid, state, edited, requirements } = approval;
  const { editable } = requirements;
  const grants = offeredGrants(request);
  page.lines.unshift(line('approval', aid), line('state', state));
  if (edited !== undefined) page.lines.push(line('edited', Object.keys(edited.fields).join(', ')));
  if (editable.length > 0) page.lines.push(line('may edit', editable.join(', ')));
  if (grants.length > 0) page.lines.push(line('may grant', grants.join(', ')));
  const title = state === 'pending' ? 'Approval needed' : 'Approval';
  return pageText(title, page, { start: '┌', bar: '│', columns });
}

function requestOf({ bindings, shown, ...approval }: ApprovalView): ShownRequest {
  const { tool, principal, tenant, agent, session, digest } = bindings;
  const who = tenant === undefined ? {} : { tenant };
  return {
    ...approval,
    tool,
    digest,
    args: shown,
    context: {
      ...(principal === undefined ? {} : { principal: { id: principal, ...who } }),
      ...(agent === undefined ? {} : { agent }),
      ...(session === undefined ? {} : { session }),
    },
  };
}
