import { list, map, nothing, string, struct } from '../../services/graph/domain/values/kinds.testing.ts';
import type { ValueKind } from '../../services/graph/domain/values/value.ts';
import type { EngineValue } from './engine-values.ts';

/** A nested type and its values, made of any leaf. */
export interface ValueContext {
  readonly name: string;
  /** The engine's text of the type. */
  readonly type: (leaf: string) => string;
  readonly cypher: (leaf: string, type: string) => string;
  readonly kind: (leaf: ValueKind) => ValueKind;
  /** What REST shows. */
  readonly rest: (leaf: unknown, kind: ValueKind) => unknown;
}

const itself: ValueContext = {
  name: 'itself',
  type: (leaf) => leaf,
  cypher: (leaf) => leaf,
  kind: (leaf) => leaf,
  rest: (leaf) => leaf,
};

const inList: ValueContext = {
  name: 'a list',
  type: (leaf) => `${leaf}[]`,
  cypher: (leaf) => `[${leaf}, NULL]`,
  kind: (leaf) => list(leaf, nothing),
  rest: (leaf) => [leaf, null],
};

const inStruct: ValueContext = {
  name: 'a struct',
  type: (leaf) => `STRUCT(a ${leaf}, b ${leaf}[])`,
  cypher: (leaf) => `{a: ${leaf}, b: [${leaf}]}`,
  kind: (leaf) => struct({ a: leaf, b: list(leaf) }),
  rest: (leaf) => ({ a: leaf, b: [leaf] }),
};

const inMap: ValueContext = {
  name: "a map's value",
  type: (leaf) => `MAP(STRING, ${leaf})`,
  cypher: (leaf) => `map(['10', ', 2='], [${leaf}, ${leaf}])`,
  kind: (leaf) => map([string('10'), leaf], [string(', 2='), leaf]),
  rest: (leaf) => ({ '10': leaf, ', 2=': leaf }),
};

const asKey: ValueContext = {
  name: "a map's key",
  type: (leaf) => `MAP(${leaf}, STRING)`,
  cypher: (leaf) => `map([${leaf}], ['=v'])`,
  kind: (leaf) => map([leaf, string('=v')]),
  rest: (leaf, kind) => (kind.case === 'stringValue' ? { [String(leaf)]: '=v' } : [[leaf, '=v']]),
};

const inStructs: ValueContext = {
  name: 'a list of structs of lists',
  type: (leaf) => `STRUCT(a ${leaf}[], s STRING)[]`,
  cypher: (leaf) => `[{a: [${leaf}, NULL], s: '],'}, {a: [${leaf}], s: ''}]`,
  kind: (leaf) =>
    list(struct({ a: list(leaf, nothing), s: string('],') }), struct({ a: list(leaf), s: string('') })),
  rest: (leaf) => [
    { a: [leaf, null], s: '],' },
    { a: [leaf], s: '' },
  ],
};

/** What a table's property, a parameter and a result can be. */
export const commonContexts: readonly ValueContext[] = [
  itself,
  inList,
  inStruct,
  inMap,
  asKey,
  inStructs,
  nest('a list of maps', inMap, {
    type: (inner) => `${inner}[]`,
    cypher: (inner) => `[${inner}, NULL]`,
    kind: (inner) => list(inner, nothing),
    rest: (inner) => [inner, null],
  }),
  nest('a list of lists of maps by key', asKey, {
    type: (inner) => `${inner}[][]`,
    cypher: (inner) => `[[${inner}]]`,
    kind: (inner) => list(list(inner)),
    rest: (inner) => [[inner]],
  }),
  nest('a list of structs of maps', inMap, {
    type: (inner) => `STRUCT(m ${inner})[]`,
    cypher: (inner) => `[{m: ${inner}}]`,
    kind: (inner) => list(struct({ m: inner })),
    rest: (inner) => [{ m: inner }],
  }),
];

/** What a parameter cannot be, as it has no such type. */
export const storedContexts: readonly ValueContext[] = [
  {
    name: 'an array',
    type: (leaf) => `${leaf}[2]`,
    cypher: (leaf, type) => `cast([${leaf}, ${leaf}] AS ${type}[2])`,
    kind: (leaf) => list(leaf, leaf),
    rest: (leaf) => [leaf, leaf],
  },
  {
    name: 'a union',
    type: (leaf) => `UNION(a ${leaf}, l ${leaf}[])`,
    cypher: (leaf) => `union_value(a := ${leaf})`,
    kind: (leaf) => struct({ a: leaf }),
    rest: (leaf) => ({ a: leaf }),
  },
];

/** A value in a context, said in every form. */
export function toCell(context: ValueContext, type: string, value: EngineValue) {
  return {
    type: context.type(type),
    cypher: value.cypher === undefined ? undefined : context.cypher(value.cypher, type),
    kind: context.kind(value.kind),
    rest: context.rest(value.rest, value.kind),
  };
}

function nest(
  name: string,
  inner: ValueContext,
  outer: {
    readonly type: (inner: string) => string;
    readonly cypher: (inner: string) => string;
    readonly kind: (inner: ValueKind) => ValueKind;
    readonly rest: (inner: unknown) => unknown;
  },
): ValueContext {
  return {
    name,
    type: (leaf) => outer.type(inner.type(leaf)),
    cypher: (leaf, type) => outer.cypher(inner.cypher(leaf, type)),
    kind: (leaf) => outer.kind(inner.kind(leaf)),
    rest: (leaf, kind) => outer.rest(inner.rest(leaf, kind)),
  };
}
