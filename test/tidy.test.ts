import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

/**
 * The house's conventions (CONTRIBUTING.md) as far as a program can check them. Each finding names file and line and
 * says what to do instead.
 */
const root = join(import.meta.dirname, "..");

interface File {
  readonly path: string;
  readonly lines: readonly string[];
  /** The lines with comments and the contents of strings blanked out. */
  readonly code: readonly string[];
  readonly room: string;
}

const files: readonly File[] = globSync(
  ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts", "scripts/**/*.{mjs,ts}"],
  { cwd: root },
)
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => !path.endsWith(".generated.ts"))
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const [, room = ""] = /^src\/([a-z]+)\//.exec(path) ?? [];
    return { path, lines: text.split("\n"), code: withoutWords(text).split("\n"), room };
  });

const source = files.filter(({ path }) => path.startsWith("src/"));
const product = source.filter(({ path }) => !path.endsWith(".test.ts"));

/** The findings of `look` over each line, as `file:line what to do`. */
function findings(
  of: readonly File[],
  look: (line: string, file: File, index: number) => string | undefined,
  raw = false,
): string[] {
  return of.flatMap((file) =>
    (raw ? file.lines : file.code).flatMap((line, index) => {
      const advice = look(line, file, index);
      return advice === undefined ? [] : [`${file.path}:${index + 1} ${advice}`];
    }),
  );
}

describe("the checks that ran before the tests", () => {
  const results = JSON.parse(process.env["HOLDFAST_CHECKS"] ?? "{}") as Record<string, string>;
  for (const [name, result] of Object.entries(results)) {
    test(`passed: ${name}`, () => expect(result, "its own words are above the tests' output").toBe("passed"));
  }
  test("are the only way in: npm test runs the bootstrap", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(scripts["test"]).toBe("node scripts/bootstrap.mjs test");
  });
});

describe("the arrows between the rooms", () => {
  /** What a room may import: rooms, and patterns of packages. */
  const allowed: Readonly<Record<string, { rooms: readonly string[]; packages: RegExp }>> = {
    domain: { rooms: ["domain"], packages: /^@noble\/hashes(\/|$)/ },
    protocol: { rooms: ["protocol", "domain"], packages: /^zod$/ },
    "ports.ts": { rooms: ["protocol", "domain"], packages: /^$/ },
    roles: { rooms: ["roles", "ports.ts", "protocol", "domain"], packages: /^@noble\/hashes(\/|$)/ },
    adapters: { rooms: ["adapters", "ports.ts", "protocol", "domain"], packages: /./ },
    simulator: {
      rooms: ["simulator", "roles", "ports.ts", "protocol", "domain"],
      packages: /^@noble\/hashes(\/|$)/,
    },
    commands: {
      rooms: ["commands", "adapters", "simulator", "roles", "ports.ts", "protocol", "domain"],
      packages: /^(node:|commander$|zod$)/,
    },
    "main.ts": { rooms: ["commands", "protocol"], packages: /^node:/ },
  };

  test("are one-way", () => {
    const strays = product.flatMap((file) => {
      const from = file.room === "" ? file.path.slice("src/".length) : file.room;
      const rule = allowed[from];
      if (rule === undefined) return [`${file.path}:1 is in no room; the rooms are in ARCHITECTURE.md`];
      return importsOf(file).flatMap(({ specifier, line }) => {
        const to = roomOf(file, specifier);
        const fine = to === undefined ? rule.packages.test(specifier) : rule.rooms.includes(to);
        const instead = `${from} may import ${rule.rooms.join(", ")}: pass it in through ports, or move the code`;
        return fine ? [] : [`${file.path}:${line} imports ${specifier}; ${instead}`];
      });
    });
    expect(strays).toEqual([]);
  });

  test("between adapters are few: each is a leaf around one outside thing", () => {
    /** What leans on what, and why that is no tangle. */
    const leans: Readonly<Record<string, readonly string[]>> = {
      // A node's key is its account and its peer id: one identity, in one place.
      chain: ["keys"],
      // The same framing on both planes: lines, bounded.
      libp2p: ["keys", "http2"],
      http2: ["keys"],
      // An engine's sequence does one thing at a time, whichever engine it is.
      llama: ["system"],
      openai: ["system"],
    };
    const strays = product
      .filter(({ room }) => room === "adapters")
      .flatMap((file) => {
        const own = file.path.split("/")[2] ?? "";
        return importsOf(file).flatMap(({ specifier, line }) => {
          if (!specifier.startsWith(".")) return [];
          const target = join(dirname(file.path), specifier).split("/");
          const other = target[1] === "adapters" ? (target[2] ?? "") : own;
          const fine = other === own || (leans[own] ?? []).includes(other);
          return fine
            ? []
            : [`${file.path}:${line} imports adapter ${other}; wire the two in commands/ instead`];
        });
      });
    expect(strays).toEqual([]);
  });

  test("leave a plain gateway without network, chain and model", () => {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      const file = source.find((each) => each.path === path);
      if (file === undefined || seen.has(path)) return;
      seen.add(path);
      for (const { specifier, type } of importsOf(file)) {
        if (!type && specifier.startsWith(".")) visit(join(dirname(path), specifier));
      }
    };
    visit("src/commands/upstream-gateway.ts");
    const heavy = [...seen].filter((path) =>
      /adapters\/(libp2p|http2|chain|llama|models|keys|sqlite)\//.test(path),
    );
    expect(seen.size).toBeGreaterThan(5);
    expect(heavy, "src/commands/upstream-gateway.ts must not load these").toEqual([]);
  });
});

