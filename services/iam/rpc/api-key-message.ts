import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ApiKeySchema } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import type { NewApiKey } from '../store/api-key-store.ts';

/** A stored key as the contract shows it: without anything of its secret. */
export function toApiKeyMessage(key: NewApiKey): MessageInitShape<typeof ApiKeySchema> {
  return {
    apiKeyId: key.apiKeyId,
    displayName: key.displayName,
    graphIds: [...key.graphIds],
    createTime: timestampFromDate(key.createTime),
    ...(key.expireTime && { expireTime: timestampFromDate(key.expireTime) }),
  };
}
