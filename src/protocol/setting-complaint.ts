import * as z from "zod";

/**
 * What a setting should have been, in the words of whoever writes it: "must be a whole number from 0 to 65535".
 * `schema` is the setting's own; `issue` may be about one entry of its list.
 */
export function settingComplaint(schema: unknown, issue: z.core.$ZodIssue): string {
  const setting = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (setting instanceof z.ZodNumber) return `must be ${numberWanted(setting)}`;
  if (setting instanceof z.ZodEnum)
    return `must be ${setting.options.join(", ").replace(/, ([^,]*)$/, " or $1")}`;
  if (setting instanceof z.ZodBoolean) return "must be true or false";
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "array" ? "must be a list" : "must be text";
    case "too_small":
      return "must not be empty";
    case "too_big":
      return `may have at most ${issue.maximum} ${issue.origin === "array" ? "entries" : "characters"}`;
    case "invalid_format":
      if (issue.format === "url") return "must be a URL";
      return `must be ${issue.message}`;
    default:
      return issue.message;
  }
}

function numberWanted({ minValue, maxValue, isInt }: z.ZodNumber): string {
  const kind = isInt ? "a whole number" : "a number";
  const bounded = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER;
  return bounded ? `${kind} from ${minValue} to ${maxValue}` : `${kind} of at least ${minValue}`;
}
