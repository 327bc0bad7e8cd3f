import type { DescMessage } from '@bufbuild/protobuf';
import { type RestBinding, responseKind } from '../rest/binding.ts';
import { eventStream, ndjson } from '../rest/media-type.ts';
import { jsonFraming } from '../rest/stream-framing.ts';
import { answerHeaders, headerReference } from './components.ts';
import { fieldExample, messageExample, streamExample } from './example.ts';
import type { Schema } from './field-schema.ts';
import type { MessageSchemas } from './message-schema.ts';
import { isConditional } from './parameters.ts';

/** The responses of an operation that are no errors, by status. */
export function answerResponses(binding: RestBinding, schemas: MessageSchemas): Record<string, Schema> {
  const { output } = binding.method;
  const tagged = { ETag: headerReference('ETag'), 'Cache-Control': headerReference('CacheControl') };
  const headers = isConditional(binding) ? { ...answerHeaders, ...tagged } : answerHeaders;
  const answer = {
    description: schemas.comment(output.typeName) ?? output.name,
    headers,
    content: toContent(binding, schemas),
  };
  if (!isConditional(binding)) return { 200: answer };
  return { 200: answer, 304: { description: 'The caller has the answer already: If-None-Match.', headers } };
}

function toContent(binding: RestBinding, schemas: MessageSchemas): Schema {
  const { method, responseField } = binding;
  const kind = responseKind(binding);
  if (kind === 'raw' || kind === 'raw-stream') return { '*/*': { schema: {} } };
  const item = responseField ? schemas.field(responseField) : schemas.message(method.output);
  if (kind === 'stream') return streamContent(method.output, item);
  const example = responseField ? fieldExample(responseField) : messageExample(method.output);
  return { 'application/json': { schema: item, example } };
}

// A schema is of a whole body, which here is text. What one message is, OpenAPI can say from version 3.2 on, as
// itemSchema.
function streamContent(output: DescMessage, item: Schema): Schema {
  const messages = streamExample(output).map((message) => JSON.stringify(message));
  const error = { $ref: '#/components/schemas/Error' };
  const form = (name: 'lines' | 'events', description: string) => {
    const { opening, frame } = jsonFraming(name, String);
    // The frame writes what is given: the text of each message.
    const example = opening + messages.map((message) => frame(message as never)).join('');
    return { schema: { type: 'string', description }, 'x-itemSchema': { anyOf: [item, error] }, example };
  };
  return {
    [ndjson]: form('lines', 'One message a line. An error after the first is the last line, `{"error":…}`.'),
    [eventStream]: form(
      'events',
      'One message an event. An error after the first is an event of type `error`. A comment every 15 seconds ' +
        'where nothing else comes.',
    ),
  };
}
