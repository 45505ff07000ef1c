import { cpus, hostname } from "node:os";
import { join as joinPath } from "node:path";
import { createBeacons } from "../adapters/chain/beacons.ts";
import { devPayerKey } from "../adapters/chain/deploy.ts";
import { ensureBond } from "../adapters/chain/operator.ts";
import { ensureModel } from "../adapters/chain/registrant.ts";
import { openReceipts } from "../adapters/disk/receipts.ts";
import { createListener } from "../adapters/http2/listener.ts";
import { verify } from "../adapters/keys/session.ts";
import { openSessions } from "../adapters/keys/sessions.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import { systemRandom as random } from "../adapters/system/random.ts";
import type { Engine, Log } from "../ports.ts";
import { limits } from "../protocol/limits.ts";
import { createKeptClosings } from "../roles/provider/closings.ts";
import { startProvider } from "../roles/provider/provider.ts";
import { createSequence } from "../roles/provider/sequence.ts";
import { readTolerances } from "./calibration.ts";
import { canReferee, openEmbeddings, openEngine, openReferenceEngine } from "./engine.ts";
import { makeHome } from "./home-folder.ts";
import { endpointsOf, join, type Membership } from "./join.ts";
import { commandLog } from "./log.ts";
import { processOf, recordAlone } from "./run-file.ts";
import { type Flags, readSettings, type Settings } from "./settings.ts";
import { onStop } from "./stopping.ts";

/** What the command wires a provider from, and a test another. */
export interface ProviderParts {
  readonly open: typeof openEngine;
  readonly talk?: Parameters<typeof startProvider>[2];
}

/** `holdfast provider`: serves a model to the network until it is stopped. */
export async function provider(
  flags: Flags,
  { open, talk }: ProviderParts = { open: openEngine },
): Promise<void> {
  const settings = readSettings(flags, process.env);
  makeHome(settings.home);
  const log = commandLog(settings);
  const closers: Array<() => unknown> = [];
  const ending = onStop(async () => {
    for (const close of closers.reverse()) await close();
  });
  const listen = settings.listen ?? "0.0.0.0";
  // The model takes longest to load; the node joins, and its bond is seen to, meanwhile.
  const [engine, embeddings, member] = await Promise.all([
    open(settings, ending),
    openEmbeddings(settings),
    join(settings, log, listen).then(async (joined) => {
      closers.push(joined.close);
      await bond(settings, joined, log);
      return joined;
    }),
  ]);
  const engines = [engine, ...embeddings];
  for (const each of engines) await registerModel(settings, member, each, log);
  const { node } = member;
  const { session, signerOf } = openSessions({ store: member.store, random, clock }, member.key);
  const sealed = openReceipts({ log }, joinPath(settings.home, "sealed"), limits.sealedRoom);
  closers.push(sealed.close);
  const { key, certificate, fingerprint } = session.tls;
  const listener = await createListener(
    { clock, log },
    { key, certificate, host: listen, port: settings.dataPort ?? 0 },
  );
  closers.push(listener.close);
  await node.serveRelayed(listener.serve);
  const endpoints = endpointsOf(settings, listener.endpoint);
  await startProvider(
    {
      ...{ listener, market: node, engines, signer: session, verify, clock, log, random },
      ...{ sealed, signerOf, beacons: createBeacons({ log }, member.network) },
      ...(canReferee(settings) ? { openReference: (signal) => openReferenceEngine(settings, signal) } : {}),
      sequence: createSequence({ store: member.store, clock }),
      closings: createKeptClosings({ store: member.store, clock }),
      tolerances: await readTolerances(settings.home, member.address),
    },
    {
      identity: { node: member.address, market: member.network },
      ...{ certificate: fingerprint, endpoints },
      domain: domainOf(settings, engine),
      priceIn: settings.priceIn ?? "0",
      priceOut: settings.priceOut ?? "0",
    },
    talk,
  );
  // Finding this model in the hash table is one way more to be found; not a condition for serving.
  void node
    .noticeModels(engines.map(({ model }) => model))
    .catch((error) => log.debug("model.not-noticed", { detail: String(error) }));
  tell(flags, settings, member, { engine, endpoint: endpoints[0] ?? "by relay" });
}

function tell(
  flags: Flags,
  settings: Settings,
  { node, address }: Membership,
  { engine, endpoint }: { engine: Engine; endpoint: string },
): void {
  const { home } = settings;
  const facts = { peer: node.peer, address, endpoint, model: engine.model };
  const model = { id: engine.model, name: engine.name };
  recordAlone(commandLog(settings), home, {
    model,
    providers: [{ name: "provider", ...processOf(), ...facts }],
  });
  if (flags["json"]) console.log(JSON.stringify({ ...facts, model }));
  else console.error(`Serving ${engine.name} as ${node.peer} at ${endpoint}\nCtrl-C stops it.`);
}

/** What each node of a local network stakes, smallest unit: a hundred coins that exist nowhere else. */
const localStake = 100n * 10n ** 18n;

async function bond(settings: Settings, { key, network }: Membership, log: Log): Promise<void> {
  const stake = settings.stake === undefined ? (settings.local ? localStake : 0n) : BigInt(settings.stake);
  if (stake === 0n) return;
  const { rpcs, bonds } = network;
  const payer = settings.local ? { payerKey: devPayerKey } : {};
  const { node, changed } = await ensureBond({ rpcs, bonds, key, stake, ...payer });
  log.info("node.bonded", { node, stake: stake.toString(), changed });
}

/** On a local network the model is registered too; elsewhere that is its publisher's to do. */
async function registerModel(
  settings: Settings,
  member: Membership,
  engine: Engine,
  log: Log,
): Promise<void> {
  if (settings.local !== true) return;
  const { rpcs, models } = member.network;
  const done = await ensureModel({ rpcs, models, payerKey: devPayerKey, model: engine.model });
  log.info("model.registered", { model: engine.model, done });
}

/** What can fail together with this node, as its operator says or as the machine tells. */
function domainOf(settings: Settings, engine: Engine) {
  const [processor] = cpus();
  return {
    operator: settings.operator ?? hostname().slice(0, 128),
    region: settings.region ?? "",
    build: engine.profile.slice(0, 128),
    hardware: (processor?.model ?? process.arch).trim().slice(0, 128),
  };
}
