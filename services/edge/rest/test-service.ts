import { create, createFileRegistry, type DescService, setExtension } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Type as FieldType,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { http } from '../../../gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../../gen/google/api/http_pb.js';
import { file_google_api_httpbody } from '../../../gen/google/api/httpbody_pb.js';
import {
  Access,
  MethodPolicySchema,
  method as methodOption,
} from '../../../gen/trellis/policy/v1/policy_pb.js';

type Rule = Parameters<typeof create<typeof HttpRuleSchema>>[1];

export interface TestMethod {
  readonly name: string;
  readonly rule: Rule;
  readonly input?: string;
  readonly output?: string;
  readonly givesStream?: boolean;
  readonly access?: Access;
}

const item = '.test.Item';

/**
 * A service for forms that no method of the contract has. Its methods take and give test.Item {string name; repeated
 * string tags; google.api.HttpBody file; test.Item inner; int32 size}, unless they say otherwise. For tests.
 */
export function createTestService(methods: readonly TestMethod[]): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: 'test.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['google/api/httpbody.proto'],
    messageType: [
      {
        name: 'Item',
        field: [
          { name: 'name', jsonName: 'name', number: 1, type: FieldType.STRING, label: 1 },
          { name: 'tags', jsonName: 'tags', number: 2, type: FieldType.STRING, label: 3 },
          {
            name: 'file',
            jsonName: 'file',
            number: 3,
            type: FieldType.MESSAGE,
            typeName: '.google.api.HttpBody',
            label: 1,
          },
          { name: 'inner', jsonName: 'inner', number: 4, type: FieldType.MESSAGE, typeName: item, label: 1 },
          { name: 'size', jsonName: 'size', number: 5, type: FieldType.INT32, label: 1 },
        ],
      },
    ],
    service: [
      {
        name: 'TestService',
        method: methods.map(({ name, rule, input = item, output = item, givesStream, access }) => {
          const options = create(MethodOptionsSchema);
          setExtension(options, http, create(HttpRuleSchema, rule));
          setExtension(
            options,
            methodOption,
            create(MethodPolicySchema, { access: access ?? Access.PUBLIC }),
          );
          return {
            name,
            inputType: input,
            outputType: output,
            serverStreaming: givesStream === true,
            options,
          };
        }),
      },
    ],
  });
  const known = [file_google_api_httpbody, file_google_protobuf_any];
  const protos = new Map(known.map(({ proto }) => [proto.name, proto]));
  const service = createFileRegistry(file, (name) => protos.get(name)).getService('test.TestService');
  if (!service) throw new Error('the test service has no descriptor');
  return service;
}
