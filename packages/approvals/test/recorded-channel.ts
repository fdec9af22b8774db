import type { Channel, ChannelStep } from '../src/channels/channel.ts';
import type { ApprovalView } from '../src/inbox/approval-view.ts';

/** What a channel was asked to do. */
export interface Recorded {
  readonly step: ChannelStep;
  readonly approval: ApprovalView;
  readonly signal: AbortSignal;
}

/** A channel that writes down what it is asked, and then does what the test says. */
export function recordedChannel(
  name: string,
  act: (recorded: Recorded, attempt: number) => Promise<void> | void = () => undefined,
): Channel & { readonly all: readonly Recorded[]; steps(): readonly string[] } {
  const all: Recorded[] = [];
  const take = (step: ChannelStep) => async (approval: ApprovalView, signal: AbortSignal) => {
    const recorded = { step, approval, signal };
    all.push(recorded);
    await act(recorded, all.length);
  };
  return {
    name,
    all,
    steps: () => all.map(({ step, approval }) => `${step} ${approval.aid} ${approval.version}`),
    open: take('open'),
    update: take('update'),
    close: take('close'),
  };
}
