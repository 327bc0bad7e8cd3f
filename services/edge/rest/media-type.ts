/** One range of an Accept header: `text/event-stream` or `text/*`, lower case, and how much it is wanted (0 to 1). */
interface Weighted {
  readonly name: string;
  readonly quality: number;
}

/** The media type of a Content-Type header, lower case; empty where there is none. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The charset of a Content-Type header, lower case; undefined where it names none. */
export function charset(contentType: string | undefined): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s;"]+)"?/i.exec(contentType ?? '')?.[1]?.toLowerCase();
}

/** True where the client asks for server-sent events by name, and not rather for lines of JSON. */
export function prefersEventStream(accept: string | undefined): boolean {
  const qualities = qualitiesOf(accept);
  const events = qualities.get('text/event-stream') ?? 0;
  return events > 0 && events >= (qualities.get('application/x-ndjson') ?? 0);
}

/** True where the client takes gzip, by name or by `*`. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const qualities = qualitiesOf(acceptEncoding);
  return (qualities.get('gzip') ?? qualities.get('x-gzip') ?? qualities.get('*') ?? 0) > 0;
}

function qualitiesOf(header: string | undefined): ReadonlyMap<string, number> {
  const ranges = (header ?? '').split(',').map(parseWeighted);
  return new Map(ranges.map(({ name, quality }) => [name, quality]));
}

function parseWeighted(text: string): Weighted {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const quality = weight === undefined ? 1 : Number(weight.replace(/^q\s*=\s*/, ''));
  return { name, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
