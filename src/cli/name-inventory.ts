import { resolve } from 'node:path';
import { shQuote } from '../base/sh.ts';
import type { OperationEvent } from '../session/events.ts';
import { commands } from './registry.ts';

const ownCommand = new RegExp(
  `\\bweedgo-redis (?=(?:${commands.map(({ name }) => name).join('|')})\\b)`,
  'g',
);

/**
 * Gives the commands in a text the inventory that this one was run with: pasted without it they would act on
 * the inventory of the current folder. `file`: what -i named; undefined: what is pasted finds the same one by
 * itself.
 */
export function nameInventory(text: string, file: string | undefined): string {
  if (file === undefined) return text;
  const path = resolve(file);
  const word = /^[\w@%+=:,./-]+$/.test(path) ? path : shQuote(path);
  return text.replaceAll(ownCommand, () => `weedgo-redis -i ${word} `);
}

/** The same for every text of a document. */
export function nameInventoryIn(document: unknown, file: string | undefined): unknown {
  if (file === undefined) return document;
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) =>
    typeof value === 'string' ? nameInventory(value, file) : value,
  );
}

/** The same for an event: only warnings have commands in them. */
export function nameInventoryOf(event: OperationEvent, file: string | undefined): OperationEvent {
  if (event.type !== 'warning') return event;
  const { message, hints = [] } = event;
  return {
    ...event,
    message: nameInventory(message, file),
    hints: hints.map((hint) => nameInventory(hint, file)),
  };
}
