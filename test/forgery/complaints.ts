import type { Attack } from './attack.ts';
import type { Measured } from './measure.ts';

/** A guard refuses one call; that a whole run dies is up to the SDK alone. */
const BY_THE_SDK = /^AI_/;

/** Everything about one attempt that must not be. */
export function complaintsOf(attack: Attack, { stage, effect }: Measured): readonly string[] {
  const { runs: most = 0, codes, says = '' } = attack;
  const { runs, honest, deaths, flaws, reasons } = effect;
  const complaints = [...flaws];
  const ended = deaths.length > 0 && runs < most;
  if (runs !== most && !ended) complaints.push(`${runs} bodies ran, not ${most}`);
  if (honest !== 1) complaints.push(`an honest approval ran ${honest} times`);
  for (const code of effect.codes) {
    if (!codes.some((expected) => expected === code)) complaints.push(`refused with ${code}`);
  }
  for (const name of deaths) {
    if (!BY_THE_SDK.test(name)) complaints.push(`the run died of ${name}`);
  }
  for (const reason of reasons) {
    if (!reason.includes(says)) complaints.push(`it is said: ${reason}`);
  }
  const where = `${stage.run.name}${stage.secret ? ' with the secret' : ''}`;
  return complaints.map((complaint) => `${where}: ${complaint}`);
}
