import { Option } from 'commander';
import type { CommandSpec, Parameter } from '../command.ts';
import { commands, globalOptions } from '../registry.ts';

/** The names that an inventory has; empty where there is none. */
export type Names = {
  readonly nodes: readonly string[];
  readonly shards: readonly string[];
  readonly hosts: readonly string[];
};

export type Offer = { readonly value: string; readonly description: string };

/** `files`: names of files fit as well. */
export type Offers = { readonly offers: readonly Offer[]; readonly files: boolean };

/**
 * What the last of the words may become, of a command line without the program's name; it may be ''. Pure.
 */
export function offersFor(words: readonly string[], names: Names): Offers {
  const current = words.at(-1) ?? '';
  const place = placeOf(words.slice(0, -1));
  const [, flag, value] = /^(--[\w-]+)=(.*)$/.exec(current) ?? [];
  if (flag !== undefined && value !== undefined && place.value === undefined) {
    const given = optionsOf(place.command).find(({ long }) => long === flag);
    const { offers, files } = valuesOf(given?.parameter, { current: value, names });
    return { offers: offers.map((offer) => ({ ...offer, value: `${flag}=${offer.value}` })), files };
  }
  if (place.value) return valuesOf(place.value, { current, names });
  if (current.startsWith('-') && !place.isEnded)
    return { offers: flagsFor(place.command, current), files: false };
  if (!place.command)
    return {
      offers: startingWith(
        current,
        commands.map(({ name, summary }) => ({ value: name, description: summary })),
      ),
      files: false,
    };
  return valuesOf(argumentAt(place.command, place.position), { current, names });
}

type Command = Pick<CommandSpec, 'name' | 'arguments' | 'options'>;

type Place = {
  readonly command: Command | undefined;
  /** The option whose value comes next. */
  readonly value: Parameter | undefined;
  /** How many arguments the command has before this one. */
  readonly position: number;
  /** After `--` every word is an argument. */
  readonly isEnded: boolean;
};

function placeOf(words: readonly string[]): Place {
  let place: Place = { command: undefined, value: undefined, position: 0, isEnded: false };
  for (const word of words) place = step(place, word);
  return place;
}

function step(place: Place, word: string): Place {
  const { command, value, position, isEnded } = place;
  if (value) return { ...place, value: undefined };
  if (word === '--' && !isEnded) return { ...place, isEnded: true };
  if (word.startsWith('-') && !isEnded) {
    const option = optionsOf(command).find(({ long, short }) => word === long || word === short);
    return option?.required ? { ...place, value: option.parameter } : place;
  }
  if (command) return { ...place, position: position + 1 };
  return { ...place, command: commands.find(({ name }) => name === word) ?? unknownCommand(word) };
}

/** Nothing can follow it but what every command takes. */
const unknownCommand = (name: string): Pick<CommandSpec, 'name'> => ({ name });

type Known = {
  readonly long: string;
  readonly short: string | undefined;
  readonly required: boolean;
  readonly parameter: Parameter;
};

/** The options that may stand there: everybody's, and those of the command. */
const optionsOf = (command: Command | undefined): readonly Known[] =>
  [...(command?.options ?? []), ...globalOptions, help].map((parameter) => {
    const { long, short, required } = new Option(parameter[0]);
    return { long: long ?? '', short, required, parameter };
  });

const help: Parameter = ['-h, --help', 'display help for command'];

function flagsFor(command: Command | undefined, current: string): readonly Offer[] {
  const all = optionsOf(command).flatMap(({ long, short, parameter: [, description] }) =>
    [long, short].flatMap((value) => (value === undefined ? [] : [{ value, description }])),
  );
  // Short forms are offered where one dash was typed.
  return startingWith(
    current,
    all.filter(({ value }) => value.startsWith('--') || !current.startsWith('--')),
  );
}

function argumentAt({ arguments: all = [] }: Command, position: number): Parameter | undefined {
  const last = all.at(-1);
  return all[position] ?? (last?.[0].includes('...') ? last : undefined);
}

function valuesOf(
  parameter: Parameter | undefined,
  { current, names }: { readonly current: string; readonly names: Names },
): Offers {
  const kinds = parameter?.[2] ?? [];
  const values = kinds.flatMap((kind): readonly Offer[] => {
    const named = { NODE: names.nodes, SHARD: names.shards, HOST: names.hosts, FILE: [] }[kind];
    return named
      ? named.map((value) => ({ value, description: kind.toLowerCase() }))
      : [{ value: kind, description: '' }];
  });
  return { offers: startingWith(current, values), files: kinds.includes('FILE') };
}

const startingWith = (current: string, offers: readonly Offer[]): readonly Offer[] =>
  offers.filter(({ value }) => value.startsWith(current));
