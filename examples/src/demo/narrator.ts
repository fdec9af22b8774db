import type { Guard } from '@guardstile/core';

import type { Screen } from './screen.ts';

/** Tells what happens while it happens. Listeners get redacted copies and cannot disturb a call. */
export function narrate(guard: Guard, screen: Screen): void {
  let calls = 0;
  let asked = false;
  guard.on('call', ({ tool, args }) => {
    calls += 1;
    asked = false;
    screen.line();
    screen.call(calls, `${tool?.name ?? ''} ${JSON.stringify(args)}`);
  });
  guard.on('decision', ({ effect, reason, rule }) => {
    screen.entry(effect, asked && effect === 'allow' ? 'it was approved' : because(reason, rule));
    asked = effect === 'ask';
  });
  guard.on('end', ({ status, result }) => {
    screen.entry(status, typeof result === 'string' ? result : JSON.stringify(result ?? null));
  });
}

function because(reason: string, rule: string | undefined): string {
  return rule === undefined ? reason : `${reason} (rule ${rule})`;
}
