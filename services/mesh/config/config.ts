/** How a setting is read from its text. Throws with what is allowed. */
export type Parse<T> = (text: string) => T;

/** A whole number within bounds. */
export function integer(min: number, max: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new Error(`must be a whole number from ${min} to ${max}`);
  };
}

/** A number more than zero. */
export const positiveNumber: Parse<number> = (text) => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new Error('must be a number more than 0');
};

/** One of a few words. */
export function oneOf<const T extends string>(allowed: readonly T[]): Parse<T> {
  return (text) => {
    const value = allowed.find((word) => word === text);
    if (value !== undefined) return value;
    throw new Error(`must be one of ${allowed.join(', ')}`);
  };
}

/** Any text but none. */
export const text: Parse<string> = (value) => {
  if (value.trim() !== '') return value;
  throw new Error('must not be empty');
};

/** A URL with one of these protocols, such as `postgres:`. */
export function url(...protocols: readonly string[]): Parse<string> {
  return (value) => {
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value;
    throw new Error(`must be a URL that begins with ${protocols.join(' or ')}`);
  };
}

/** The settings of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads one setting; where it is unset or empty, the default holds. A bad value stops the start: the error has its
 * name, its shape and what is allowed, but not the value, which may be a secret.
 */
export function setting<T, D>(env: Environment, name: string, parse: Parse<T>, fallback: D): T | D {
  const value = env[name];
  if (value === undefined || value === '') return fallback;
  try {
    return parse(value);
  } catch (error) {
    throw new ConfigError(`${name} ${(error as Error).message}; it is set to ${shapeOf(value)}`);
  }
}

/** A setting that stops the start. Its message is for the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function shapeOf(value: string): string {
  const kind = /^-?\d+$/.test(value) ? 'digits' : /^[\w.-]+$/.test(value) ? 'a word' : 'a text';
  return `${kind} of ${value.length} characters`;
}
