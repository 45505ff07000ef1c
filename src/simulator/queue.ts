/** Something that will happen, unless `run` is taken away before. */
export interface Happening {
  readonly time: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** A binary heap in order of (time, order). What was called off stays until its turn, or until it is most of the heap. */
export interface Queue {
  push(item: Happening): void;
  pop(): Happening | undefined;
  /** One of those within was called off. */
  calledOff(): void;
}

export function createQueue(): Queue {
  let heap: Happening[] = [];
  let dead = 0;

  /** Deadlines of attempts that ended long ago would otherwise be carried along for ten minutes. */
  function sweep(): void {
    heap = heap.filter(({ run }) => run !== undefined);
    dead = 0;
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at, heap[at]!);
  }

  return {
    push(item) {
      heap.push(item);
      rise(heap, item);
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (heap.length > 0) sink(heap, 0, last);
      if (first.run === undefined) dead -= 1;
      return first;
    },
    calledOff() {
      dead += 1;
      if (dead > 10_000 && dead > heap.length / 2) sweep();
    },
  };
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** The last of the heap finds its place. */
function rise(heap: Happening[], item: Happening): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (!isBefore(item, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = item;
}

/** `item` finds its place from `at` down. */
function sink(heap: Happening[], from: number, item: Happening): void {
  let at = from;
  while (true) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const least = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
    if (!isBefore(heap[least]!, item)) break;
    heap[at] = heap[least]!;
    at = least;
  }
  heap[at] = item;
}
