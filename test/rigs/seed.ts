import fc from "fast-check";

/**
 * Properties are tried on the same examples every time, so that what nobody changed does not fail one day in a hundred.
 * `HOLDFAST_SEED=7 npx vitest run …` looks elsewhere; what it finds becomes an example of its property.
 */
fc.configureGlobal({ seed: Number(process.env["HOLDFAST_SEED"] ?? 1) });
