import { faults } from "./faults/catalogue.ts";
import { scenarios } from "./scenarios/catalogue.ts";

const list = Object.entries(scenarios).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`);

export const helpText = `Runs a network of simulated nodes: the real gateway and provider code over a simulated
clock, network, chain, disk and engine. One seed gives one run, event by event.

  npm run simulate -- [options]

  --seed <n>            which run (default 1)
  --nodes <n>           providers (default 100)
  --requests <n>        answers asked for (default 10 for each node)
  --scenario <name>     what happens (default blackout), see below
  --fault <name>        how nodes fail (default kill): ${Object.keys(faults).join(", ")}
  --share <0..1 or %>   how many fail (default 30%)
  --correlated <what>   all of a region, operator or build together (default none)
  --gateways <n>        clients' gateways, each knowing every offer (default 1 for each 100 nodes, at most 20)
  --load <0..>          requests a second, as a share of what the nodes left can carry (default 0.4)
  --slots <n>           jobs each node runs at once (default 4)
  --tokens <n>          longest answer (default 32)
  --hold-ms <n>         hold budget (default 250)     --witnesses <n>  for each answer (default 2)
  --delay-ms <n>        mean delay of a message (default 5)
  --loss <0..1>         share of messages sent again  --refusal <0..1> share of dials refused
  --calm-ms <n>         spread the requests after healing over this, to see that nobody is starved for ever
  --swarm <seed>        a run of \`npm test\`: the seed draws all other options
  --swarm-on-chain <seed>  the same where blocks draw committees and auditors; where nobody watches
                        (scenario audits) lies are silent failures, and \`convicted\` are those that audits found
  --routing-cost        instead: what beginning one answer costs a gateway among 100 and among 10,000 nodes
  --detectors           instead: how soon ours and phi-accrual find a speaker dead, at the same false alarms, as Markdown
  --json                one JSON line instead of a table

Scenarios:
${list.join("\n")}

Examples:
  npm run simulate -- --nodes 10000 --requests 100000 --scenario blackout --json
  npm run simulate -- --nodes 1000 --fault hang --share 50% --correlated region
  npm run simulate -- --seed 17 --scenario storm --loss 0.02

Exit codes: 0 nothing wrong, 1 a checker found something, 2 wrong usage, 130 stopped with Ctrl-C.
`;
