import { visible } from '@guardstile/core';
import {
  type DynamicToolUIPart,
  getToolName,
  isToolUIPart,
  type ToolUIPart,
  type UIMessage,
} from 'ai';

export function MessageView({ message }: { readonly message: UIMessage }) {
  return (
    <li className={message.role}>
      {message.parts.map((part, index) => {
        if (part.type === 'text') return <p key={index}>{part.text}</p>;
        return isToolUIPart(part) ? <ToolView key={part.toolCallId} part={part} /> : null;
      })}
    </li>
  );
}

function ToolView({ part }: { readonly part: ToolUIPart | DynamicToolUIPart }) {
  return (
    <p className="tool" data-state={part.state}>
      <code>{visible(getToolName(part))}</code> {describe(part)}
    </p>
  );
}

function describe(part: ToolUIPart | DynamicToolUIPart): string {
  switch (part.state) {
    case 'approval-requested':
      return 'waits for you';
    case 'approval-responded':
      return part.approval.approved ? 'you approved it' : 'you denied it';
    case 'output-available':
      return `ran: ${visible(String(part.output))}`;
    case 'output-denied':
      return 'did not run: you denied it';
    case 'output-error':
      return `did not run: ${visible(part.errorText)}`;
    default:
      return 'is being prepared';
  }
}
