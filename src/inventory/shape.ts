import * as z from 'zod';
import { inventorySchema } from './schema.ts';
import type { Path } from './source.ts';

/** The parts of JSON Schema that the inventory's schema uses. */
export type Shape = {
  readonly type?: string | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly properties?: Readonly<Record<string, Shape>> | undefined;
  readonly items?: Shape | undefined;
  readonly additionalProperties?: Shape | boolean | undefined;
  readonly anyOf?: readonly Shape[] | undefined;
};

const shape: z.ZodType<Shape> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    properties: z.record(z.string(), shape).optional(),
    items: shape.optional(),
    additionalProperties: z.union([z.boolean(), shape]).optional(),
    anyOf: z.array(shape).optional(),
  }),
);

/** What the schema allows at `path`; undefined where it allows nothing. */
export function shapeAt(path: Path): Shape | undefined {
  let at: Shape | undefined = shape.parse(z.toJSONSchema(inventorySchema, { io: 'input', reused: 'inline' }));
  for (const part of path) {
    const rest: Shape | boolean | undefined = at?.additionalProperties;
    const other: Shape | undefined = typeof rest === 'object' ? rest : undefined;
    at = typeof part === 'number' ? at?.items : (at?.properties?.[part] ?? other);
  }
  return at;
}
