/** A moment as people read it. */
export function utc(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown';
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** When something ends, and how long that is from now. */
export function expiry(at: number, now: number): string {
  const moment = utc(at);
  const minutes = Math.floor((at - now) / 60_000);
  if (moment === 'unknown') return moment;
  if (at <= now) return `${moment} (over)`;
  if (minutes < 1) return `${moment} (in less than a minute)`;
  return `${moment} (in ${minutes} min)`;
}
