import { parseExactJson } from '../api/exact-json.ts';
import { UsageError } from '../failure.ts';

/** Statement parameters by name, as they go into a request. */
export type Parameters = Readonly<Record<string, unknown>>;

/**
 * Adds `name=value` to the parameters. The value is JSON, `{"$type": …}` included, with all of its digits; what is
 * no JSON is a string.
 */
export function addParameter(text: string, previous: Parameters = {}): Parameters {
  const [, name, value] = /^\$?([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`a parameter is name=value, such as --param id=1; ${JSON.stringify(text)} is not`);
  }
  if (Object.hasOwn(previous, name)) throw new UsageError(`the parameter ${name} is given twice`);
  return { ...previous, [name]: parseValue(value) };
}

function parseValue(value: string): unknown {
  try {
    return parseExactJson(value);
  } catch {
    return value;
  }
}
