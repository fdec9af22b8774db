import { useChat } from '@ai-sdk/react';
import {
  DefaultChatTransport,
  isToolUIPart,
  lastAssistantMessageIsCompleteWithApprovalResponses,
} from 'ai';

import { ApprovalDialog } from './approval-dialog.tsx';
import { MessageView } from './message-view.tsx';
import { useOpenApprovals } from './open-approvals.ts';

const transport = new DefaultChatTransport({ api: '/api/chat' });

export function ChatPage({ id }: { readonly id: string }) {
  const { messages, sendMessage, addToolApprovalResponse, status, error } = useChat({
    id,
    transport,
    // Goes on by itself once every call that waits has its answer.
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  const asking = (messages.at(-1)?.parts ?? [])
    .filter(isToolUIPart)
    .filter((part) => part.state === 'approval-requested');
  const [asked] = asking;
  const approvals = useOpenApprovals(id, asking.length);
  const busy = status === 'submitted' || status === 'streaming';

  function send(form: FormData): void {
    const text = form.get('text');
    if (typeof text === 'string' && text.trim() !== '') void sendMessage({ text });
  }

  return (
    <main>
      <header>
        <h1>Shop assistant</h1>
        <p>Looks up orders by itself, and asks you before it pays anything back.</p>
      </header>
      <ol className="messages" aria-live="polite">
        {messages.map((message) => (
          <MessageView key={message.id} message={message} />
        ))}
      </ol>
      {error === undefined ? null : <p role="alert">{error.message}</p>}
      <form action={send}>
        <input
          name="text"
          aria-label="Message"
          placeholder="Refund 20 for order 4711: arrived broken"
          autoComplete="off"
          disabled={asked !== undefined}
        />
        <button type="submit" disabled={busy || asked !== undefined}>
          Send
        </button>
      </form>
      {asked === undefined ? null : (
        <ApprovalDialog
          key={asked.approval.id}
          part={asked}
          approvals={approvals}
          answer={(approved) => void addToolApprovalResponse({ id: asked.approval.id, approved })}
        />
      )}
    </main>
  );
}
