import type { DescService } from '@bufbuild/protobuf';
import { isReachable, type RestBinding, toBindings } from './binding.ts';
import { decodeSegment, matchTemplate, type PathTemplate, type PathVariable } from './template.ts';

/** What a method and path lead to. */
export type RouteMatch =
  | {
      readonly kind: 'route';
      readonly binding: RestBinding;
      readonly variables: readonly PathVariable[];
      /** The query string without its question mark. */
      readonly query: string;
    }
  /** The path exists; the HTTP method is OPTIONS, or not one of `allow`. */
  | { readonly kind: 'options' | 'not-allowed'; readonly allow: readonly string[] }
  /** The path's percent-encoding is broken. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'not-found' };

/** Finds the binding for an HTTP method and a request target such as `/v1/graphs?pageSize=2`. */
type Router = (httpMethod: string, target: string) => RouteMatch;

/**
 * A router over the reachable methods of the services. Where several templates match, the one that is more literal
 * from the left wins, and one with a verb over one without. Throws where two bindings cannot be told apart.
 */
export function createRouter(services: readonly DescService[]): Router {
  const methods = services.flatMap((service) => service.methods).filter(isReachable);
  const bindings = methods.flatMap(toBindings).sort(compareBindings);
  refuseConflicts(bindings);
  const candidates = bySegments(bindings);
  return (httpMethod, target) => {
    const { path, query } = splitTarget(target);
    if (path === undefined) return { kind: 'not-found' };
    const segments = path.slice(1).split('/');
    if (path.includes('%') && segments.some((segment) => decodeSegment(segment) === undefined)) {
      return { kind: 'malformed' };
    }
    const wanted = httpMethod === 'HEAD' ? 'GET' : httpMethod;
    const allow = new Set<string>();
    for (const binding of candidates(segments.length)) {
      const variables = matchTemplate(binding.template, segments);
      if (!variables) continue;
      if (binding.httpMethod === wanted || binding.httpMethod === '*') {
        return { kind: 'route', binding, variables, query };
      }
      allow.add(binding.httpMethod);
    }
    if (allow.size === 0) return { kind: 'not-found' };
    if (allow.has('GET')) allow.add('HEAD');
    allow.add('OPTIONS');
    return { kind: wanted === 'OPTIONS' ? 'options' : 'not-allowed', allow: [...allow].sort() };
  };
}

// Most templates have a fixed number of segments: only those of a path's length are tried on it.
function bySegments(bindings: readonly RestBinding[]): (count: number) => readonly RestBinding[] {
  const open = bindings.filter(({ template }) => isOpen(template));
  const most = Math.max(0, ...bindings.map(({ template }) => template.segments.length));
  const byCount = Array.from({ length: most + 1 }, (_, count) => {
    return bindings.filter(({ template }) => isOpen(template) || template.segments.length === count);
  });
  return (count) => byCount[count] ?? open;
}

function isOpen({ segments }: PathTemplate): boolean {
  return segments.at(-1)?.kind === 'rest';
}

// A request target is a path with a query, or a whole URL when the client thinks we are a proxy.
function splitTarget(target: string): { readonly path: string | undefined; readonly query: string } {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const [beforeFragment = ''] = local.split('#', 1);
  const mark = beforeFragment.indexOf('?');
  const path = mark === -1 ? beforeFragment : beforeFragment.slice(0, mark);
  return {
    path: path.startsWith('/') ? path : undefined,
    query: mark === -1 ? '' : beforeFragment.slice(mark + 1),
  };
}

const rank = { literal: 'a', one: 'b', rest: 'c' } as const;
// Sorts before all ranks: /a before /a/**.
const end = ' ';

/** Equal for two templates that match the same paths; sorts the more specific first. */
function shape({ segments, verb }: PathTemplate): string {
  const parts = segments.map((segment) => {
    return segment.kind === 'literal' ? `${rank.literal}${segment.text}` : rank[segment.kind];
  });
  return [verb === undefined ? '~' : `:${verb}`, ...parts, end].join('/');
}

function compareBindings(left: RestBinding, right: RestBinding): number {
  const [a, b] = [sortKey(left), sortKey(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortKey(binding: RestBinding): string {
  return `${shape(binding.template)} ${binding.httpMethod === '*' ? '~' : binding.httpMethod}`;
}

function refuseConflicts(sorted: readonly RestBinding[]): void {
  for (const [index, binding] of sorted.entries()) {
    const before = sorted[index - 1];
    if (!before || compareBindings(before, binding) !== 0) continue;
    const names = [before, binding].map(({ method }) => `${method.parent.typeName}.${method.name}`);
    throw new Error(`${binding.httpMethod} ${binding.template.source} leads to both ${names.join(' and ')}`);
  }
}
