import type { Command } from '../child/wrap-command.ts';

/** A line of bash that becomes a command, with the named variables and no other. */
export function shellLine(command: Command, variables: readonly string[]): string {
  const kept = quoted(` ${variables.join(' ')} `);
  const unset = `for name in $(compgen -e); do case ${kept} in *" $name "*) ;; *) unset "$name" ;; esac; done`;
  return `${unset}; exec ${command.map(quoted).join(' ')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
