import * as z from 'zod';

/**
 * As much of an inventory as can be read when parts of it are wrong, so that one run reports all problems.
 * Whatever does not fit is undefined, and items keep their places, so that paths stay right.
 */
const maybeText = z.string().optional().catch(undefined);
const maybeNumber = z.int().optional().catch(undefined);

const draftHost = z
  .object({
    name: maybeText,
    address: maybeText,
    privateAddress: maybeText,
    ports: z.array(maybeNumber).catch([]),
    zone: maybeText,
    connection: maybeText,
    ssh: z.object({ port: maybeNumber }).catch({}).default({}),
  })
  .optional()
  .catch(undefined);

const draftSchema = z.object({
  mode: z.string().catch('cluster').default('cluster'),
  version: maybeText,
  install: maybeText,
  replicas: maybeNumber,
  antiAffinity: z.string().catch('host').default('host'),
  connection: z.string().catch('ssh').default('ssh'),
  ssh: z.object({ port: maybeNumber }).catch({}).default({}),
  auth: z
    .looseObject({ password: z.unknown().optional(), application: z.unknown().optional() })
    .catch({})
    .default({}),
  firewall: z
    .object({ clients: z.array(maybeText).catch([]).default([]) })
    .catch({ clients: [] })
    .default({ clients: [] }),
  hosts: z.array(draftHost).catch([]).default([]),
  config: z.record(z.string(), z.unknown()).catch({}).default({}),
});

export type Draft = z.output<typeof draftSchema>;

/** A host of the draft with its place in `hosts`, and the inventory-wide connection applied. */
export type DraftHost = NonNullable<Draft['hosts'][number]> & {
  readonly index: number;
  readonly local: boolean;
};

/** Reads what can be read; never throws. */
export function readDraft(value: unknown): Draft {
  return draftSchema.catch(draftSchema.parse({})).parse(value);
}

/** The hosts that could be read. */
export function draftHosts(draft: Draft): readonly DraftHost[] {
  return draft.hosts.flatMap((host, index) =>
    host === undefined ? [] : [{ ...host, index, local: (host.connection ?? draft.connection) === 'local' }],
  );
}
