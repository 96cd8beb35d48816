import * as z from 'zod';

/**
 * What became of a command. abandoned: its process was killed or cut off; the next holder of the lock wrote
 * it.
 */
const outcomes = ['done', 'failed', 'refused', 'interrupted', 'abandoned'] as const;

const lineSchema = z.object({
  schemaVersion: z.literal(1),
  /** Id of the run: one command writes the same id on every host. */
  run: z.string(),
  /** ISO 8601, by the operator's clock. */
  since: z.string(),
  durationMs: z.number().optional(),
  /** `user@machine` of the operator. */
  who: z.string(),
  /** Where the connection came from, as the host saw it (SSH_CONNECTION); `local` without SSH. */
  from: z.string(),
  /** The command line, without secrets. */
  command: z.string(),
  cluster: z.string(),
  /** sha256 of the inventory file. */
  inventory: z.string(),
  outcome: z.enum(outcomes),
  /** Why it was not done. */
  message: z.string().optional(),
});

/** One line of a host's audit log. */
export type AuditLine = Readonly<z.infer<typeof lineSchema>>;

const longest = 500;

/** One JSON line with its newline, short enough that one write(2) appends it whole. */
export function formatAuditLine(line: AuditLine): string {
  return `${JSON.stringify({
    ...line,
    command: shorten(line.command),
    ...(line.message !== undefined && { message: shorten(line.message) }),
  })}\n`;
}

/**
 * The lines of a log that are ours and whole, oldest first; others (a full disk cut them off) are counted.
 */
export function parseAuditLog(text: string): {
  readonly lines: readonly AuditLine[];
  readonly damaged: number;
} {
  const parsed = text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
  const lines = parsed.filter((line) => line !== undefined);
  return { lines, damaged: parsed.length - lines.length };
}

/** The text with every known secret masked. Short ones are left: they would mask half of the text. */
export function maskSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets
    .filter((secret) => secret !== undefined && secret.length >= 4)
    .reduce<string>((masked, secret) => masked.replaceAll(secret ?? '', '***'), text);
}

function parseLine(text: string): AuditLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
