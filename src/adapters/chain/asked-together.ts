/**
 * The same question asked by many at once, asked once more instead of once for each: whoever asks gets what was asked
 * for after that, and no two are under way.
 */
export function askedTogether<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;

  function begin(): Promise<T> {
    const answer = ask();
    const over = answer.then(
      () => {},
      () => {},
    );
    running = over;
    void over.then(() => {
      if (running === over) running = undefined;
    });
    return answer;
  }

  return () => {
    if (running === undefined) return begin();
    next ??= running.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
}
