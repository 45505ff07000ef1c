import type { ZodError } from "zod";

/** Where a value first breaks its schema, and how. It may hold pieces of the value: not for what could be a prompt. */
export function firstIssue({ issues: [issue] }: ZodError): string {
  return `at ${issue?.path.join(".") || "its top"}: ${issue?.message}`;
}
