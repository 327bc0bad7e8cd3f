import { fromBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * Comments of a contract by the full name of what they describe: `trellis.graph.v1.GraphService.Query`,
 * `trellis.graph.v1.QueryRequest.statement`, `trellis.graph.v1.GraphState.GRAPH_STATE_ACTIVE`.
 */
export type Comments = ReadonlyMap<string, string>;

/** The comments in a google.protobuf.FileDescriptorSet with source info, as `buf build` writes it. */
export function commentsFromDescriptorSet(bytes: Uint8Array): Comments {
  const comments = new Map<string, string>();
  for (const file of fromBinary(FileDescriptorSetSchema, bytes).file) {
    const names = namesByPath(file);
    for (const { path, leadingComments } of file.sourceCodeInfo?.location ?? []) {
      const name = names.get(path.join('.'));
      if (name !== undefined && leadingComments) comments.set(name, unwrap(leadingComments));
    }
  }
  return comments;
}

// Lines that were broken to fit the file become paragraphs again; a line like `Errors: …` stays one.
function unwrap(comment: string): string {
  const lines = comment.split('\n').map((line) => line.trim());
  return lines
    .join('\n')
    .trim()
    .replace(/\n(?![\n]|[A-Z][a-z]+: )/g, ' ')
    .replace(/ *\n */g, '\n');
}

// The numbers are those of the fields of descriptor.proto.
function namesByPath(file: FileDescriptorProto): Map<string, string> {
  const names = new Map<string, string>();
  const prefix = file.package === '' ? '' : `${file.package}.`;
  for (const [index, message] of file.messageType.entries()) addMessage(names, message, `4.${index}`, prefix);
  for (const [index, each] of file.enumType.entries()) addEnum(names, each, `5.${index}`, prefix);
  for (const [index, service] of file.service.entries()) {
    names.set(`6.${index}`, `${prefix}${service.name}`);
    for (const [at, method] of service.method.entries()) {
      names.set(`6.${index}.2.${at}`, `${prefix}${service.name}.${method.name}`);
    }
  }
  return names;
}

function addMessage(
  names: Map<string, string>,
  message: DescriptorProto,
  path: string,
  prefix: string,
): void {
  const name = `${prefix}${message.name}`;
  names.set(path, name);
  for (const [index, field] of message.field.entries())
    names.set(`${path}.2.${index}`, `${name}.${field.name}`);
  for (const [index, nested] of message.nestedType.entries()) {
    addMessage(names, nested, `${path}.3.${index}`, `${name}.`);
  }
  for (const [index, nested] of message.enumType.entries())
    addEnum(names, nested, `${path}.4.${index}`, `${name}.`);
}

function addEnum(names: Map<string, string>, desc: EnumDescriptorProto, path: string, prefix: string): void {
  names.set(path, `${prefix}${desc.name}`);
  for (const [index, value] of desc.value.entries()) {
    names.set(`${path}.2.${index}`, `${prefix}${desc.name}.${value.name}`);
  }
}
