/** Bytes of an engine that are written anew, in hexadecimal, with what has to stand there before. */
interface Edit {
  readonly offset: number;
  readonly was: string;
  readonly is: string;
}

/** A build of Kuzu 0.11.3 as npm delivers it, and how it is mended. */
export interface EngineBuild {
  readonly sha256: string;
  readonly edits: readonly Edit[];
}

/**
 * All mend `CompressionMetadata::canUpdateInPlace`, which decides whether a checkpoint may write values into a column
 * chunk as it is. Of a constant chunk it asks whether the new values are the constant, byte by byte, and is wrong for
 * values of no bytes (the elements of a list of lists, structs or maps: any is "the same" as none) and for FLOAT (it
 * compares with the constant as a DOUBLE: 0.0 is "the same" as 1.0). The first edit of each lets the answer be no for
 * the former, the second for every value that is not NULL: the chunk is then written anew, as other chunks are.
 */
export const engineBuilds: Readonly<Record<string, EngineBuild>> = {
  'linux-x64': {
    sha256: '8c44b972f88693b23cfc0b9b025a4d64f8309d4c33927a2c7a72da8113f22abf',
    edits: [
      // cmp al, 2; jbe true → jbe false: LIST, ARRAY and STRUCT
      { offset: 0x8e0f84, was: '3c027678', is: '3c02767e' },
      // test eax, eax; jne false → jmp false
      { offset: 0x8e0fef, was: '85c07513', is: '85c0eb13' },
    ],
  },
  'linux-arm64': {
    sha256: 'e89119358c47dc213ff2814eeab99147bf164341b63ff8c3be2d0cef4e84933b',
    edits: [
      // ccmp w25, 20; b.eq true → b.eq false: LIST, ARRAY, STRUCT and STRING, whose columns do not ask
      { offset: 0x75f400, was: '248b547aa0fcff54', is: '248b547ac0fcff54' },
      // bl memcmp; cbnz w0, false → b false
      { offset: 0x75f448, was: '1ee8e79780faff35', is: '1ee8e797d4ffff17' },
    ],
  },
};
