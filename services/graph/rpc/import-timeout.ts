/** How much longer than a query an import may take. */
export const importTimeoutFactor = 10;
