import { expect, test } from "vitest";
import { networkRange } from "./network-range.ts";

test.each([
  ["10.1.2.3", "10.1"],
  ["::ffff:10.1.2.3", "10.1"],
  ["2001:db8:1:2::3", "2001:db8:1:2"],
  ["[2001:DB8:0001:2::3]", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:db8:0:0:1::5", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["node.example", "node.example"],
  ["16Uiu2HAm", "16Uiu2HAm"],
])("%s stands in %s, however it is written", (host, range) => {
  expect(networkRange(host, { v4: 2, v6: 4 })).toBe(range);
});
