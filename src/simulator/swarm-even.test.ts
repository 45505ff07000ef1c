import { testSeeds } from "../../test/rigs/swarm.ts";

testSeeds("even");
