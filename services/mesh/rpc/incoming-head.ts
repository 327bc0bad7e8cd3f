import type { Fields } from '../http2/stream.ts';
import { headers } from './headers.ts';

/** What the head of a call says that the mesh reads; of repeated fields the first. */
export class IncomingHead {
  method: string | undefined;
  path: string | undefined;
  contentType: string | undefined;
  encoding: string | undefined;
  timeout: string | undefined;
  assertion: string | undefined;
  requestId: string | undefined;
  traceparent: string | undefined;
  clientAddress: string | undefined;

  constructor(fields: Fields) {
    for (let index = 0; index < fields.length; index += 2) {
      this.#take(fields[index] as string, fields[index + 1] as string);
    }
  }

  #take(name: string, value: string): void {
    switch (name) {
      case ':method':
        this.method ??= value;
        break;
      case ':path':
        this.path ??= value;
        break;
      case 'content-type':
        this.contentType ??= value;
        break;
      case 'grpc-encoding':
        this.encoding ??= value;
        break;
      case 'grpc-timeout':
        this.timeout ??= value;
        break;
      case headers.assertion:
        this.assertion ??= value;
        break;
      case headers.requestId:
        this.requestId ??= value;
        break;
      case headers.traceparent:
        this.traceparent ??= value;
        break;
      case headers.clientAddress:
        this.clientAddress ??= value;
    }
  }
}
