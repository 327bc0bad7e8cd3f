/** One segment of a path template. */
type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  /** `*`: exactly one segment, not empty. */
  | { readonly kind: 'one' }
  /** `**`: all the rest, even none. Only at the end. */
  | { readonly kind: 'rest' };

/** `{field.path=segments}`: the segments from `start` up to `end`, without the rest where it has none. */
interface TemplateVariable {
  readonly fieldPath: readonly string[];
  readonly start: number;
  readonly end: number;
  /** True for `{a}` and `{a=*}`: the whole value is decoded. Otherwise an encoded slash stays encoded. */
  readonly isSingle: boolean;
}

/** A path template of google.api.http. */
export interface PathTemplate {
  readonly source: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** The custom verb after the last colon. */
  readonly verb: string | undefined;
}

/** A variable's value in a path. */
export interface PathVariable {
  readonly fieldPath: readonly string[];
  readonly value: string;
}

const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const literalPattern = /^(?:[A-Za-z0-9\-._~!$&'()+,;@]|%[0-9A-Fa-f]{2})+$/;

/** Parses `"/" Segments [":" Verb]` as google/api/http.proto defines it. Throws where the template breaks its rules. */
export function parseTemplate(source: string): PathTemplate {
  const fail = (why: string): never => {
    throw new Error(`path template ${JSON.stringify(source)}: ${why}`);
  };
  if (!source.startsWith('/')) return fail('must begin with /');
  const colon = source.lastIndexOf(':');
  const hasVerb = colon > Math.max(source.lastIndexOf('/'), source.lastIndexOf('}'));
  const verb = hasVerb ? source.slice(colon + 1) : undefined;
  if (verb !== undefined && !literalPattern.test(verb)) return fail('the verb is not a literal');
  const segments: TemplateSegment[] = [];
  const variables: TemplateVariable[] = [];
  for (const part of splitOutsideBraces(source.slice(1, hasVerb ? colon : undefined))) {
    if (!part.startsWith('{')) {
      segments.push(toSegment(part) ?? fail(`${JSON.stringify(part)} is not a segment`));
      continue;
    }
    const match = /^\{([^={}]*)(?:=([^{}]+))?\}$/.exec(part);
    if (!match) return fail(`${JSON.stringify(part)} is not a variable`);
    const fieldPath = (match[1] ?? '').split('.');
    if (!fieldPath.every((name) => identifierPattern.test(name))) return fail('bad field path in a variable');
    const start = segments.length;
    for (const inner of (match[2] ?? '*').split('/')) {
      segments.push(toSegment(inner) ?? fail(`${JSON.stringify(inner)} is not a segment`));
    }
    const isSingle = segments.length === start + 1 && segments[start]?.kind !== 'rest';
    variables.push({ fieldPath, start, end: segments.length, isSingle });
  }
  if (segments.slice(0, -1).some(({ kind }) => kind === 'rest')) return fail('** must be the last segment');
  const names = variables.map(({ fieldPath }) => fieldPath.join('.'));
  if (new Set(names).size < names.length) return fail('a variable occurs twice');
  return { source, segments, variables, verb };
}

function toSegment(text: string): TemplateSegment | undefined {
  if (text === '*') return { kind: 'one' };
  if (text === '**') return { kind: 'rest' };
  const decoded = literalPattern.test(text) ? decodeSegment(text) : undefined;
  return decoded === undefined ? undefined : { kind: 'literal', text: decoded };
}

function splitOutsideBraces(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isInside = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '{') isInside = true;
    else if (character === '}') isInside = false;
    else if (character === '/' && !isInside) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/**
 * The values of a template's variables in a path, given as its raw segments; undefined where it does not match.
 * The segments must have sound percent-encoding: see {@link decodeSegment}.
 */
export function matchTemplate(template: PathTemplate, path: readonly string[]): PathVariable[] | undefined {
  const raw = template.verb === undefined ? path : withoutVerb(path, template.verb);
  if (!raw) return undefined;
  const { segments, variables } = template;
  const hasRest = segments.at(-1)?.kind === 'rest';
  if (hasRest ? raw.length < segments.length - 1 : raw.length !== segments.length) return undefined;
  for (let index = 0; index < segments.length; index += 1) {
    const segment = segments[index];
    const text = raw[index];
    if (!segment || segment.kind === 'rest') break;
    if (segment.kind === 'one' && !text) return undefined;
    if (segment.kind === 'literal' && text !== segment.text && decodeSegment(text ?? '') !== segment.text) {
      return undefined;
    }
  }
  return variables.map(({ fieldPath, start, end, isSingle }) => {
    if (isSingle) return { fieldPath, value: decodeSegment(raw[start] ?? '') ?? '' };
    const toTheEnd = hasRest && end === segments.length;
    const parts = raw.slice(start, toTheEnd ? undefined : end);
    return { fieldPath, value: parts.map(decodeKeepingSlashes).join('/') };
  });
}

function withoutVerb(path: readonly string[], verb: string): string[] | undefined {
  const last = path.at(-1) ?? '';
  const suffix = `:${verb}`;
  if (!last.endsWith(suffix)) return undefined;
  return [...path.slice(0, -1), last.slice(0, -suffix.length)];
}

/** The text of a percent-encoded path segment; undefined where the encoding or its UTF-8 is broken. */
export function decodeSegment(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

// In a value of several segments %2F must stay, or it would read as a separator.
function decodeKeepingSlashes(text: string): string {
  return text
    .split(/(%2[Ff])/)
    .map((part, index) => (index % 2 === 1 ? part : (decodeSegment(part) ?? part)))
    .join('');
}
