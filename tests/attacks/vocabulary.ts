import type { Vocabulary } from './generate-sentence.ts';

const variables = ['n', 'm', 'e', 'x', 'a', 'load', 'call', '`copy`', 'p'];
const strings = [
  "'a'",
  '"b"',
  "'COPY x'",
  "''",
  '"it\'s"',
  "'\\\\'",
  "'\\''",
  '"\\u00e9"',
  "'x.csv'",
  "'P'",
  "'//'",
  "'/*'",
];

/** What the fuzzer writes where the grammar leaves names open, so that many a sentence also binds. */
export const fuzzVocabulary: Vocabulary = {
  SP: [' ', ' ', ' ', ' ', ' ', ' ', '\n', '\t ', '/**/', '/* a */ ', ' //b\n', '\u00a0', ' /***/ x */'],
  oC_SchemaName: ['P', 'K', '`Copy`', 'P', 'T', 'id'],
  oC_LabelName: ['P', 'P', '`Copy`', 'copy'],
  oC_RelTypeName: ['K'],
  oC_PropertyKeyName: ['id', 'name', 'load', '`use`', 'w'],
  oC_Atom: ['1', '2', 'n', 'x', 'a', "'a'", 'NULL', 'true', 'n.id', '$x', '[1, 2]', 'count(*)', '1.5'],
  oC_Variable: variables,
  oC_FunctionName: [
    ...[
      'upper',
      'size',
      'count',
      'collect',
      'abs',
      '`lower`',
      'range',
      'nextval',
      'list_sum',
      'id',
      'label',
      'map',
    ],
    ...[
      'show_tables',
      'table_info',
      'current_setting',
      'getenv',
      'READ_CSV_SERIAL',
      'PROJECT_GRAPH',
      'storage_info',
    ],
  ],
  oC_SymbolicName: [...variables, 'INT64', 'STRING', 'DOUBLE', 'MAP'],
  StringLiteral: strings,
  DecimalInteger: ['0', '1', '2', '7', '10', '64'],
};
