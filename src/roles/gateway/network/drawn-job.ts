import { requestDigest } from "../../../domain/verification/drawn-answer.ts";
import { drawnSeed } from "../../../domain/verification/seed.ts";
import type { Beacons } from "../../../ports.ts";
import { kindOf } from "../../../protocol/errors.ts";
import { type DrawFailure, type Drawn, draw } from "./drawing.ts";
import type { JobListener, JobRequest, Roster, RunningJob, RunPorts } from "./job-ports.ts";
import type { NetworkRoster, Wanted } from "./roster.ts";
import { runJob } from "./run-job.ts";

/** Where it finds who could be drawn and who was, and leaves what it learnt of them. */
export interface DrawRoster {
  readonly roster: NetworkRoster;
  readonly wanted: Wanted;
  readonly learning: Roster;
}

/**
 * A job whose executor, witnesses and seed are drawn by a block later than its request. Until then nobody is at work;
 * from then on it is a job like any other, whose prospects are those drawn, in the draw's order.
 */
export function runDrawnJob(
  { beacons, ...ports }: RunPorts & { readonly beacons: Beacons },
  { roster, wanted, learning }: DrawRoster,
  request: JobRequest,
  listener: JobListener,
): RunningJob {
  const { clock, log } = ports;
  const { spec, policy, tokensDefault } = request;
  const begun = clock.now();
  const stop = new AbortController();
  const limit = spec.tokensMax ?? tokensDefault;
  let job: RunningJob | undefined;

  const asked = {
    ...{ job: spec.job, request: requestDigest({ ...spec, tokensMax: limit }), witnesses: policy.witnesses },
    ...{ candidates: () => roster.drawable(wanted), deadlineMs: policy.deadlineMs },
  };
  void draw({ ...ports, beacons }, asked, stop.signal)
    .catch((error: unknown): DrawFailure => {
      log.error("draw-failed", { job: spec.job, error: kindOf(error) });
      return { code: "no-beacon", message: "the draw failed" };
    })
    .then((drawn) => {
      if (stop.signal.aborted) return;
      if ("code" in drawn)
        listener({ ...{ kind: "fail", ...drawn }, goodTokens: 0, switches: 0, attempts: 0 });
      else job = begin(drawn);
    });
  return {
    satisfy: () => job?.satisfy(),
    cancel() {
      stop.abort();
      job?.cancel();
    },
  };

  function begin({ peers, noted, by }: Drawn): RunningJob {
    const prospects: Roster["prospects"] = (without) =>
      roster.prospectsIn(
        peers.filter((peer) => !without.includes(peer)),
        wanted,
      );
    const { seed } = spec.sampling;
    const sampling = { ...spec.sampling, seed: drawnSeed(seed, by.beacon) };
    const deadlineMs = Math.max(1, policy.deadlineMs - (clock.now() - begun));
    return runJob(
      { ...ports, beacons },
      { ...learning, prospects },
      {
        ...request,
        ...{ spec: { ...spec, sampling }, policy: { ...policy, deadlineMs }, prospects: prospects([]) },
        drawn: { ...by, seed, limit },
        drawnOffers: noted.flatMap((peer) => roster.signedOf(peer) ?? []),
      },
      listener,
    );
  }
}
