/**
 * Where nothing fails, hedges are few: at most 1.3 attempts for each that the answers needed. The rest covers small
 * numbers, where one late word weighs much.
 */
export function checkHedges(opened: number, answers: number, providers: number): string | undefined {
  const bound = 1.3 * answers * providers + 3;
  return opened <= bound ? undefined : `${opened} attempts for ${answers} answers of ${providers} providers`;
}