describe("the pure rooms", () => {
  const outside: ReadonlyArray<[pattern: RegExp, instead: string]> = [
    [/\bDate\b/, "reads the clock; take `now` as an argument or from the Clock port"],
    [/\bMath\.random\b|\bcrypto\b/, "draws chance; take it as an argument or from the Random port"],
    [
      /\bset(Timeout|Interval|Immediate)\b|\bperformance\b/,
      "uses a timer; return an effect, or use the Clock port",
    ],
    [/\bconsole\b/, "prints; use the Log port"],
    [/\bfetch\(/, "calls the network; return an effect, or use a port"],
    [/\bprocess\.|\bglobalThis\b|\bBuffer\b/, "touches the process; take what it needs as an option"],
  ];

  test("touch no clock, chance, timer, console, network or process", () => {
    const pure = product.filter(({ room }) => ["domain", "protocol", "roles"].includes(room));
    expect(findings(pure, (line) => outside.find(([pattern]) => pattern.test(line))?.[1])).toEqual([]);
  });

  test("of rules are synchronous", () => {
    const rules = product.filter(({ room }) => room === "domain");
    const advice = "waits; a rule returns effects, and a role performs them";
    expect(
      findings(rules, (line) => (/\basync\b|\bawait\b|\bPromise\b/.test(line) ? advice : undefined)),
    ).toEqual([]);
  });
});

describe("files", () => {
  test("are at most 400 lines", () => {
    const long = files.filter(({ lines }) => lines.length > 401);
    expect(
      long.map(
        ({ path, lines }) =>
          `${path}:401 is ${lines.length - 1} lines; it holds more than one idea: split it`,
      ),
    ).toEqual([]);
  });

  test("are named for what they hold: lower-case nouns, no drawers, no barrels", () => {
    const odd = files.flatMap(({ path }) => {
      const words = path.replace(/((\.property)?\.test)?\.(ts|mjs)$/, "").split("/");
      if (words.some((word) => /^(utils?|helpers?|common|misc|shared|lib|index)$/.test(word))) {
        return [`${path}:1 is a drawer or a barrel; name it for the one idea it holds`];
      }
      return words.every((word) => /^[a-z0-9]+(-[a-z0-9]+)*(\.generated)?$/.test(word))
        ? []
        : [`${path}:1 should be in kebab-case`];
    });
    expect(odd).toEqual([]);
  });

  test("pass on nobody else's exports", () => {
    const advice = "is a barrel's line; import from where it is defined";
    expect(
      findings(product, (line) =>
        /^export\s+(\*|\{[^}]*\}|type\s+\{[^}]*\})\s+from\b/.test(line) ? advice : undefined,
      ),
    ).toEqual([]);
  });

  test("hold no leftovers, no skipped tests and no path of one machine", () => {
    // Put together here so that this file does not find itself.
    const rules: ReadonlyArray<[RegExp, string]> = [
      [
        new RegExp(
          `\\b(${["TO", "FIX", "XX"].map((word, at) => word + ["DO", "ME", "X"][at]).join("|")})\\b`,
        ),
        "is a leftover; do it, or write it into ROADMAP.md",
      ],
      [
        /\b(test|it|describe)\.(skip|only|todo|fails)\b/,
        "is a test that does not count; make it run or remove it",
      ],
      [/(["'`\s(=])\/(home|Users|root|workspace)\//, "is a path of one machine; derive it"],
    ];
    const conditional = /\.skipIf\(/;
    const found = findings(
      files,
      (line) => (conditional.test(line) ? undefined : rules.find(([pattern]) => pattern.test(line))?.[1]),
      true,
    );
    expect(found).toEqual([]);
  });
});

describe("functions", () => {
  test("are at most 70 lines", () => {
    const long = product.flatMap((file) => longFunctions(file));
    expect(long).toEqual([]);
  });
});

describe("limits", () => {
  test("each say why they are there", () => {
    const path = "src/protocol/limits.ts";
    const { lines } = files.find((file) => file.path === path) as File;
    const silent: string[] = [];
    let explained = false;
    lines.forEach((line, index) => {
      if (/^\s*(\/\*\*|\*|\/\/ [^-])/.test(line)) explained = true;
      else if (/^\s*$/.test(line) || /^\s*\/\/ ---/.test(line)) explained = false;
      // A comment may speak for the limits that follow it directly.
      else if (/^ {2}\w+: /.test(line) && !explained)
        silent.push(`${path}:${index + 1} has no reason; say why, and which abuse it prevents`);
    });
    expect(silent).toEqual([]);
  });
});

function importsOf(file: File): Array<{ specifier: string; line: number; type: boolean }> {
  const text = file.lines.join("\n");
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    specifier: match[3] ?? match[4] ?? "",
    line: text.slice(0, match.index + match[0].length).split("\n").length,
    type: match[2] !== undefined,
  }));
}

