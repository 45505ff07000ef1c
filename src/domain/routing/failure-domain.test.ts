import { expect, test } from "vitest";
import { failureDomain } from "./failure-domain.ts";

const stated = { operator: "o", region: "r", build: "b", hardware: "h" };
const networks = (...endpoints: string[]) =>
  failureDomain(stated, endpoints).filter((part) => part.startsWith("network"));

test("nodes in one range of addresses share it, whatever they state", () => {
  expect(networks("10.1.2.3:443", "10.1.200.4:8443")).toEqual(["network 10.1"]);
  expect(networks("[2001:db8:1:2::3]:443")).toEqual(["network 2001:db8:1"]);
  expect(networks("node.example:443")).toEqual(["network node.example"]);
  expect(networks()).toEqual([]);
  expect(failureDomain(stated, [])).toEqual(["operator o", "region r", "build b", "hardware h"]);
});
