import type { IncomingHttpHeaders } from 'node:http';
import type { Fields } from './exchange.ts';

/** Fields that have one value; the first counts. */
const single = new Set(
  `age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since
  last-modified location max-forwards proxy-authorization referer retry-after server user-agent`.split(/\s+/),
);

/** Not null itself: V8 would make a hash table of each object, which takes longer to fill and to read. */
const noFields: object = Object.create(null);

/** Header fields by name; repeated ones joined as Node joins them. */
export function toHeaders(fields: Fields): IncomingHttpHeaders {
  const headers: Record<string, string | string[] | undefined> = Object.create(noFields);
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    const before = headers[name];
    if (before === undefined) headers[name] = name === 'set-cookie' ? [value] : value;
    else if (Array.isArray(before)) before.push(value);
    else if (!single.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}
