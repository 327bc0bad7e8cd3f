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
 * The same edits for each build, in this order; what they mend is in docs/adr/0007-mend-the-engine.md.
 *
 * 1. `ListColumn::checkpointColumnChunk`: the elements of lists are never written in place. Instead of asking whether
 *    they may be (a virtual call), the answer is no.
 * 2. `CompressionMetadata::canUpdateInPlace`: a value that is not NULL is never the constant of a constant chunk,
 *    whatever its comparison byte by byte says.
 * 3. `ListChunkData::getListEndOffset`: a list that is NULL ends where it is, not at 0.
 * 4. `ListChunkData::getListStartOffset`: and begins there.
 * 5. `getMinMaxStorageValue`: FLOAT and DOUBLE have no least and greatest value, as STRING has none. The table of its
 *    cases has the one of STRING for both.
 * 6. `checkZoneMapSwitch<double>`, 7. `<float>`: so no rows are passed over by them; these only return ALWAYS_SCAN.
 */
export const engineBuilds: Readonly<Record<string, EngineBuild>> = {
  'linux-x64': {
    sha256: '8c44b972f88693b23cfc0b9b025a4d64f8309d4c33927a2c7a72da8113f22abf',
    edits: [
      // call [rax + 0x58] → xor eax, eax; nop
      { offset: 0x317162, was: 'ff505884c00f85', is: '31c09084c00f85' },
      // jne false → jmp false
      { offset: 0x8e0fef, was: '85c07513', is: '85c0eb13' },
      // jne zero → nop; nop
      { offset: 0x313035, was: '482304ca751d', is: '482304ca9090' },
      { offset: 0x313149, was: '482304ca7531', is: '482304ca9090' },
      { offset: 0x10c4adc, was: 'b8ab81ffe8ab81ff', is: '68a981ff68a981ff' },
      // xor eax, eax; ret
      { offset: 0x918b20, was: '807f2800743a', is: '31c0c300743a' },
      { offset: 0x918c10, was: '807f28007442', is: '31c0c3007442' },
    ],
  },
  'linux-arm64': {
    sha256: 'e89119358c47dc213ff2814eeab99147bf164341b63ff8c3be2d0cef4e84933b',
    edits: [
      // blr x3 → mov w0, #0
      { offset: 0x243c04, was: '60003fd6011c0012', is: '00008052011c0012' },
      // cbnz w0, false → b false
      { offset: 0x75f448, was: '1ee8e79780faff35', is: '1ee8e797d4ffff17' },
      // b.ne zero → nop
      { offset: 0x23fd54, was: '7f0000ea41feff54', is: '7f0000ea1f2003d5' },
      { offset: 0x23fe44, was: '7f0000ea01020054', is: '7f0000ea1f2003d5' },
      { offset: 0xe7170c, was: '94009c00a400ac00', is: '940000000000ac00' },
      // mov w0, #0; ret
      { offset: 0x78f920, was: '03a0403903030036', is: '00008052c0035fd6' },
      { offset: 0x78fa20, was: '03a0403943030036', is: '00008052c0035fd6' },
    ],
  },
};
