import type { Schema } from './field-schema.ts';

/** The component that a graph value is. */
export const graphValueName = 'GraphValue';

/** Graph values as REST JSON writes and reads them; by the name of their component. */
export const graphValueSchemas: Readonly<Record<string, Schema>> = {
  [graphValueName]: {
    description:
      'A value of a graph as plain JSON. Integers beyond 2^53, INT128 and DECIMAL are strings of digits; times are ' +
      'RFC 3339, intervals ISO 8601 durations, blobs base64; NaN and infinities are strings. A map is an object ' +
      'where its keys are distinct strings, otherwise an array of [key, value] pairs. The type of the column tells ' +
      'them apart. As a parameter, an object with "$type" is a TypedParameter.',
    anyOf: [
      { type: ['null', 'boolean', 'number', 'string'] },
      { type: 'array', items: { $ref: '#/components/schemas/GraphValue' } },
      { $ref: '#/components/schemas/GraphNode' },
      { $ref: '#/components/schemas/GraphRelationship' },
      { $ref: '#/components/schemas/GraphPath' },
      { $ref: '#/components/schemas/TypedParameter' },
      { type: 'object', additionalProperties: { $ref: '#/components/schemas/GraphValue' } },
    ],
  },
  TypedParameter: {
    description: 'A parameter with its engine type; the value is written as a result of that type shows it.',
    type: 'object',
    properties: {
      $type: { type: 'string', examples: ['TIMESTAMP', 'DECIMAL(18, 3)', 'INT64[]', 'MAP(INT64, STRING)'] },
      value: { $ref: '#/components/schemas/GraphValue' },
    },
    required: ['$type', 'value'],
    additionalProperties: false,
    examples: [{ $type: 'TIMESTAMP', value: '2026-01-02T03:04:05Z' }],
  },
  GraphNode: {
    description:
      'A node with its properties. A property that is itself named like "_id" has one more underscore.',
    type: 'object',
    properties: {
      _id: { type: 'string', pattern: '^[0-9]+:[0-9]+$' },
      _label: { type: 'string' },
    },
    required: ['_id', '_label'],
    additionalProperties: { $ref: '#/components/schemas/GraphValue' },
    examples: [{ _id: '0:12', _label: 'Person', name: 'Ada' }],
  },
  GraphRelationship: {
    description: 'A relationship with its ends and properties.',
    type: 'object',
    properties: {
      _id: { type: 'string', pattern: '^[0-9]+:[0-9]+$' },
      _label: { type: 'string' },
      _src: { type: 'string', pattern: '^[0-9]+:[0-9]+$' },
      _dst: { type: 'string', pattern: '^[0-9]+:[0-9]+$' },
    },
    required: ['_id', '_label', '_src', '_dst'],
    additionalProperties: { $ref: '#/components/schemas/GraphValue' },
  },
  GraphPath: {
    description: 'A walk through the graph: one node more than relationships.',
    type: 'object',
    properties: {
      nodes: { type: 'array', items: { $ref: '#/components/schemas/GraphNode' } },
      relationships: { type: 'array', items: { $ref: '#/components/schemas/GraphRelationship' } },
    },
    required: ['nodes', 'relationships'],
    additionalProperties: false,
  },
};
