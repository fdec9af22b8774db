/** The context of a call replaces the guard's, and neither abort may be lost. */
export function eitherSignal(call: AbortSignal, guard: AbortSignal | undefined): AbortSignal {
  return guard === undefined ? call : AbortSignal.any([call, guard]);
}
