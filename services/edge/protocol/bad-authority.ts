import type { HttpRequest, HttpResponse } from '../listener/one-port.ts';

/**
 * Answers a request that does not say which host it is for, or says it in no form that a URL could have: 400. The
 * handlers of RPCs take the host for granted. False for other requests.
 */
export function refuseBadAuthority(request: HttpRequest, response: HttpResponse): boolean {
  const authority = 'authority' in request ? request.authority : request.headers.host;
  if (authority !== undefined && URL.canParse(`http://${authority}`)) return false;
  request.resume();
  response.statusCode = 400;
  response.end();
  return true;
}
