/** The media type of a Content-Type header, lower case; empty where there is none. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The charset of a Content-Type header, lower case; undefined where it names none. */
export function charset(contentType: string | undefined): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s;"]+)"?/i.exec(contentType ?? '')?.[1]?.toLowerCase();
}

const compressiblePattern = /^(?:text\/.+|application\/(?:json|x-ndjson|xml|javascript)|.+\+(?:json|xml))$/;

/** True for text and JSON of every kind; what else there is, is mostly compressed already. */
export function isCompressible(contentType: string): boolean {
  return contentType === 'application/json' || compressiblePattern.test(mediaType(contentType));
}

/**
 * How much an Accept header wants a media type, from 0 to 1: what it says of the type itself, else of its group
 * (`text/*`), else of any type. 1 where there is no header.
 */
export function acceptQuality(accept: string | undefined, type: string): number {
  if (accept === undefined || accept === '' || accept === '*/*') return 1;
  const qualities = qualitiesOf(accept);
  const group = type.replace(/\/.*/, '/*');
  return qualities.get(type) ?? qualities.get(group) ?? qualities.get('*/*') ?? 0;
}

/**
 * The form of a stream that the client wants most: where it wants both alike, events if it names them. Undefined where
 * it takes neither.
 */
export function streamForm(accept: string | undefined): 'lines' | 'events' | undefined {
  const [lines, events] = [acceptQuality(accept, ndjson), acceptQuality(accept, eventStream)];
  if (lines === 0 && events === 0) return undefined;
  if (lines !== events) return lines > events ? 'lines' : 'events';
  return qualitiesOf(accept ?? '').has(eventStream) ? 'events' : 'lines';
}

/** The content type of a stream as lines of JSON. */
export const ndjson = 'application/x-ndjson';
/** The content type of a stream as server-sent events. */
export const eventStream = 'text/event-stream';

function qualitiesOf(accept: string): ReadonlyMap<string, number> {
  return new Map(accept.split(',').map(parseRange));
}

function parseRange(text: string): [name: string, quality: number] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const quality = weight === undefined ? 1 : Number(weight.replace(/^q\s*=\s*/, ''));
  return [name, quality >= 0 && quality <= 1 ? quality : 0];
}
