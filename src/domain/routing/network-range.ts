/**
 * The range of addresses that a host stands in: of IPv4 the first `parts.v4` of its four bytes, of IPv6 the first
 * `parts.v6` of its eight groups, however it is abbreviated. A name, or what is no address, as it stands.
 */
export function networkRange(host: string, parts: { readonly v4: number; readonly v6: number }): string {
  const address = host.replace(/^\[|\]$/g, "");
  const v4 = /^(?:::ffff:)?(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4.split(".").slice(0, parts.v4).join(".");
  return address.includes(":") ? groupsOf(address.toLowerCase()).slice(0, parts.v6).join(":") : address;
}

/** The groups before the shortest form's `::`, and the zeros it stands for (RFC 5952 §4.2). */
function groupsOf(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined) => (text ? text.split(":") : []);
  const [before, after] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(zeros).fill("0"), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  );
}