/** The room a relative import leads to; undefined for a package. */
function roomOf(file: File, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = relative("src", join(dirname(file.path), specifier)).replaceAll("\\", "/");
  return target.split("/")[0] ?? "";
}

const functionLinesMax = 70;

interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/**
 * Functions by their indentation, which the formatter keeps honest. Functions inside a function are counted by
 * themselves and not as part of it: a factory is as long as what it does itself.
 */
function longFunctions({ path, code }: File): string[] {
  const spans = code.flatMap((line, begin): Span[] => {
    const [, indent, ...names] = functionBegin.exec(line) ?? [];
    const name = names.find((each) => each !== undefined);
    if (indent === undefined || name === undefined || /^(if|for|while|switch|catch|with)$/.test(name))
      return [];
    const length = code
      .slice(begin + 1)
      .findIndex((each) => each.startsWith(`${indent}}`) && !/^\s*\} (else|catch)/.test(each));
    return length < 0 ? [] : [{ name, begin, end: begin + 1 + length }];
  });
  return spans.flatMap((span) => {
    const inside = spans.filter(({ begin, end }) => begin > span.begin && end < span.end);
    const outermost = inside.filter(
      (one) => !inside.some(({ begin, end }) => begin < one.begin && one.end < end),
    );
    const nested = outermost.reduce((sum, { begin, end }) => sum + end - begin + 1, 0);
    const length = span.end - span.begin + 1 - nested;
    return length <= functionLinesMax
      ? []
      : [`${path}:${span.begin + 1} ${span.name} has ${length} lines; take a step out of it and name it`];
  });
}

const functionBegin =
  /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\*? (\w+)|const (\w+) = (?:async )?\(?.*=> \{$|\*?#?(\w+)\(.*\)(?:: .*)? \{$)/;

/** Blanks comments and the contents of strings, keeping line numbers: words about a thing are not the thing. */
function withoutWords(text: string): string {
  const blank = (match: string) => match.replace(/[^\n]/g, " ");
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(
      /(^|[^:"'`\\])\/\/[^\n]*/g,
      (match, before: string) => before + blank(match.slice(before.length)),
    )
    .replace(
      /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g,
      (match) => match[0] + " ".repeat(match.length - 2) + match[0],
    );
}
