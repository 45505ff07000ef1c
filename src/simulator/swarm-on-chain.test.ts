import { testOnChain } from "../../test/rigs/swarm.ts";

testOnChain();
