import source from 'world-countries/countries.json' with { type: 'json' };
import type { Cell } from './csv.ts';

/** What the demo reads of a country in the npm package world-countries (ODbL 1.0). */
export interface Country {
  readonly cca3: string;
  readonly name: { readonly common: string; readonly official: string };
  readonly capital: readonly string[];
  /** Square kilometres; -1 where not known. */
  readonly area: number;
  readonly landlocked: boolean;
  /** Null where it is disputed. */
  readonly independent: boolean | null;
  readonly latlng: readonly number[];
  readonly flag: string;
  readonly region: string;
  /** Empty where the region has no parts. */
  readonly subregion: string;
  readonly borders: readonly string[];
  readonly languages: Readonly<Record<string, string>>;
  readonly currencies: Readonly<Record<string, { readonly name: string; readonly symbol: string }>>;
}

/** The rows of one table of the graph. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The pair of node tables, for a relationship table that connects several. */
  readonly ends?: { readonly from: string; readonly to: string };
}

/** The statements that make the tables of the demo. */
export const schema: readonly string[] = [
  `CREATE NODE TABLE Country(code STRING PRIMARY KEY, name STRING, officialName STRING, capitals STRING[],
   areaKm2 DOUBLE, landlocked BOOL, independent BOOL, location DOUBLE[2], flag STRING)`,
  'CREATE NODE TABLE Region(name STRING PRIMARY KEY)',
  'CREATE NODE TABLE Subregion(name STRING PRIMARY KEY)',
  'CREATE NODE TABLE Language(code STRING PRIMARY KEY, name STRING)',
  'CREATE NODE TABLE Currency(code STRING PRIMARY KEY, name STRING, symbol STRING)',
  'CREATE REL TABLE BORDERS(FROM Country TO Country)',
  'CREATE REL TABLE SPEAKS(FROM Country TO Language)',
  'CREATE REL TABLE USES(FROM Country TO Currency)',
  `CREATE REL TABLE PART_OF(FROM Country TO Subregion, FROM Country TO Region, FROM Subregion TO Region)`,
];

/** The countries as the package has them. */
export function readCountries(): readonly Country[] {
  return source as readonly Country[];
}

/** The rows of every table, node tables first: a relationship needs its ends. */
export function toTables(countries: readonly Country[]): readonly TableRows[] {
  const pairs = (from: string, to: string) => ({ columns: ['from', 'to'], ends: { from, to } });
  const withParts = countries.filter(({ subregion }) => subregion !== '');
  const withoutParts = countries.filter(({ subregion }) => subregion === '');
  const subregions = new Map(withParts.map(({ subregion, region }) => [subregion, region]));
  const regions = new Set(countries.map(({ region }) => region));
  return [
    { table: 'Country', columns: countryColumns, rows: countries.map(toCountryRow) },
    { table: 'Region', columns: ['name'], rows: [...regions].map((name) => [name]) },
    { table: 'Subregion', columns: ['name'], rows: [...subregions.keys()].map((name) => [name]) },
    { table: 'Language', columns: ['code', 'name'], rows: languageRows(countries) },
    { table: 'Currency', columns: ['code', 'name', 'symbol'], rows: currencyRows(countries) },
    { table: 'BORDERS', columns: ['from', 'to'], rows: links(countries, ({ borders }) => borders) },
    {
      table: 'SPEAKS',
      columns: ['from', 'to'],
      rows: links(countries, ({ languages }) => Object.keys(languages)),
    },
    {
      table: 'USES',
      columns: ['from', 'to'],
      rows: links(countries, ({ currencies }) => Object.keys(currencies)),
    },
    {
      table: 'PART_OF',
      ...pairs('Country', 'Subregion'),
      rows: links(withParts, ({ subregion }) => [subregion]),
    },
    { table: 'PART_OF', ...pairs('Country', 'Region'), rows: links(withoutParts, ({ region }) => [region]) },
    { table: 'PART_OF', ...pairs('Subregion', 'Region'), rows: [...subregions] },
  ];
}

const countryColumns = [
  'code',
  'name',
  'officialName',
  'capitals',
  'areaKm2',
  'landlocked',
  'independent',
  'location',
  'flag',
];

function toCountryRow(country: Country): readonly Cell[] {
  const { cca3, name, capital, area, landlocked, independent, latlng, flag } = country;
  const areaKm2 = area < 0 ? null : area;
  return [cca3, name.common, name.official, capital, areaKm2, landlocked, independent, latlng, flag];
}

function links(countries: readonly Country[], toCodes: (country: Country) => readonly string[]) {
  return countries.flatMap((country) => toCodes(country).map((code) => [country.cca3, code]));
}

function languageRows(countries: readonly Country[]): readonly (readonly Cell[])[] {
  const named = countries.flatMap(({ languages }) =>
    Object.entries(languages).map(([code, name]) => ({ code, name })),
  );
  return byCode(named).map(({ code, name }) => [code, name]);
}

function currencyRows(countries: readonly Country[]): readonly (readonly Cell[])[] {
  const named = countries.flatMap(({ currencies }) =>
    Object.entries(currencies).map(([code, currency]) => ({ code, ...currency })),
  );
  return byCode(named).map(({ code, name, symbol }) => [code, name, symbol]);
}

/**
 * One of each code. Countries may name the same code differently ("krone", "Norwegian krone"): what most say counts,
 * and between equals the last in the alphabet.
 */
function byCode<T extends { readonly code: string; readonly name: string }>(
  named: readonly T[],
): readonly T[] {
  const chosen = [...Map.groupBy(named, ({ code }) => code).values()].map((same) => {
    const votes = Map.groupBy(same, ({ name }) => name);
    const ranked = [...votes.values()].sort(
      ([a, ...moreA], [b, ...moreB]) =>
        moreB.length - moreA.length || (b?.name ?? '').localeCompare(a?.name ?? '', 'en'),
    );
    return ranked.flat().slice(0, 1);
  });
  return chosen.flat();
}
